"""
What fresh environments answer to given actions, played where nothing was played before.

Each call plays in a process of its own, so that what an earlier episode left behind in its process
cannot be taken for chance. A server keeps its process.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import zip_longest
from multiprocessing import get_context
from typing import Any, TypeVar

import msgspec
from attrs import frozen

from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.engine.values import ValueDifference
from refold.engine.world import Answers, World, answer_differences, fault_in
from refold.environments import Worlds
from refold.scenarios.answered.events import EnvironmentAnswered

T = TypeVar("T")


@frozen
class Script:
    """Actions to be put to a fresh environment of *seed*, one after the other."""

    seed: int
    actions: Sequence[Any]


@frozen
class Transcript:
    """
    What a fresh environment answered.

    Attributes:
        answers: The beginning, then the answers to each action, until the environment was over.
        volatile: Paths that the environment says to differ each time.
    """

    answers: Sequence[Answers]
    volatile: Sequence[str]

    def plain(self) -> list[Any]:
        """Return all answers as JSON data."""
        return [msgspec.json.decode(encode(each)) for said in self.answers for each in said]


@frozen
class Difference:
    """Where two transcripts part: after *step* actions, and by which *value*."""

    step: int
    value: ValueDifference


Round = Sequence[Script]
"""Scripts that are played at once, an action of each in turn."""


def play_afresh(
    scenario: bytes, named: Sequence[str], rounds: Sequence[Round]
) -> list[list[Transcript]]:
    """
    Return what environments of *scenario* answer to the scripts of *rounds*, round by round.

    Args:
        scenario: The scenario's canonical JSON.
        named: The environments that the user has named.
        rounds: What to play, in a new process.

    Raises:
        RefoldError: An environment cannot be opened or does not answer, or the process ends.
    """
    # Forked from a process that has imported this module and played nothing.
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(_play_rounds, scenario, named, rounds).result()
        except BrokenProcessPool:
            raise RefoldError(
                "environment: expected answers, but its process ended; `refold record` shows more"
            ) from None


def _play_rounds(
    scenario: bytes, named: Sequence[str], rounds: Sequence[Round]
) -> list[list[Transcript]]:
    worlds = Worlds(named)
    return [_play_round(lambda: worlds(scenario), each) for each in rounds]


def _play_round(open_world: Callable[[], World], scripts: Round) -> list[Transcript]:
    with ExitStack() as stack:
        worlds = [open_world() for _ in scripts]
        for world in worlds:
            stack.callback(world.close)
        pairs = zip(worlds, scripts, strict=True)
        plays = [_answers(world, script) for world, script in pairs]
        said = _take_turns(plays)
        return [
            Transcript(answers, tuple(world.volatile))
            for answers, world in zip(said, worlds, strict=True)
        ]


def _take_turns(plays: Sequence[Iterator[T]]) -> list[list[T]]:
    """Return what each of *plays* yields, taking from them in turn."""
    missing = object()
    taken: list[list[Any]] = [[] for _ in plays]
    for row in zip_longest(*plays, fillvalue=missing):
        for found, each in zip(taken, row, strict=True):
            if each is not missing:
                found.append(each)
    return taken


def _answers(world: World, script: Script) -> Iterator[Answers]:
    said = tuple(world.begin(script.seed))
    yield _checked(said)
    for action in script.actions:
        said = tuple(world.act(action))
        yield _checked(said)
        answer = said[0]
        if isinstance(answer, EnvironmentAnswered) and (answer.terminated or answer.truncated):
            return


def _checked(said: Answers) -> Answers:
    fault = fault_in(said)
    if fault is not None:
        raise RefoldError(f"environment: expected an answer, got none: {fault}")
    return said


def differences(a: Transcript, b: Transcript, volatile: Iterable[str] = ()) -> Iterator[Difference]:
    """Yield where two transcripts differ, except for paths that are *volatile*."""
    left_out = (*a.volatile, *volatile)
    for step, (left, right) in enumerate(zip(a.answers, b.answers, strict=False)):
        for each in answer_differences(left, right, left_out):
            yield Difference(step, each)
    if len(a.answers) != len(b.answers):
        lengths = len(a.answers) - 1, len(b.answers) - 1
        yield Difference(min(lengths), ValueDifference("$.terminated", *lengths))
