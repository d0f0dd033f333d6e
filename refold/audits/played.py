"""Episodes that an audit has played, in memory, with their grades."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from attrs import frozen

from refold.audits.findings import Shown
from refold.engine import ActionTaken, Stream
from refold.graders import Grade
from refold.solving import Solution


@frozen(eq=False)
class Played:
    """
    An episode that was played.

    Attributes:
        shown: Its agent and its events.
        grade: Its grade.
        total: Sum of its rewards.
        ended: Whether it came to an end.
    """

    shown: Shown
    grade: Grade
    total: float
    ended: bool

    @property
    def agent(self) -> str:
        """Who played it."""
        return self.shown.agent

    @property
    def stream(self) -> Stream:
        """Its events."""
        return self.shown.stream

    @property
    def episode(self) -> Shown:
        """The episode, as a measurement shows it."""
        return self.shown

    @property
    def score(self) -> float:
        """Its score."""
        return self.grade.score


Runs = Sequence[Played]
"""Episodes of one agent, one for each world."""


def actions_of(stream: Stream) -> list[Any]:
    """Return the actions of *stream*, in order."""
    return [event.action for event in stream if isinstance(event, ActionTaken)]


def mean_score(runs: Runs) -> float:
    """Return the mean score of *runs*."""
    return fmean(run.score for run in runs)


@frozen(eq=False)
class Best:
    """
    The best that is known.

    Attributes:
        runs: Episodes that reach it.
        solution: What the solver says of it; None for an oracle, which needs no proof.
    """

    runs: Runs
    solution: Solution | None

    @property
    def score(self) -> float:
        """Its mean score."""
        return mean_score(self.runs)

    @property
    def bound(self) -> float:
        """What no episode exceeds in what was looked for; of an oracle, what it reaches."""
        return self.score if self.solution is None else self.solution.bound

    @property
    def words(self) -> str:
        """How it is known."""
        found = self.solution
        if found is None:
            return f"played by {self.runs[0].shown.agent}"
        if found.proved:
            return "proved by search"
        return f"found by search, which shows no more than {found.bound:.4f} ({found.stopped})"
