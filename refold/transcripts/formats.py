"""
The formats that can be read, and finding out which one a file has.

A file is known by its first bytes and the names in its first object, never by its own name.
"""

import re
from collections.abc import Mapping, Sequence
from typing import IO

import msgspec
from msgspec import Raw

from refold.engine.errors import RefoldError
from refold.engine.text_marks import without_bom
from refold.transcripts import (
    atif,
    chat,
    claude_code,
    harbor,
    inspect_logs,
    nemo_gym,
    swe_agent,
    tau2_results,
    verifiers_traces,
)
from refold.transcripts.reading import LONGEST_LINE
from refold.transcripts.sources import Format

REFOLD = "refold"
"""Name of refold's own export, which is no transcript."""

FORMATS: Mapping[str, Format] = {
    "atif": atif.pieces,
    "chat": chat.pieces,
    "claude-code": claude_code.pieces,
    "harbor": harbor.pieces,
    "inspect": inspect_logs.pieces,
    "nemo-gym": nemo_gym.pieces,
    "swe-agent": swe_agent.pieces,
    "tau2": tau2_results.pieces,
    "verifiers": verifiers_traces.pieces,
}
"""What reads the files of each format, by name."""

_HEAD = 2**20
_MARKS: Sequence[tuple[str, frozenset[str]]] = (
    (REFOLD, frozenset({"type", "digest", "events"})),  # an altered header: told as such
    ("nemo-gym", frozenset({"responses_create_params", "response"})),
    ("verifiers", frozenset({"nodes", "rewards"})),
    ("verifiers", frozenset({"prompt", "completion", "reward"})),
    ("atif", frozenset({"schema_version", "agent", "steps"})),
    ("tau2", frozenset({"info", "tasks", "simulations"})),
    ("inspect", frozenset({"version", "eval"})),
    ("harbor", frozenset({"task_name", "trial_name", "agent_info"})),
    ("claude-code", frozenset({"sessionId", "type"})),
    ("swe-agent", frozenset({"trajectory"})),
    ("swe-agent", frozenset({"history"})),
    ("chat", frozenset({"messages"})),
)
_OWN = re.compile(rb'\{\s*"type"\s*:\s*"(?:episode|remark)"')
_TOKEN = re.compile(rb'"(?P<key>(?:[^"\\]|\\.)*+)"(?P<colon>\s*:)?|[{}\[\]]')


def find_format(file: IO[bytes], name: str) -> str:
    """
    Return the name of the format of *file*, which is at its beginning, and leave it there.

    Raises:
        RefoldError: It is none of them, or UTF-16; *name* is what the error calls the file.
    """
    head = without_bom(file.read(_HEAD), name).lstrip()
    file.seek(0)
    if head.startswith(b"PK"):
        return "inspect"
    if _OWN.match(head):
        return REFOLD
    names = _names(head, file)
    for found, marks in _MARKS:
        if marks <= names:
            return found
    if not head:
        return REFOLD
    raise RefoldError(
        f"{name} line 1: expected the header of an exported episode, or a file of another known "
        "format, got neither; see `import --help`"
    )


def _names(head: bytes, file: IO[bytes]) -> frozenset[str]:
    """Return the names in the first object: that of a line, or of the whole file."""
    line = head.split(b"\n", 1)[0]
    if len(line) == len(head) == _HEAD:
        line = file.readline(LONGEST_LINE)
        file.seek(0)
    for data in (line, head):
        try:
            return frozenset(msgspec.json.decode(data, type=dict[str, Raw]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
    return _top_names(head)


def _top_names(head: bytes) -> frozenset[str]:
    """Return the names at the top of an object of which *head* is only the beginning."""
    found, depth = set(), 0
    for token in _TOKEN.finditer(head):
        if token["key"] is None:
            letter = head[token.start() : token.start() + 1]
            depth += (letter in b"{[") - (letter in b"}]")
        elif token["colon"] and depth == 1:
            found.add(token["key"].decode("utf-8", "replace"))
    return frozenset(found)
