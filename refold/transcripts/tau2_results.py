"""
Results of tau2-bench: each simulation is a trial of one task, told from the agent's side.

What the user does with tools of their own, the agent does not see: it is in the ``info`` of the
answer, as an environment of tau2 records it. So the trial can be replayed in tau2, where that is
installed; what such an environment would say otherwise without another meaning is volatile.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from refold.environments.options import format_options
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.messages import check_messages, make_call, read_turn, read_usage
from refold.transcripts.reading import fit, items, read_document, rest, split, value
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Message, Trial

GREETING = "Hi! How can I help you today?"
"""What tau2 lets every agent say first; no model generated it."""

_VOLATILE = (
    *("$.offer", "$.info", "$.parts", "$.explanation"),
    "$.observation.messages[].tool_call_id",
)
_STOP = "###STOP###"
_WHOLE = ("agent_stop", "user_stop")
_MEASURED = ("timestamp", "turn_idx", "raw_data", "generation_time_seconds")
_OF_AGENT = ("llm_args", "implementation")


class _Party(Struct):
    implementation: str = ""
    llm: str | None = None
    llm_args: dict[str, Any] | None = None


class _Environment(Struct):
    domain_name: str
    policy: str | None = None


class _Info(Struct):
    agent_info: _Party
    user_info: _Party
    environment_info: _Environment


class _Reward(Struct):
    reward: float


class _Run(Struct):
    task_id: str
    messages: list[dict[str, Any]]
    id: str | None = None
    termination_reason: str | None = None
    reward_info: dict[str, Any] | None = None
    trial: int | None = None
    seed: int | None = None
    start_time: str | None = None
    end_time: str | None = None


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of a file of results, one for each simulation."""
    name = source.name
    members = split(read_document(source.file, name), name)
    info = fit(value(members.get("info"), name), _Info, f"{name}: $.info")
    tasks = {}
    for each in items(members.get("tasks", []), f"{name}: $.tasks"):
        task = value(each, name)
        if isinstance(task, dict):
            tasks[str(task.get("id"))] = task
    for place, each in enumerate(items(members.get("simulations"), f"{name}: $.simulations")):
        where = f"{name}: $.simulations[{place}]"
        yield Piece(f"$.simulations[{place}]", partial(_read, each, info, tasks, where))


def _read(member: Any, info: _Info, tasks: Mapping[str, Any], where: str) -> list[Trial]:
    given = value(member, where)
    told = fit(given, _Run, where)
    task = tasks.get(told.task_id, {})
    trial = _start(told, info, task)
    messages = list(_flat(check_messages(told.messages, f"{where}: messages")))
    _Sides(trial, info.agent_info, where).read(messages)
    if told.reward_info is not None:
        reward = fit(told.reward_info, _Reward, f"{where}: $.reward_info").reward
        trial.reward = reward
        parts = {name: each for name, each in told.reward_info.items() if each is not None}
        trial.scores = [ScoreGiven(name="reward", value=reward, parts=parts, by="tau2")]
    trial.keep(rest(given, _Run))
    return [trial]


def _start(told: _Run, info: _Info, task: Mapping[str, Any]) -> Trial:
    domain = info.environment_info.domain_name
    trial = Trial(domain, task=told.task_id, agent=info.agent_info.llm or "")
    solo = "solo" in info.agent_info.implementation
    if solo:
        trial.options = {"solo": True}
    elif info.user_info.llm:
        trial.options = {"user": f"openai:{info.user_info.llm}"}
    shown = format_options({} if solo else trial.options)
    trial.name = f"tau2:{domain}/{told.task_id}{shown}"
    trial.volatile = _VOLATILE
    trial.epoch, trial.seed = told.trial, told.seed or 0
    trial.started, trial.ended = told.start_time, told.end_time
    trial.reason = told.termination_reason or ""
    trial.how = "terminated" if trial.reason in _WHOLE else "truncated" if trial.reason else None
    known = {
        "id": told.id,
        "agent": {name: getattr(info.agent_info, name) for name in _OF_AGENT},
        "user": {"implementation": info.user_info.implementation, "llm": info.user_info.llm},
        "task": dict(task),
    }
    trial.info = {name: each for name, each in known.items() if each}
    trial.leave("info.environment_info.policy", info.environment_info.policy)
    ticket = task.get("ticket")
    if solo and isinstance(ticket, str):
        trial.hear({"role": "user", "content": ticket})
    return trial


def _flat(messages: list[Message]) -> Iterator[Message]:
    """Yield *messages* with the results that came together one by one."""
    for message in messages:
        several = message.get("tool_messages")
        if isinstance(several, list):
            yield from check_messages(several, "tool_messages")
        else:
            yield message


class _Sides:
    """Sorts the messages of agent, user and tools into the turns of *trial*."""

    def __init__(self, trial: Trial, agent: _Party, where: str) -> None:
        self._trial = trial
        self._agent = agent
        self._where = where
        self._names: dict[str, str] = {}

    def read(self, messages: list[Message]) -> None:
        """Add *messages*, in order."""
        for place, message in enumerate(messages):
            for name in _MEASURED:
                self._trial.leave(f"messages[].{name}", message.get(name))
            shown = {key: each for key, each in message.items() if key not in _MEASURED}
            role = shown["role"]
            if role == "assistant":
                self._say(shown, first=place == 0)
            elif role == "user":
                self._hear_user(shown)
            elif role == "tool":
                self._hear_tool(shown)
            else:
                self._trial.hear(shown)

    def _say(self, message: Message, *, first: bool) -> None:
        if first and message.get("content") == GREETING and not message.get("tool_calls"):
            self._trial.info["greeting"] = GREETING
            return
        usage, cost = message.pop("usage", None), message.pop("cost", None)
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            message["tool_calls"] = [self._without_side(call) for call in calls]
        turn = read_turn(message, self._where)
        if _STOP in turn.content and not turn.calls:
            turn.calls = [make_call("", "done", {})]  # as an agent ends it in tau2
        turn.model = self._agent.llm or ""
        turn.usage = read_usage(usage, cost)
        turn.settings = self._agent.llm_args or None
        self._names.update((call.id, call.name) for call in turn.calls)
        self._trial.turns.append(turn)

    def _without_side(self, call: Any) -> Any:
        return (
            {k: v for k, v in call.items() if k != "requestor"} if isinstance(call, dict) else call
        )

    def _hear_user(self, message: Message) -> None:
        calls = message.get("tool_calls")
        usage = _counts(message.get("usage"))
        if not calls:
            if usage:
                self._aside()["usage"] = usage
            self._trial.hear({"role": "user", "content": message["content"] or ""})
            return
        turn = read_turn({**message, "role": "assistant"}, self._where)
        own = [{"name": call.name, "arguments": call.arguments} for call in turn.calls]
        self._names.update((call.id, call.name) for call in turn.calls)
        said = {"content": turn.content} if turn.content else {}
        self._aside()["messages"].append(
            {"role": "user", **said, "tool_calls": own, "usage": usage}
        )

    def _hear_tool(self, message: Message) -> None:
        id = message.get("id")
        shown = {
            "role": "tool",
            "tool_call_id": id,
            "name": self._names.get(str(id), ""),
            "content": message["content"],
        }
        if message.get("requestor") == "user":
            self._aside()["messages"].append(shown)
        else:
            self._trial.hear({**shown, "error": True} if message.get("error") else shown)

    def _aside(self) -> dict[str, Any]:
        """Return what the user does beside the conversation, since the agent's last turn."""
        if not self._trial.turns:
            return _user_in(self._trial.info)
        turn = self._trial.turns[-1]
        turn.info = turn.info or {}
        return _user_in(turn.info)


def _user_in(info: dict[str, Any]) -> dict[str, Any]:
    aside: dict[str, Any] = info.setdefault("user", {})
    aside.setdefault("messages", [])
    return aside


def _counts(usage: Any) -> dict[str, int]:
    given = usage if isinstance(usage, dict) else {}
    return {name: each for name, each in given.items() if type(each) is int}
