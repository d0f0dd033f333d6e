"""
A log as data frames, of pandas or polars: the views for people who query, with their types.

Nothing is computed here: each frame is a view of the log, row by row.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from refold.engine import EventLog, RefoldError
from refold.engine.log.database import Columns, read_columns
from refold.engine.log.file import sqlite_errors

Library = Literal["pandas", "polars"]


def read(log: EventLog | str | Path, *, using: Library | None = None) -> "Frames":
    """
    Return the data frames of *log*, each read when it is first asked for.

    Args:
        log: A log, or the path of one.
        using: Whose data frames; None for pandas or else polars, whichever is installed.

    Raises:
        RefoldError: The library is not installed, or there is no such log.
    """
    library = _find_library(using)
    if not isinstance(log, EventLog):
        EventLog(log, readonly=True).close()  # what is wrong with it is told now
    return Frames(log, _MAKERS[library])


def _find_library(using: str | None) -> Library:
    known: tuple[Library, ...] = ("pandas", "polars")
    if using is not None and using not in known:
        raise RefoldError(f"using: expected 'pandas' or 'polars', got {using!r}")
    wanted = [each for each in known if using in (None, each)]
    for each in wanted:
        if find_spec(each) is not None:
            return each
    raise RefoldError(
        f"data frames: expected {' or '.join(wanted)} to be installed; "
        f"{' or '.join(f'`pip install {each}`' for each in wanted)}"
    )


class Frames:
    """
    The data frames of a log; ``docs/query.md`` lists their columns.

    Episodes are in the order in which they began, and what is in an episode in the order of the
    episode. Numbers are integers or floats, times have the time zone UTC, missing values are null;
    texts that hold JSON stay texts.
    """

    def __init__(self, log: EventLog | str | Path, make: Callable[[Columns], Any]) -> None:
        self._log = log
        self._make = make

    def __repr__(self) -> str:
        path = self._log.path if isinstance(self._log, EventLog) else self._log
        frames = "episodes, steps, model_calls, messages, tool_calls, grades, labels"
        return f"<Frames of {path}: {frames}>"

    @cached_property
    def episodes(self) -> Any:
        """A row for each episode: what was played, how it ended, its scores, its tokens."""
        return self._read("episode_list")

    @cached_property
    def steps(self) -> Any:
        """A row for each step: its action and its reward."""
        return self._read("step_list", "step")

    @cached_property
    def model_calls(self) -> Any:
        """A row for each request to a model: its reply, tokens, cost and time."""
        return self._read("model_call_list", "seq")

    @cached_property
    def messages(self) -> Any:
        """A row for each message of the conversations."""
        return self._read("message_list", "seq", "place")

    @cached_property
    def tool_calls(self) -> Any:
        """A row for each tool call, or action of the rules, with its result and error."""
        return self._read("tool_call_list", "seq", "place")

    @cached_property
    def grades(self) -> Any:
        """A row for each saved grade."""
        return self._read("grade_list", "rubric", "version")

    @cached_property
    def labels(self) -> Any:
        """A row for each label, tag and note that counts."""
        return self._read("label_list", "labelled_at")

    def _read(self, view: str, *order: str) -> Any:
        begun = "(SELECT id FROM episodes WHERE uid = episode)"
        with self._opened() as log, sqlite_errors(log.path):
            query = f"SELECT * FROM {view} ORDER BY {', '.join((begun, *order))}"
            return self._make(read_columns(log.database, query))

    @contextmanager
    def _opened(self) -> Iterator[EventLog]:
        if isinstance(self._log, EventLog):
            yield self._log
        else:
            with EventLog(self._log, readonly=True) as log:
                yield log


def _pandas_frame(columns: Columns) -> Any:
    import pandas  # noqa: PLC0415 - need not be installed

    types = {
        "text": "string",
        "integer": "Int64",  # which has nulls, where int64 has none
        "real": "float64",
        "time": "datetime64[ms, UTC]",
    }
    made = {name: pandas.Series(each, dtype=types[kind]) for name, (kind, each) in columns.items()}
    return pandas.DataFrame(made)


def _polars_frame(columns: Columns) -> Any:
    import polars  # noqa: PLC0415 - need not be installed

    types = {
        "text": polars.String,
        "integer": polars.Int64,
        "real": polars.Float64,
        "time": polars.Datetime("ms", "UTC"),
    }
    return polars.DataFrame(
        [polars.Series(name, each, dtype=types[kind]) for name, (kind, each) in columns.items()]
    )


_MAKERS: Mapping[Library, Callable[[Columns], Any]] = {
    "pandas": _pandas_frame,
    "polars": _polars_frame,
}
