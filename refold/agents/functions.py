"""
Agents that are functions of the user's: from what can be seen to an action.

A function is called each turn with the observation and the legal actions, as JSON data, and with
a ``Turn`` if it takes three arguments. It may be ``async``. A class is made anew for each episode,
and its instance is called. What it keeps is its own: an episode that is resumed begins with a new
one.
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from traceback import extract_tb
from typing import Any

import msgspec
from attrs import frozen

from refold.agents.conversation import Conversation, request_digest
from refold.agents.interfaces import interface_of
from refold.agents.noted import read_messages, read_noted_reply
from refold.agents.worlds import begin, take_step
from refold.engine import Episode, EpisodeInfo, Input, InvalidAction, RefoldError, StepResult
from refold.engine.exchanges import ModelCalled, ModelConfigured, ProgramLoaded

Choose = Callable[..., Any]
_LONGEST_WORDS = 300


class ProgramFailed(RefoldError):
    """A function of the user's raised something, or returned no action; it can be mended."""


@frozen
class Program:
    """
    A function that plays.

    Attributes:
        name: How logs name it: ``FILE.py:FUNCTION``, without the file's folder.
        function: The function or class.
        sha256: Hex SHA-256 of the file.
    """

    name: str
    function: Choose
    sha256: str

    @property
    def loaded(self) -> ProgramLoaded:
        """The event that records who plays."""
        return ProgramLoaded(self.name, self.sha256)


class Turn:
    """
    One turn of an agent.

    Attributes:
        scenario: The scenario's name.
        seed: The episode's seed.
        step: Number of actions taken so far.
        noted: What was recorded of this turn.
    """

    def __init__(
        self, episode: Episode, info: EpisodeInfo, conversation: Conversation, name: str
    ) -> None:
        self.scenario = info.scenario
        self.seed = info.seed
        self.step = conversation.steps
        self.noted: list[Input] = []
        self._interface = interface_of(episode.family, episode.state)
        self._conversation = conversation
        self._name = name

    @cached_property
    def instructions(self) -> str:
        """What a model would be told: rules or world, aim, and how to answer."""
        return str(self._interface.system("tools", None)["content"])

    @cached_property
    def tools(self) -> Sequence[dict[str, Any]]:
        """The actions as tools, as APIs of models take them; empty where there are none."""
        found: Sequence[dict[str, Any]] = self._interface.parameters("tools").get("tools", [])
        return found

    def record(
        self,
        messages: Any,
        reply: Any,
        *,
        usage: Any = None,
        model: str = "",
        latency_ms: int = 0,
    ) -> None:
        """
        Note a request to a model, which is then recorded before the action that it led to.

        Args:
            messages: All messages of the request, as they were sent.
            reply: The text that came, the assistant's message, or the whole completion.
            usage: Tokens, as ``{"input_tokens": 10, "output_tokens": 2}`` or as the API has them.
            model: The model's name, if the completion does not say it.
            latency_ms: Whole milliseconds that it took.

        Raises:
            RefoldError: They are not as described.
        """
        told, said = read_messages(messages), read_noted_reply(reply, usage, model)
        parameters = {"model": said.model} if said.model else {}
        configured = ModelConfigured(self._name, "text", None, parameters, turns="noted")
        if self._conversation.configuration != configured:
            self._note(configured)
        first = self._conversation.noted.shared(told)
        body = self._conversation.request_body(told[first:], first)
        digest = request_digest(body)
        self._note(ModelCalled(tuple(told[first:]), first, digest, said, (), latency_ms))

    def _note(self, event: Input) -> None:
        self._conversation.apply(event)
        self.noted.append(event)


class FunctionPlayer:
    """
    Plays with a function of the user's.

    Args:
        program: The function.
        watch: Called after each step.
    """

    def __init__(
        self, program: Program, *, watch: Callable[[StepResult], None] | None = None
    ) -> None:
        self._program = program
        self._watch = watch

    async def play(self, episode: Episode, info: EpisodeInfo) -> None:
        """
        Play *episode* from where it stands to its end.

        Raises:
            ProgramFailed: The function raises something, or returns no action; what was recorded
                stays, and the episode stays open.
        """
        await begin(episode)
        conversation = Conversation()
        loaded = None
        for event in episode.events:
            conversation.apply(event)
            loaded = event if isinstance(event, ProgramLoaded) else loaded
        if not episode.over and loaded != self._program.loaded:
            episode.note(self._program.loaded)
        choose = self._prepare()
        while not episode.over:
            turn = Turn(episode, info, conversation, self._program.name)
            result = await self._take_turn(episode, choose, turn)
            for event in result.events:
                conversation.apply(event)
            if self._watch:
                self._watch(result)

    def _prepare(self) -> Choose:
        """Return what to call each turn with three arguments, made anew for an episode."""
        made = self._program.function
        try:
            choose: Any = made() if inspect.isclass(made) else made
        except (Exception, SystemExit) as error:  # the code is the user's: anything may happen
            raise self._problem(error) from error
        takes = _most_arguments(choose)
        if takes < 2:
            raise self._refusal(
                f"expected a function of (observation, legal_actions), got one of {takes}"
            )
        return choose if takes > 2 else lambda seen, legal, _turn: choose(seen, legal)

    async def _take_turn(self, episode: Episode, choose: Choose, turn: Turn) -> StepResult:
        seen = msgspec.to_builtins(episode.observation)
        legal = [msgspec.to_builtins(action) for action in episode.legal_actions]
        try:
            # In a thread: one that waits, as for a model, does not hold up other episodes.
            action = await asyncio.to_thread(choose, seen, legal, turn)
            if inspect.isawaitable(action):
                action = await action
        except (Exception, SystemExit) as error:  # as above
            raise self._problem(error) from error
        if action is None:
            raise ProgramFailed(
                f"agent {self._program.name}: expected an action, got None; return one"
            )
        try:
            return await take_step(episode, action, *turn.noted)
        except InvalidAction as error:
            raise self._refusal(str(error)) from error

    def _problem(self, error: BaseException) -> ProgramFailed:
        """Return *error*, raised by the user's code, in one line with its place."""
        file = self._program.name.rpartition(":")[0]
        frames = extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).name == file] or frames[-1:]
        place = f"{Path(own[-1].filename).name} line {own[-1].lineno}: " if own else ""
        words = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_WORDS]
        return self._refusal(f"{place}{words}")

    def _refusal(self, why: str) -> ProgramFailed:
        return ProgramFailed(f"agent {self._program.name}: {why}; fix it")


def _most_arguments(function: Choose) -> int:
    """Return how many arguments *function* takes by position, 3 if any number."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return 2
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 3
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional for each in parameters)
