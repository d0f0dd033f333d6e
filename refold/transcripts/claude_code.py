"""
Sessions of Claude Code: JSON Lines, a message on each line, several sessions in a file.

What the model says at once may stand on several lines with one message id: it is one turn. Side
chains, which are conversations of subagents, are sessions of their own.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.transcripts.messages import read_turn, read_usage
from refold.transcripts.reading import decode_line, fit, read_lines, rest
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Message, Trial

_MOST_LINES = 200_000
_OF_THE_MACHINE = ("cwd", "gitBranch", "userType", "parentUuid", "uuid", "slug", "requestId")


class _Message(Struct):
    role: str
    content: str | list[Any] | None = None
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


class _Line(Struct):
    type: str
    sessionId: str = ""  # noqa: N815 - the format's own name
    isSidechain: bool = False  # noqa: N815
    message: dict[str, Any] | None = None
    timestamp: str | None = None
    version: str | None = None


_Read = tuple[str, _Line, dict[str, Any]]


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of a file, one for each run of lines of one session."""
    group: list[_Read] = []
    for place, line in read_lines(source.file, source.name):
        try:
            read = _read_line(place, line, source.name)
        except RefoldError as error:
            yield Piece(place, partial(_fail, error))
            continue
        if group and _session(read) != _session(group[0]):
            yield _piece(group, source.name)
            group = []
        group.append(read)
    if group:
        yield _piece(group, source.name)


def _fail(error: RefoldError) -> list[Trial]:
    raise error


def _session(read: _Read) -> tuple[str, bool]:
    return read[1].sessionId, read[1].isSidechain


def _piece(group: list[_Read], name: str) -> Piece:
    version = next((line.version for _, line, _ in group if line.version), "")
    return Piece(group[0][0], partial(_read_session, group, name), version)


def _read_line(place: str, line: bytes | None, name: str) -> _Read:
    where = f"{name} {place}"
    given = decode_line(line, where)
    told = fit(given, _Line, where)
    return place, told, rest(given, _Line)


def _read_session(group: list[_Read], name: str) -> list[Trial]:
    if len(group) > _MOST_LINES:
        raise RefoldError(f"{name}: expected at most {_MOST_LINES} lines a session, got more")
    first = group[0][1]
    trial = Trial("claude-code", agent="claude-code")
    trial.info = {"sessionId": first.sessionId, "isSidechain": first.isSidechain}
    said: Message = {}
    for place, line, more in group:
        trial.started = trial.started or line.timestamp
        trial.ended = line.timestamp or trial.ended
        for key, value in more.items():
            trial.leave(("" if key in _OF_THE_MACHINE else "lines[].") + key, value)
        if line.message is None:
            trial.leave(f"lines of type {line.type}", line.type)
            continue
        said = _add(trial, line.message, said, f"{name} {place}")
    if not trial.turns and not trial.beginning:
        return []
    return [trial]


def _add(trial: Trial, given: Message, said: Message, where: str) -> Message:
    """Add the message *given*; *said* is the model's last one, to which it may belong."""
    told = fit(given, _Message, where)
    if told.role != "assistant":
        for message in _heard(told):
            trial.hear(message)
        return {}
    if said and told.id and said.get("id") == told.id and isinstance(told.content, list):
        trial.turns.pop()
        given = {**given, "content": [*said["content"], *told.content]}
    else:
        given = {**given, "content": _parts(told.content)}
    kept = rest(given, _Message)
    kept.pop("type", None)
    content = _simple(given["content"])
    turn = read_turn({"role": "assistant", "content": content, **kept}, where)
    turn.model, turn.finish = told.model or "", told.stop_reason
    turn.usage = read_usage(told.usage)
    trial.turns.append(turn)
    return given


def _parts(content: str | list[Any] | None) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _simple(content: Any) -> Any:
    one = content[0] if isinstance(content, list) and len(content) == 1 else None
    if isinstance(one, dict) and one.keys() == {"type", "text"} and isinstance(one["text"], str):
        return one["text"]
    return content


def _heard(told: _Message) -> Iterator[Message]:
    """Yield what the model was told: results of tools one by one, and the rest."""
    if not isinstance(told.content, list):
        yield {"role": told.role, "content": told.content}
        return
    others = []
    for part in told.content:
        if isinstance(part, dict) and part.get("type") == "tool_result":
            error = {"is_error": True} if part.get("is_error") else {}
            id = part.get("tool_use_id")
            yield {"role": "tool", "tool_call_id": id, "content": part.get("content"), **error}
        else:
            others.append(part)
    if others:
        yield {"role": told.role, "content": others}
