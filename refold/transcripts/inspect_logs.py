"""
Logs of inspect_ai, ``.eval`` (a zip archive) and ``.json``: each sample and epoch is a trial.

Messages are those that the sample ends with. Events add what they say of each reply (model,
tokens, settings, tools); the rest of the events is not kept, since it tells the same story again.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec
from attrs import frozen
from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.archive import Archive
from refold.transcripts.messages import check_messages, read_tools, read_turn, read_usage
from refold.transcripts.reading import fit, items, number, read_document, rest, split, value
from refold.transcripts.remainder import KEY, with_remainder
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Message, Trial, Turn

LARGEST_SAMPLE = 256 * 2**20
"""Letters of a sample with its attachments put in."""

_ATTACHMENT = "attachment://"
_CHUNKED = re.compile(r"samples/(.*_epoch_\d+)/sample\.json")
_SAMPLE = re.compile(r"samples/.+_epoch_\d+\.json")
_WORDS = {"c": 1.0, "i": 0.0, "p": 0.5, "n": 0.0, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
_REPEATED = ("events", "events_data", "timelines", "input", "output", "attachments", "store")


class _Spec(Struct):
    task: str = "inspect"
    model: str = ""
    task_version: int | str | None = None
    packages: Any = None


_ALONE = _Spec(task="")


class _Score(Struct):
    value: Any = None
    answer: Any = None
    explanation: str | None = None
    metadata: Any = None


class _Sample(Struct):
    id: str | int
    epoch: int = 1
    messages: list[dict[str, Any]] = []
    output: dict[str, Any] | None = None
    scores: dict[str, dict[str, Any]] | None = None
    score: dict[str, Any] | None = None
    events: list[dict[str, Any]] | None = None
    attachments: dict[str, str] = {}
    error: dict[str, Any] | None = None
    limit: dict[str, Any] | None = None
    started_at: str | None = None
    completed_at: str | None = None


@frozen
class _Call:
    """What an event says of one reply of a model."""

    model: str
    output: Mapping[str, Any]
    settings: Mapping[str, Any]
    tools: Any


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of a log, one for each sample and epoch."""
    start = source.file.read(2)
    source.file.seek(0)
    if start == b"PK":
        yield from _archived(Archive(source.file, source.name), source.name)
    else:
        yield from _document(source)


def _archived(archive: Archive, name: str) -> Iterator[Piece]:
    names = archive.names
    header = archive.read("header.json" if "header.json" in names else "_journal/start.json")
    spec, version = _header(header, name)
    for entry in names:
        where = f"{name} {entry}"
        if found := _CHUNKED.fullmatch(entry):
            yield Piece(entry, partial(_refuse, where, found.group(1)), version)
        elif _SAMPLE.fullmatch(entry):
            yield Piece(entry, partial(_read_entry, archive, entry, spec, where), version)


def _refuse(where: str, sample: str) -> list[Trial]:
    raise RefoldError(
        f"{where}: expected the sample {sample!r:.100} in one entry, got one in chunks; "
        "`inspect log convert` writes it in one"
    )


def _read_entry(archive: Archive, entry: str, spec: _Spec, where: str) -> list[Trial]:
    return [_read_sample(archive.read(entry), spec, where)]


def _document(source: Source) -> Iterator[Piece]:
    members = split(read_document(source.file, source.name), source.name)
    known = ("version", "eval", "status")
    header = {name: value(members[name], source.name) for name in known if name in members}
    spec, version = _header(header, source.name)
    samples = items(members.get("samples", []), f"{source.name}: $.samples")
    for place, each in enumerate(samples):
        where = f"{source.name}: $.samples[{place}]"
        yield Piece(f"$.samples[{place}]", partial(_read_member, each, spec, where), version)


def _read_member(member: Any, spec: _Spec, where: str) -> list[Trial]:
    return [_read_sample(value(member, where), spec, where)]


def _header(header: Any, name: str) -> tuple[_Spec, str]:
    if not isinstance(header, dict):
        raise RefoldError(f"{name}: expected a header, got another value")
    return fit(header.get("eval"), _Spec, f"{name}: $.eval"), str(header.get("version", ""))


def read_sample(given: Any) -> Trial:
    """Return the trial of a sample by itself, without task and model; raises ``RefoldError``."""
    return _read_plain_sample(given, _ALONE, "the sample")


def _read_sample(given: Any, spec: _Spec, where: str) -> Trial:
    given, kept = _without_remainder(given)
    if kept is None:
        return _read_plain_sample(given, spec, where)
    # The remainder tells task and model, as runs of several may share a log.
    alone = _read_plain_sample(given, _ALONE, where)
    whole = with_remainder(alone, kept, f"{where}: metadata.{KEY}")
    if whole is None:  # edited since
        whole = _read_plain_sample(given, spec, where)
        whole.leave(f"metadata.{KEY}", kept)
    return whole


def _without_remainder(given: Any) -> tuple[Any, Any]:
    """Return a sample without what an export of refold kept in it, and that, if there is any."""
    told = given.get("metadata") if isinstance(given, dict) else None
    if not isinstance(told, dict) or KEY not in told:
        return given, None
    others = {name: each for name, each in told.items() if name != KEY}
    return {**given, "metadata": others}, told[KEY]


def _read_plain_sample(given: Any, spec: _Spec, where: str) -> Trial:
    told = fit(given, _Sample, where)
    trial = Trial(spec.task, task=str(told.id), agent=spec.model, epoch=max(told.epoch - 1, 0))
    messages = _resolve(told.messages, told.attachments, where)
    calls = _model_calls(told)
    for message in check_messages(messages, f"{where}: messages"):
        if message["role"] == "assistant" and message.get("source") != "input":
            trial.turns.append(_turn(message, calls, where))
        else:
            trial.hear(message)
    if not any(turn.usage for turn in trial.turns) and len(trial.turns) == 1 and told.output:
        _describe(trial.turns[0], _Call("", told.output, {}, None))
    trial.tools = read_tools(next((each.tools for each in calls.values() if each.tools), None))
    trial.scores = list(_scores(told, spec))
    _end(trial, told)
    trial.started, trial.ended = told.started_at, told.completed_at
    _keep(trial, given)
    return trial


def _resolve(messages: Any, attachments: Mapping[str, str], where: str) -> Any:
    """Return *messages* with the attachments that they refer to."""
    left = LARGEST_SAMPLE

    def put_in(each: Any) -> Any:
        nonlocal left
        if isinstance(each, str) and each.startswith(_ATTACHMENT):
            found = attachments.get(each.removeprefix(_ATTACHMENT), each)
            left -= len(found)
            if left < 0:
                raise RefoldError(f"{where}: expected at most {LARGEST_SAMPLE} letters, got more")
            return found
        if isinstance(each, dict):
            return {name: put_in(inner) for name, inner in each.items()}
        return [put_in(inner) for inner in each] if isinstance(each, list) else each

    try:
        return put_in(messages) if attachments else messages
    except RecursionError:
        raise RefoldError(f"{where}: expected messages nested less deep") from None


def _model_calls(told: _Sample) -> dict[str, _Call]:
    """Return what events say of each reply, by the id of its message, or else by its text."""
    found = {}
    for event in told.events or ():
        output = event.get("output")
        if event.get("event") != "model" or not isinstance(output, dict):
            continue
        message = _first_choice(output).get("message")
        if isinstance(message, dict):
            settings = event.get("config") if isinstance(event.get("config"), dict) else {}
            call = _Call(str(event.get("model") or ""), output, settings or {}, event.get("tools"))
            found[_key(message)] = call
    return found


def _key(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if isinstance(id, str):
        return id
    shown = [message.get("content"), message.get("tool_calls")]
    return msgspec.json.encode(shown, order="deterministic").decode()


def _first_choice(output: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _turn(message: Message, calls: Mapping[str, _Call], where: str) -> Turn:
    shown = {name: each for name, each in message.items() if name not in ("source", "model")}
    turn = read_turn(shown, where)
    turn.model = message["model"] if isinstance(message.get("model"), str) else ""
    call = calls.get(_key(message))
    if call is not None:
        _describe(turn, call)
    return turn


def _describe(turn: Turn, call: _Call) -> None:
    model = call.output.get("model")
    turn.model = model if isinstance(model, str) and model else turn.model or call.model
    stop = _first_choice(call.output).get("stop_reason")
    turn.finish = stop if isinstance(stop, str) else None
    turn.usage = read_usage(call.output.get("usage"))
    turn.settings = {k: v for k, v in call.settings.items() if v is not None} or None


def _scores(told: _Sample, spec: _Spec) -> Iterator[ScoreGiven]:
    listed = told.scores or ({"score": told.score} if told.score else {})
    for name, given in listed.items():
        score = fit(given, _Score, f"scores.{name}")
        if isinstance(score.metadata, dict) and KEY in score.metadata:
            continue  # refold's own grade, which an export added
        parts = {"value": score.value, "answer": score.answer, "metadata": score.metadata}
        parts = {key: each for key, each in parts.items() if each not in (None, {})}
        if isinstance(score.value, dict):
            for key, each in score.value.items():
                yield ScoreGiven(
                    name=f"{name}/{key}", value=to_number(each), parts=parts, by=spec.task
                )
            continue
        yield ScoreGiven(
            name=name,
            value=to_number(score.value),
            parts=parts,
            explanation=score.explanation or "",
            by=name,
        )


def to_number(value: Any) -> float | None:
    """Return a score's *value* as inspect_ai counts it; None where it would count nothing."""
    if isinstance(value, str):
        text = value.lower()
        if text in _WORDS and (len(text) > 1 or value.isupper()):
            return _WORDS[text]
        try:
            return number(float(text))
        except ValueError:
            return None
    return number(value)


def _end(trial: Trial, told: _Sample) -> None:
    if told.error is not None and not trial.scores:
        trial.fault = f"inspect_ai: {told.error.get('message') or 'an error'!s:.400}"
    elif told.limit is not None:
        trial.how, trial.reason = "truncated", str(told.limit.get("type") or "limit")
    elif trial.scores:
        trial.how = "terminated"


def _keep(trial: Trial, given: dict[str, Any]) -> None:
    """Keep what else the sample says, except for what it says twice."""
    for name in _REPEATED:
        trial.leave(name, given.get(name))
    known = ("target", "choices", "metadata", "setup", "files", "sandbox", "error", "limit")
    told = {name: given[name] for name in (*known, "uuid", "model_usage") if given.get(name)}
    trial.info.update(told)
    others = rest(given, _Sample)
    trial.keep({n: v for n, v in others.items() if n not in (*told, *_REPEATED)})
