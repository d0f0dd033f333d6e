"""
What an audit says: a check, what it measured, and whether that is within its bound.

A check measures and has no say in the verdict, which follows from value and bound alone.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from attrs import field, frozen

from refold.engine import Stream

Side = Literal["at least", "at most"]
Verdict = Literal["pass", "fail", "skip", "error"]

_NOISE = 1e-9
"""How far a sum of floats may be on the wrong side of a bound."""


@frozen(eq=False)
class Shown:
    """
    An episode that shows something, not recorded yet.

    Attributes:
        agent: Who played it.
        stream: Its events.
        seed: The seed of its world.
    """

    agent: str
    stream: Stream

    @property
    def seed(self) -> int:
        """The seed of its world."""
        return self.stream.started.seed


@frozen
class Stored:
    """An episode that shows something: its *id* in the log at the path *log*."""

    id: str
    log: str


@frozen
class Measurement:
    """
    What a check measured.

    Attributes:
        part: What of the target: a criterion, a constraint; empty for the whole.
        value: The figure; None if it cannot be told, which is no failure.
        bound: What it is held against.
        about: What that means, one sentence.
        episode: What shows it, if anything: an episode to be recorded, or one that is.
    """

    part: str
    value: float | None
    bound: float | None
    about: str
    episode: Shown | Stored | None = None


@frozen
class Check:
    """
    A check of one kind of target.

    Attributes:
        id: Its name, as in RFC 008 of OpenEnv where that has one: ``semantic.floor_gap``.
        title: What holds where it passes, a few words.
        side: Whether the value has to be at least, or at most, the bound.
        measure: From what its kind of target opens to the measurements, lazily.
    """

    id: str
    title: str
    side: Side
    measure: Callable[[Any], Iterable[Measurement]] = field(repr=False)

    def verdict(self, measured: Measurement) -> Verdict:
        """Return whether *measured* is within its bound."""
        value, bound = measured.value, measured.bound
        if value is None or bound is None:
            return "skip"
        beyond = bound - value if self.side == "at least" else value - bound
        return "fail" if beyond > _NOISE else "pass"


@frozen
class Finding:
    """
    The answer of a check on one part of a target.

    Attributes:
        check: The check's id.
        title: What holds where it passes.
        target: What was audited.
        part: What of it was measured; empty for the whole.
        verdict: Whether the value is within the bound; ``skip`` if it cannot be told, ``error``
            if the check could not run.
        value: The figure, or None.
        side: Whether it has to be at least, or at most, the bound.
        bound: What it is held against, or None.
        episode: The episode that shows it, or None.
        about: What it means, one sentence; the reason of a ``skip`` or an ``error``.
    """

    check: str
    title: str
    target: str
    part: str
    verdict: Verdict
    value: float | None
    side: Side
    bound: float | None
    episode: Stored | None
    about: str

    @property
    def subject(self) -> str:
        """What was measured, in one text."""
        return f"{self.target}: {self.part}" if self.part else self.target
