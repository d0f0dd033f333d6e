"""
External environments: what an episode asks of them, and how one is brought to where it stood.

An environment answers actions; its answers are recorded, so that a stream never needs it to be
read. It is needed to continue, and to check that it would answer the same again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec
from attrs import frozen

from refold.engine.codec import encode
from refold.engine.errors import NoWorld, WorldDiffers
from refold.engine.events import ActionTaken, Answer, EpisodeStarted, Event, Input, Remark
from refold.engine.values import ValueDifference, value_differences

PROVENANCE = "$.by"
"""Path of what answers are made by, such as releases: recorded, but no part of an answer."""

Answers = Sequence[Input]
"""What an environment says at once: one ``Answer``, and any number of ``Remark`` after it."""


class World(Protocol):
    """
    One run of an environment that is not refold's.

    Attributes:
        waits: Whether it answers only after waiting for others, such as a server.
        volatile: Paths of values that differ each time, as in ``$.observation.time``, with all
            that lies below them; ``[]`` stands for any index.
        repeated: Number of answers so far that were taken from the record, at least in part.
    """

    waits: bool
    volatile: Sequence[str]
    repeated: int

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """
        Begin, by the dice of *seed*, and return what can be seen then; called once, first.

        A failure is an answer too: one with a ``fault``. *recorded* is as in ``act``.
        """

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """
        Return the answers to *action*, JSON data; a failure is one with a ``fault``.

        *recorded* are those of an earlier run, if there was one. From them comes what cannot be
        made again, such as what a person said; all else is made again.
        """

    def close(self) -> None:
        """Free what the environment holds; nothing is asked of it after that."""


OpenWorld = Callable[[bytes], World]
"""Opens the environment of a scenario, given its canonical JSON, or raises ``RefoldError``."""


@frozen
class Comparison:
    """
    What a fresh environment answered, beside what was recorded.

    Attributes:
        step: The 0-based step; -1 for the beginning.
        difference: The first value that differs, the recorded one as ``a``; None if none does.
        fault: Why the environment gave no answer now; None if it gave one.
    """

    step: int
    difference: ValueDifference | None = None
    fault: str | None = None


def put_again(world: World, events: Sequence[Event], seed: int) -> Iterator[Comparison]:
    """
    Put each action of *events* to the fresh *world*, and yield how its answers compare.

    Ends after the first difference or failure, as an environment that has parted proves nothing
    further, and before a recorded fault, which was the failure of another day. The *seed* is the
    episode's.
    """
    for step, (action, recorded) in enumerate(answered_actions(events), start=-1):
        if fault_in(recorded) is not None:
            return
        again = world.begin(seed, recorded) if step < 0 else world.act(action, recorded)
        fault = fault_in(again)
        difference = None if fault else first_difference(recorded, again, world.volatile)
        yield Comparison(step, difference, fault)
        if fault is not None or difference is not None:
            return


def fault_in(answers: Answers) -> str | None:
    """Return why there is no answer among *answers*, in words; None if there is one."""
    found = (each.fault for each in answers if isinstance(each, Answer))
    return next((fault for fault in found if fault is not None), None)


def bring(world: World, events: Sequence[Event], seed: int) -> None:
    """
    Bring the fresh *world* to where *events* stand.

    Raises:
        WorldDiffers: It answers differently than recorded.
        NoWorld: It does not answer.
    """
    for each in put_again(world, events, seed):
        if each.fault is not None:
            raise NoWorld(f"environment: expected an answer, got none: {each.fault}")
        if each.difference is not None:
            raise WorldDiffers(each.step, each.difference)


class WorldHandle:
    """
    The environment of one episode, opened when it is first needed.

    Args:
        started: The episode's first event.
        open_world: Opens it; None if nothing may.

    Attributes:
        world: The environment while it is open, else None.
    """

    def __init__(self, started: EpisodeStarted, open_world: OpenWorld | None) -> None:
        self.world: World | None = None
        self._started = started
        self._open_world = open_world

    @property
    def can_open(self) -> bool:
        """Whether there is anything that opens it."""
        return self._open_world is not None

    def begin(self) -> Answers:
        """Open the environment and return its first answers; raises ``NoWorld`` if none may be."""
        return self._open().begin(self._started.seed)

    def act(self, action: Any) -> Answers:
        """Return what the open environment says to *action*; raises ``NoWorld`` if none is."""
        if self.world is None:
            raise NoWorld("environment: expected one that answers, got none; name it")
        return self.world.act(action)

    def bring(self, events: Sequence[Event]) -> None:
        """Open the environment and bring it to where *events* stand; raises as ``bring`` does."""
        bring(self._open(), events, self._started.seed)

    def close(self) -> None:
        """Free what the environment holds."""
        if self.world is not None:
            self.world.close()
        self.world = None

    def _open(self) -> World:
        if self._open_world is None:
            raise NoWorld("environment: expected the one of the episode, got none; name it")
        self.world = self._open_world(bytes(self._started.scenario))
        return self.world


def answered_actions(events: Sequence[Event]) -> Iterator[tuple[Any, list[Input]]]:
    """Yield None with the answers to the beginning, if any, then each action with its answers."""
    action: Any = None
    answers: list[Input] = []
    for event in events:
        if isinstance(event, ActionTaken):
            if answers:
                yield action, answers
            action, answers = event.action, []
        elif isinstance(event, Answer) or (isinstance(event, Remark) and answers):
            answers.append(event)
    if answers:
        yield action, answers


def first_difference(
    recorded: Answers, again: Answers, volatile: Sequence[str] = ()
) -> ValueDifference | None:
    """Return the first of ``answer_differences``, or None if there is none."""
    return next(answer_differences(recorded, again, volatile), None)


def answer_differences(
    recorded: Answers, again: Answers, volatile: Sequence[str] = ()
) -> Iterator[ValueDifference]:
    """
    Yield the values that differ between two lists of answers.

    Compared as they are stored, so that 1, 1.0 and true are three values. Paths begin at the
    answer: ``$.observation.position[0]``. Values at *volatile* paths are not compared.
    """
    for place in range(max(len(recorded), len(again))):
        was = encode(recorded[place]) if place < len(recorded) else b"null"
        now = encode(again[place]) if place < len(again) else b"null"
        if was == now:
            continue
        a, b = msgspec.json.decode(was), msgspec.json.decode(now)
        for each in value_differences(a, b, "$"):
            if not _lies_at(each.general_path, (*volatile, PROVENANCE)):
                yield each


def _lies_at(path: str, places: Sequence[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in places)
