"""
Rollouts of NeMo Gym: JSON Lines with ``responses_create_params``, ``response`` and ``reward``.

The output is a list of items of the Responses API. A run of reasoning, message and function calls
is one turn; outputs of calls and the user's messages are what the agent was told.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.messages import make_call, make_turn, read_tools, read_usage
from refold.transcripts.reading import decode_line, fit, read_lines, rest
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Call, Message, Trial

_SETTINGS = (
    *("temperature", "top_p", "max_output_tokens", "max_tool_calls", "parallel_tool_calls"),
    *("tool_choice", "reasoning", "truncation", "service_tier", "text", "model"),
)


class _Params(Struct):
    input: str | list[dict[str, Any]] = []
    instructions: str | None = None
    tools: Any = None


class _Response(Struct):
    output: list[dict[str, Any]] = []
    model: str = ""
    usage: dict[str, Any] | None = None
    incomplete_details: Any = None
    error: Any = None


class _Rollout(Struct):
    responses_create_params: dict[str, Any]
    response: dict[str, Any]
    reward: float | None = None
    terminated: bool | None = None
    truncated: bool | None = None
    agent_ref: Any = None
    task_index: int | None = None
    rollout_index: int | None = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of a file of rollouts, one for each line."""
    for place, line in read_lines(source.file, source.name):
        yield Piece(place, partial(_read_line, line, f"{source.name} {place}"))


def _read_line(line: bytes | None, where: str) -> list[Trial]:
    given = decode_line(line, where)
    if not isinstance(given, dict):
        raise RefoldError(f"{where}: expected an object, got another value")
    names = {"_ng_task_index": "task_index", "_ng_rollout_index": "rollout_index"}
    named = {names.get(name, name): value for name, value in given.items()}
    told = fit(named, _Rollout, where)
    params = fit(told.responses_create_params, _Params, f"{where}: $.responses_create_params")
    response = fit(told.response, _Response, f"{where}: $.response")
    trial = _start(told, params, response)
    for item in _beginning(params):
        trial.hear(_message(item))
    _Turns(trial).read(response.output)
    _add_model(trial, told, response)
    trial.keep(rest(named, _Rollout))
    trial.info["response"] = rest(told.response, _Response)
    return [trial]


def _start(told: _Rollout, params: _Params, response: _Response) -> Trial:
    reference = told.agent_ref if isinstance(told.agent_ref, dict) else {}
    name = reference.get("name") if isinstance(reference.get("name"), str) else ""
    trial = Trial(str(name or "nemo-gym"), agent=response.model)
    trial.task = "" if told.task_index is None else str(told.task_index)
    trial.epoch = told.rollout_index
    trial.tools = read_tools(params.tools)
    trial.reward = told.reward
    if told.reward is not None:
        trial.scores = [ScoreGiven(name="reward", value=told.reward)]
    trial.how = "truncated" if told.truncated else "terminated" if told.terminated else None
    return trial


def _beginning(params: _Params) -> Iterator[Message]:
    if params.instructions:
        yield {"role": "system", "content": params.instructions}
    if isinstance(params.input, str):
        yield {"role": "user", "content": params.input}
    else:
        yield from params.input


def _add_model(trial: Trial, told: _Rollout, response: _Response) -> None:
    settings = {
        name: told.responses_create_params[name]
        for name in _SETTINGS
        if told.responses_create_params.get(name) is not None
    }
    for turn in trial.turns:
        turn.model, turn.settings = response.model, settings or None
    if len(trial.turns) == 1:
        trial.turns[0].usage = read_usage(response.usage)
    elif response.usage:  # of all turns together
        trial.info["usage"] = response.usage
    more = {"error": response.error, "incomplete_details": response.incomplete_details}
    trial.info.update({name: each for name, each in more.items() if each is not None})


class _Turns:
    """Puts items of a response together into turns of *trial*."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._content: list[Any] = []
        self._calls: list[Call] = []
        self._reasoning: list[Any] = []

    def read(self, items: list[dict[str, Any]]) -> None:
        """Add *items*, in order."""
        for item in items:
            kind = item.get("type", "message")
            if kind == "function_call":
                name = item.get("name")
                self._calls.append(
                    make_call(item.get("call_id"), str(name or ""), item.get("arguments"))
                )
            elif kind == "reasoning":
                if self._content or self._calls:
                    self._end()
                self._reasoning.append(item.get("summary") or item.get("content") or "")
            elif kind == "message" and item.get("role") == "assistant":
                if self._content or self._calls:
                    self._end()
                self._content.append(item.get("content"))
            else:
                self._end()
                self._trial.hear(_message(item))
        self._end()

    def _end(self) -> None:
        if not (self._content or self._calls or self._reasoning):
            return
        more = {"reasoning": self._reasoning} if self._reasoning else {}
        content = self._content[0] if self._content else None
        self._trial.turns.append(make_turn(_simple(content), self._calls, more))
        self._content, self._calls, self._reasoning = [], [], []


def _simple(content: Any) -> Any:
    """Return the text of *content* where it is one part of text without anything to it."""
    if isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        part = content[0]
        more = {name for name, value in part.items() if value not in (None, [])}
        if more == {"type", "text"} and isinstance(part["text"], str):
            return part["text"]
    return content


def _message(item: Message) -> Message:
    """Return an item that is no turn as a message."""
    if item.get("type") == "function_call_output":
        answer = {"role": "tool", "tool_call_id": item.get("call_id")}
        return {**answer, "content": item.get("output")}
    if isinstance(item.get("role"), str):
        kept = {name: value for name, value in item.items() if name not in ("type", "content")}
        return {**kept, "content": _simple(item.get("content"))}
    return {"role": "user", "content": None, "item": item}
