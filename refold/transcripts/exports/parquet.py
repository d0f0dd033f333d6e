"""Tables as Parquet files: rows are written in groups, so that memory does not grow with them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import IO, Any

from refold.engine import RefoldError
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.tables import COLUMNS, Kind, Row, rows

_GROUP = 5000
"""Rows that are written together."""
_LARGEST_INTEGER = 2**63 - 1
_LARGEST_GROUP = 32 * 2**20  # letters, as one message may be long


class _Table:
    """Writes the rows of one table."""

    def __init__(self, pyarrow: Any, writer: Any, columns: Mapping[str, Kind]) -> None:
        self._pyarrow = pyarrow
        self._writer = writer
        self._kinds = list(columns.values())
        self._rows: list[Row] = []
        self._letters = 0

    def add(self, found: Iterable[Row]) -> None:
        """Add the rows *found*."""
        for row in found:
            self._rows.append(row)
            self._letters += sum(len(each) for each in row if isinstance(each, str))
            if len(self._rows) == _GROUP or self._letters > _LARGEST_GROUP:
                self.flush()

    def flush(self) -> None:
        """Write the rows that are not written yet."""
        schema = self._writer.schema
        values: list[Any] = [list(each) for each in zip(*self._rows, strict=True)]
        values = values or [[] for _ in schema]
        arrays = [
            self._pyarrow.array(map(partial(_value, kind), column), type=field.type)
            for column, kind, field in zip(values, self._kinds, schema, strict=True)
        ]
        self._writer.write_table(self._pyarrow.Table.from_arrays(arrays, schema=schema))
        self._rows, self._letters = [], 0


def _value(kind: Kind, value: Any) -> Any:
    if kind == "time" and value is not None:
        return datetime.fromisoformat(value)
    if kind == "integer" and value is not None and abs(value) > _LARGEST_INTEGER:
        return None  # a count that nobody can have counted
    return value


def write_tables(runs: Iterable[Run], files: Mapping[str, IO[bytes]]) -> None:
    """
    Write the tables of *runs*, each to the file of its name in *files*.

    Raises:
        RefoldError: pyarrow is not installed.
    """
    pyarrow, parquet = _library()
    tables = {}
    writers = []
    for name, columns in COLUMNS.items():
        fields = [(column, _type(pyarrow, kind)) for column, kind in columns.items()]
        writers.append(parquet.ParquetWriter(files[name], pyarrow.schema(fields)))
        tables[name] = _Table(pyarrow, writers[-1], columns)
    for run in runs:
        for name, found in rows(run).items():
            tables[name].add(found)
    for table in tables.values():
        table.flush()
    for writer in writers:
        writer.close()


def _library() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - an extra
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise RefoldError(
            "--as parquet: expected pyarrow to be installed, got none; "
            "pip install 'refold[parquet]'"
        ) from None
    return pyarrow, pyarrow.parquet


def _type(pyarrow: Any, kind: Kind) -> Any:
    return {
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "real": pyarrow.float64(),
        "time": pyarrow.timestamp("ms", tz="UTC"),
        "truth": pyarrow.bool_(),
    }[kind]
