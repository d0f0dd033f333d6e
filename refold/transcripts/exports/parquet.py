"""The views for people who query, as Parquet files: tables that need no log."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby, islice
from typing import IO, Any

from refold.engine import EventLog, RefoldError
from refold.engine.log.database import read_columns
from refold.engine.log.file import sqlite_errors
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.unheld import fields_beyond
from refold.transcripts.exports.watched import NOTES

VIEWS: Mapping[str, tuple[str, ...]] = {
    "episodes": ("episode_list",),
    "model_calls": ("model_call_list", "seq"),
    "messages": ("message_list", "seq", "place"),
    "tool_calls": ("tool_call_list", "seq", "place"),
}
"""View behind each table, and the order of its rows in an episode."""

_READ = 20
"""Episodes that are read together."""
_GROUP = 32 * 2**20
"""Bytes of a table that are written together, at least."""
_HELD = (
    *("benchmark", "agent", "seed", "started", "ended", "reward", "how", "reason"),
    *("scores[].name", "scores[].value", "turns[].content", "turns[].calls", "turns[].model"),
    *("turns[].finish", "turns[].usage", "turns[].message.role", "turns[].message.content"),
    *("turns[].message.tool_calls", f"turns[].info.{NOTES}.ms"),
    *(
        f"{place}[].{name}"
        for place in ("beginning", "turns[].answer")
        for name in ("role", "content", "name", "tool_call_id")
    ),
)


def fields_left(run: Run) -> Counter[str]:
    """Return how often each field of *run* is in no table."""
    return fields_beyond(run.trial, _HELD)


def write_tables(log: EventLog, ids: Iterable[str], files: Mapping[str, IO[bytes]]) -> None:
    """
    Write what the views of *log* hold of the episodes *ids*, each to the file of its name.

    Memory does not grow with the number of episodes.

    Raises:
        RefoldError: pyarrow is not installed.
    """
    pyarrow, parquet = load_library()
    with ExitStack() as stack:
        writers: dict[str, Any] = {}
        waiting: dict[str, list[Any]] = {name: [] for name in VIEWS}
        for name, table in _tables(pyarrow, log, ids):
            if name not in writers:
                made = parquet.ParquetWriter(files[name], table.schema)
                writers[name] = stack.enter_context(made)
            waiting[name].append(table)
            if sum(each.nbytes for each in waiting[name]) > _GROUP:
                writers[name].write_table(pyarrow.concat_tables(waiting[name]))
                waiting[name] = []
        for name, rest in waiting.items():
            if rest:
                writers[name].write_table(pyarrow.concat_tables(rest))


def _tables(pyarrow: Any, log: EventLog, ids: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and rows of each table, for some episodes after the other; at least for none."""
    for file, some in _batches(log, ids):
        for name, (view, *order) in VIEWS.items():
            yield name, _read_table(pyarrow, file, view, order, some)


def _batches(log: EventLog, ids: Iterable[str]) -> Iterator[tuple[EventLog, Sequence[str]]]:
    """Yield some of *ids* after the other with the file that holds them; at first none."""
    yield log.parts[0], ()
    for file, held in groupby(ids, key=log.holder):
        while some := list(islice(held, _READ)):
            yield file or log.parts[0], some


def _read_table(
    pyarrow: Any, log: EventLog, view: str, order: Sequence[str], ids: Sequence[str]
) -> Any:
    begun = "(SELECT id FROM episodes WHERE uid = episode)"
    query = (
        f"SELECT * FROM {view} WHERE episode IN ({', '.join('?' * len(ids))})"
        f" ORDER BY {', '.join((begun, *order))}"
    )
    with sqlite_errors(log.path):
        columns = read_columns(log.database, query, ids)
    types = {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "real": pyarrow.float64(),
        "time": pyarrow.timestamp("ms", tz="UTC"),
    }
    arrays = [pyarrow.array(values, type=types[kind]) for kind, values in columns.values()]
    return pyarrow.Table.from_arrays(arrays, names=list(columns))


def load_library() -> tuple[Any, Any]:
    """Return the modules ``pyarrow`` and ``pyarrow.parquet``; raises RefoldError without them."""
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise RefoldError(
            "--as parquet: expected pyarrow to be installed, got none; "
            "pip install 'refold[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet
