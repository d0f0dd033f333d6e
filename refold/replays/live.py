"""
Verify an episode live: put its actions to a fresh environment, and compare every answer.

``verify`` proves that a record is sound; this proves that the environment would do the same again.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from attrs import evolve, frozen

from refold.engine import RefoldError, Stream
from refold.engine.codec import encode
from refold.engine.values import ValueDifference, value_differences
from refold.engine.world import (
    Answers,
    OpenWorld,
    World,
    answered_actions,
    fault_in,
    put_again,
)
from refold.replays.verification import verify


@frozen
class LiveVerdict:
    """
    How a fresh environment compares with an episode's record.

    Attributes:
        verdict: ``same``, ``differs``, or ``unplayable`` for a *reason*.
        again: Answers that were made again and compared.
        of: Answers in the record, without failures.
        step: Where it differs or could not be played, counted from 1 as ``replay --step`` does; 0
            for the beginning, None for nowhere.
        difference: The first value that differs, the recorded one as ``a``.
        reason: Why it could not be played.
        changing: Paths of values that differ between two fresh plays of the same actions too.
    """

    verdict: Literal["same", "differs", "unplayable"]
    again: int
    of: int
    step: int | None = None
    difference: ValueDifference | None = None
    reason: str | None = None
    changing: tuple[str, ...] = ()


def verify_live(
    stream: Stream, open_world: OpenWorld, *, times: int = 1, volatile: Sequence[str] = ()
) -> LiveVerdict:
    """
    Return how a fresh environment answers the actions of *stream*.

    Args:
        stream: The recorded episode.
        open_world: Opens a fresh environment.
        times: How often to play it; the first play that is not the same counts.
        volatile: Paths not to compare, beside the scenario's.
    """
    of = count_answers(stream)
    problem = _unplayable(stream, of)
    if problem is not None:
        return LiveVerdict("unplayable", 0, of, reason=problem)
    verdict = LiveVerdict("same", 0, of)
    for _ in range(times):
        verdict = _play_once(stream, open_world, of, volatile)
        if verdict.verdict != "same":
            break
    if verdict.verdict == "differs":
        return evolve(verdict, changing=tuple(_changing_paths(stream, open_world)))
    return verdict


def count_answers(stream: Stream) -> int:
    """Return how many answers of an external environment *stream* has; failures are none."""
    return sum(fault_in(answers) is None for _, answers in answered_actions(stream))


def _unplayable(stream: Stream, of: int) -> str | None:
    if not stream.family.answered:
        return "not an external environment; `refold verify` re-runs its rules"
    if verify(stream) is not None:
        return "the recording is damaged; `refold verify` says where"
    return None if of else "it has no answer of an environment"


def _play_once(
    stream: Stream, open_world: OpenWorld, of: int, volatile: Sequence[str]
) -> LiveVerdict:
    try:
        world = open_world(stream.scenario)
    except RefoldError as error:
        return LiveVerdict("unplayable", 0, of, reason=str(error))
    try:
        world.volatile = (*world.volatile, *volatile)
        return _compare(stream, world, of)
    finally:
        world.close()


def _compare(stream: Stream, world: World, of: int) -> LiveVerdict:
    played = 0
    for each in put_again(world, stream, stream.started.seed):
        if each.fault is not None:
            again = played - world.repeated
            return LiveVerdict("unplayable", again, of, each.step + 1, reason=each.fault)
        played += 1
        if each.difference is not None:
            again = played - world.repeated
            return LiveVerdict("differs", again, of, each.step + 1, each.difference)
    return LiveVerdict("same", played - world.repeated, of)


def _changing_paths(stream: Stream, open_world: OpenWorld) -> list[str]:
    """Return the paths, without indexes, of values that differ between two fresh plays."""
    found: dict[str, None] = {}
    try:
        worlds = open_world(stream.scenario), open_world(stream.scenario)
    except RefoldError:
        return []
    try:
        for one, other in _play_both(stream, *worlds):
            for left, right in zip(one, other, strict=False):
                a, b = (msgspec.json.decode(encode(each)) for each in (left, right))
                found.update((each.general_path, None) for each in value_differences(a, b))
    finally:
        for world in worlds:
            world.close()
    return list(found)


def _play_both(stream: Stream, a: World, b: World) -> Iterator[tuple[Answers, Answers]]:
    """Yield what two fresh environments answer to each action, until one of them fails."""
    seed = stream.started.seed
    for step, (action, recorded) in enumerate(answered_actions(stream), start=-1):
        one, other = (
            world.begin(seed, recorded) if step < 0 else world.act(action, recorded)
            for world in (a, b)
        )
        yield one, other
        if fault_in(one) is not None or fault_in(other) is not None:
            return
