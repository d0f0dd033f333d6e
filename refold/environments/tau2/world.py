"""
One episode of a task of tau2.

The rules are those of tau2's orchestrator: who speaks after whom, what ends an episode, and that
one is cut off after 200 messages or 10 failed tool calls, with a reward of 0. A turn that cannot
be read, at which tau2 would break off, counts as a failed tool call.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from tau2.config import DEFAULT_MAX_ERRORS, DEFAULT_MAX_STEPS
from tau2.data_model.message import AssistantMessage, ToolCall, UserMessage
from tau2.environment.environment import Environment

from refold.engine.world import Answers
from refold.environments.answers import answered, began, failed
from refold.environments.tau2.evaluation import Evaluation
from refold.environments.tau2.turns import NotATurn, Turn, read_turn
from refold.environments.tau2.users import RecordedWords, User, Words
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer

_GREETING = "Hi! How can I help you today?"
_STOP = "###STOP###"

Message = dict[str, Any]


class Tau2World:
    """
    The environment of one task.

    Args:
        make: Makes the environment, as the task begins.
        user: Answers the agent's words.
        evaluation: Grades the episode.
        offer: The agent's tools, and the policy.
        solo: Whether this is tau2's solo mode: the agent has the user's tools, and says nothing.
        by: Version of tau2 by package.
        volatile: As ``World`` has it.
    """

    def __init__(
        self,
        make: Callable[[], Environment],
        user: User,
        evaluation: Evaluation,
        *,
        offer: Offer,
        solo: bool,
        by: Mapping[str, str],
        volatile: Sequence[str],
    ) -> None:
        self.waits = user.waits
        self.volatile = volatile
        self.repeated = 0
        self._make = make
        self._user = user
        self._evaluation = evaluation
        self._offer = offer
        self._solo = solo
        self._by = by
        self._environment: Environment = None
        self._trajectory: list[Any] = []
        self._ended: str | None = None
        self._steps = self._errors = self._calls = 0

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """Make the environment, and return what the user says first; tau2 has no use for dice."""
        try:
            self._environment = self._make()
            if self._solo:
                said, info = [_spoken(self._user.speak().text)], None
            else:
                self._trajectory.append(_from_agent(_GREETING))
                said, self._ended, info = self._hear_user(_GREETING, recorded)
            return (began({"messages": said}, info=info, offer=self._offer, by=self._by),)
        except Exception as error:  # tau2's code: anything may happen
            return (EnvironmentBegan(fault=failed(error)),)

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """Carry out the agent's tool calls, or return what the user says to its words."""
        try:
            turn = read_turn(action)
        except NotATurn as error:
            self._errors += 1
            return self._answer([_refusal(error)], self._limit())
        try:
            return self._take(turn, recorded)
        except Exception as error:  # as above
            return (EnvironmentAnswered(fault=failed(error)),)

    def close(self) -> None:
        """Free the environment, and the connections of a model that plays the user."""
        self._user.close()
        self._environment = None

    def _take(self, turn: Turn, recorded: Answers) -> Answers:
        if self._ended is not None:  # by the first words of the user
            return self._answer([], self._ended)
        self._steps += 1
        if turn.done:
            # As in tau2, what else is in such a turn does not count.
            self._trajectory.append(_from_agent(_STOP))
            return self._answer([], "agent_stop")
        calls = self._tool_calls(turn.calls)
        self._trajectory.append(_from_agent(turn.text, calls))
        if calls:
            return self._answer(self._carry_out(), self._limit())
        end = "agent_error" if self._solo else self._limit()
        if end is not None:
            return self._answer([], end)
        said, end, info = self._hear_user(str(turn.text), recorded)
        return self._answer(said, end, info)

    def _hear_user(
        self, text: str, recorded: Answers
    ) -> tuple[list[Message], str | None, dict[str, Any] | None]:
        """Return what the user says to *text*, why that is the end, and what they did before."""
        self._user.hear(text)
        taken = RecordedWords(recorded) if recorded and self._user.waits else None
        self.repeated += taken is not None
        aside: list[Message] = []
        while True:
            words = self._user.speak() if taken is None else taken.speak()
            calls = self._tool_calls(words.calls, requestor="user")
            self._user.repeat(words, [call.id for call in calls])
            self._trajectory.append(
                UserMessage(role="user", content=words.text, tool_calls=calls or None)
            )
            self._steps += 1
            if not calls:
                info = _user_info(aside, words) if self._user.waits else None
                end = "user_stop" if words.stops else self._limit()
                return [_spoken(words.text)], end, info
            aside.append(_own_calls(words))
            for result in self._carry_out():
                self._user.see(result["tool_call_id"], result["content"])
                aside.append(result)
            limit = self._limit()
            if limit is not None:
                return [], limit, {"user": {"messages": aside}}

    def _tool_calls(
        self, calls: Sequence[tuple[str, dict[str, Any]]], requestor: str = "assistant"
    ) -> list[ToolCall]:
        made = []
        for name, arguments in calls:
            self._calls += 1
            # A copy: tau2's tools keep what they are given, and the record must not change.
            own = deepcopy(arguments)
            id = f"call_{self._calls}"
            made.append(ToolCall(id=id, name=name, arguments=own, requestor=requestor))
        return made

    def _carry_out(self) -> list[Message]:
        """Carry out the tool calls of the last message, and return their results."""
        shown = []
        for call in self._trajectory[-1].tool_calls:
            result = self._environment.get_response(call)
            self._trajectory.append(result)
            self._errors += result.error
            message = {
                "role": "tool",
                "tool_call_id": call.id,
                "name": call.name,
                "content": result.content,
            }
            shown.append({**message, "error": True} if result.error else message)
        self._steps += 1
        return shown

    def _limit(self) -> str | None:
        if self._steps >= DEFAULT_MAX_STEPS:
            return "max_steps"
        return "too_many_errors" if self._errors >= DEFAULT_MAX_ERRORS else None

    def _answer(
        self, messages: list[Message], end: str | None = None, info: dict[str, Any] | None = None
    ) -> Answers:
        """Return the answers with *messages*, and with a grade if this is the *end*, and why."""
        if end is None:
            return (answered({"messages": messages}, info=info),)
        whole = end in ("agent_stop", "user_stop")
        score = (
            self._evaluation.grade(self._environment, self._trajectory)
            if whole
            else self._evaluation.cut_off(end)
        )
        answer = answered(
            {"messages": messages},
            score.value,
            terminated=whole,
            truncated=not whole,
            info={**(info or {}), "termination_reason": end},
        )
        return answer, score


def _from_agent(text: str | None, calls: Sequence[ToolCall] = ()) -> AssistantMessage:
    return AssistantMessage(role="assistant", content=text, tool_calls=list(calls) or None)


def _refusal(error: NotATurn) -> Message:
    return {"role": "tool", "content": f"Error: {error}", "error": True}


def _spoken(text: str | None) -> Message:
    return {"role": "user", "content": text or ""}


def _own_calls(words: Words) -> Message:
    """Return the user's own tool calls as they are recorded: the agent does not see them."""
    calls = [{"name": name, "arguments": arguments} for name, arguments in words.calls]
    said = {"content": words.text} if words.text else {}
    return {"role": "user", **said, "tool_calls": calls, "usage": dict(words.usage)}


def _user_info(aside: list[Message], words: Words) -> dict[str, Any]:
    return {"user": {"messages": aside, "usage": dict(words.usage)}}
