"""
The formats that episodes can be exported in, by how their files are laid out.

Beside those here, ``inspect`` and ``parquet`` put all episodes into one archive or folder.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from attrs import frozen

from refold.transcripts.exports.atif import atif_document
from refold.transcripts.exports.chat import chat_line
from refold.transcripts.exports.otlp import otlp_line
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.session_trace import session_trace

Write = Callable[[Run], tuple[bytes, Counter[str]]]
"""Returns the bytes of a run, and how often each of its fields has no place in the format."""


@frozen
class FileFormat:
    """
    A format of which each episode is a file of its own.

    Attributes:
        write: Makes a file.
        suffix: What the file's name ends with.
    """

    write: Write
    suffix: str


LINES: Mapping[str, Write] = {"chat": chat_line, "otel": otlp_line}
"""Formats of which each episode is a line."""

FILES: Mapping[str, FileFormat] = {
    "atif": FileFormat(atif_document, ".trajectory.json"),
    "sts": FileFormat(session_trace, ".jsonl"),
}
"""Formats of which each episode is a file."""

ARCHIVE = "inspect"
TABLES = "parquet"
NAMES = sorted((*LINES, *FILES, ARCHIVE, TABLES))
"""Names of all formats."""

KEPT_IN: Mapping[str, str] = {"atif": "extra.refold", "inspect": "metadata.refold"}
"""Where a format keeps what it has no field for, so that an import finds it."""
