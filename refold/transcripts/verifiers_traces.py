"""
Traces of verifiers: JSON Lines with ``nodes``, a graph of messages, and ``rewards``.

The trial is the last branch, from its leaf to the root; the others are counted as not kept. Nodes
that were sampled are turns. Older results (``prompt``, ``completion``, ``reward``) are read too.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.messages import (
    check_message,
    check_messages,
    read_tools,
    read_turn,
    read_usage,
)
from refold.transcripts.reading import decode_line, fit, number, read_lines, rest
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Message, Trial, Turn

_TRUNCATED = ("max_turns", "max_input_tokens", "max_output_tokens", "max_total_tokens")
_OF_TRAINING = (
    *("token_ids", "mask", "logprobs", "advantages", "reference_logprobs", "trainer_logprobs"),
    *("entropies", "loss_weights", "multi_modal_data", "sampling_mask", "routed_experts"),
)


class _Node(Struct):
    message: dict[str, Any]
    parent: int | None = None
    sampled: bool = False


class _Reward(Struct):
    score: float
    weight: float = 1.0


class _Trace(Struct):
    nodes: list[dict[str, Any]]
    rewards: dict[str, float | _Reward | None] = {}
    task: dict[str, Any] = {}
    agent: dict[str, Any] | None = None
    tools: Any = None
    calls: list[dict[str, Any]] = []
    stop_condition: str | None = None
    is_completed: bool = False
    is_truncated: bool = False
    errors: list[dict[str, Any]] = []
    version: int | None = None


class _Result(Struct):
    prompt: str | list[dict[str, Any]]
    completion: str | list[dict[str, Any]]
    reward: float | None = None
    task: str | None = None
    example_id: int | str | None = None
    id: int | str | None = None
    is_truncated: bool = False
    stop_condition: str | None = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of a file of traces, one for each line."""
    for place, line in read_lines(source.file, source.name):
        yield Piece(place, partial(_read_line, line, f"{source.name} {place}"))


def _read_line(line: bytes | None, where: str) -> list[Trial]:
    given = decode_line(line, where)
    if not isinstance(given, dict):
        raise RefoldError(f"{where}: expected an object, got another value")
    return [_read_trace(given, where) if "nodes" in given else _read_result(given, where)]


def _read_trace(given: dict[str, Any], where: str) -> Trial:
    told = fit(given, _Trace, where)
    data = told.task.get("data")
    data = data if isinstance(data, dict) else {}
    agent = told.agent or {}
    config = agent.get("config") if isinstance(agent.get("config"), dict) else {}
    trial = Trial(str(told.task.get("type") or "verifiers"))
    trial.task = next((str(data[key]) for key in ("name", "idx", "id") if _is_id(data, key)), "")
    trial.agent = str((config or {}).get("model") or agent.get("name") or "")
    trial.tools = read_tools(told.tools)
    _read_branch(trial, told, where)
    trial.info = {"task": told.task, "agent": agent} if agent else {"task": told.task}
    trial.keep(rest(given, _Trace))
    _score(trial, told)
    return trial


def _is_id(data: Mapping[str, Any], key: str) -> bool:
    return type(data.get(key)) in (str, int)


def _read_branch(trial: Trial, told: _Trace, where: str) -> None:
    nodes = []
    for place, each in enumerate(told.nodes):
        nodes.append(fit(each, _Node, f"{where}: $.nodes[{place}]"))
        for name in _OF_TRAINING:
            trial.leave(f"nodes[].{name}", each.get(name))
    calls = {call["node"]: call for call in told.calls if type(call.get("node")) is int}
    path = _path(nodes, where)
    trial.left.update({"nodes of other branches": len(nodes) - len(path)})
    trial.left = +trial.left
    for place in path:
        inner = f"{where}: $.nodes[{place}].message"
        message = check_message(nodes[place].message, inner)
        if nodes[place].sampled and message["role"] == "assistant":
            trial.turns.append(_describe(read_turn(message, inner), calls.get(place)))
        else:
            trial.hear(message)


def _path(nodes: list[_Node], where: str) -> list[int]:
    """Return the places of the nodes from the root to the last one."""
    path: list[int] = []
    place: int | None = len(nodes) - 1 if nodes else None
    while place is not None:
        if not 0 <= place < len(nodes) or (path and place >= path[-1]):
            raise RefoldError(f"{where}: expected the parent of a node before it, got {place}")
        path.append(place)
        place = nodes[place].parent
    return path[::-1]


def _describe(turn: Turn, call: Mapping[str, Any] | None) -> Turn:
    if call is not None:
        model, finish = call.get("model"), call.get("finish_reason")
        turn.model = model if isinstance(model, str) else ""
        turn.finish = finish if isinstance(finish, str) else None
        turn.usage = read_usage(call.get("usage"))
        sampling = call.get("sampling")
        if isinstance(sampling, dict):
            turn.settings = {k: v for k, v in sampling.items() if v is not None} or None
    return turn


def _score(trial: Trial, told: _Trace) -> None:
    rewards = {
        name: _Reward(float(each)) if isinstance(each, int | float) else each
        for name, each in told.rewards.items()
        if each is not None
    }
    if rewards:
        # As verifiers itself sums them up.
        trial.reward = sum(each.score * each.weight for each in rewards.values())
        parts = {name: {"score": x.score, "weight": x.weight} for name, x in rewards.items()}
        trial.scores = [ScoreGiven(name="reward", value=trial.reward, parts=parts)]
        trial.scores += [
            ScoreGiven(name=name, value=each.score)
            for name, each in rewards.items()
            if name != "reward"
        ]
    elif told.errors:
        last = told.errors[-1]
        trial.fault = f"verifiers: {last.get('type')}: {last.get('message')!s:.300}"
    _end(trial, told.stop_condition, cut=told.is_truncated)
    if told.errors:
        trial.info["errors"] = told.errors


def _end(trial: Trial, stop: str | None, *, cut: bool) -> None:
    trial.reason = stop or ""
    if cut or stop in _TRUNCATED:
        trial.how = "truncated"
    elif stop is not None and stop != "error":
        trial.how = "terminated"


def _read_result(given: dict[str, Any], where: str) -> Trial:
    told = fit(given, _Result, where)
    task = told.example_id if told.example_id is not None else told.id
    trial = Trial(told.task or "verifiers", task="" if task is None else str(task))
    for message in _as_messages(told.prompt, "user", f"{where}: $.prompt"):
        trial.hear(message)
    for message in _as_messages(told.completion, "assistant", f"{where}: $.completion"):
        if message["role"] == "assistant":
            trial.turns.append(read_turn(message, where))
        else:
            trial.hear(message)
    if (reward := number(told.reward)) is not None:
        trial.reward = reward
        trial.scores = [ScoreGiven(name="reward", value=reward)]
    _end(trial, told.stop_condition, cut=told.is_truncated)
    trial.keep(rest(given, _Result))
    return trial


def _as_messages(given: str | list[dict[str, Any]], role: str, where: str) -> list[Message]:
    if isinstance(given, str):
        return [{"role": role, "content": given}]
    return check_messages(given, where)
