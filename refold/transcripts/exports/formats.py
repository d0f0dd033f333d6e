"""
What writes a run in each format that has a line or a file for it.

Beside these, ``inspect`` and ``parquet`` put all runs into one archive, or one folder.
"""

from collections import Counter
from collections.abc import Callable, Mapping

from refold.transcripts.exports.atif import atif_document
from refold.transcripts.exports.chat import chat_line
from refold.transcripts.exports.otlp import otlp_line
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.session_trace import session_file

Write = Callable[[Run], tuple[bytes, Counter[str]]]
"""Returns the bytes of a run, and how often each of its fields has no place in the format."""

WRITERS: Mapping[str, Write] = {
    "atif": atif_document,
    "chat": chat_line,
    "otel": otlp_line,
    "sts": session_file,
}
"""By the format's name."""

SUFFIXES: Mapping[str, str] = {"atif": ".trajectory.json", "sts": ".jsonl"}
"""What names of files end with, by format."""
