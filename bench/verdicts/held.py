"""A verdict held against forks."""

from attrs import frozen

from bench.verdicts.forks import falls
from refold.engine import Stream
from refold.graders import grade
from refold.project import PASS_AT
from refold.replays.verdict import Verdict, verdict

OUTCOMES = (
    "right",
    "next to it",
    "wrong",
    "unnamed",
    "named without a fall",
    "unnamed without a fall",
)
"""How a verdict can stand; without a fall, no step lowered what could be reached."""

_LEAST_FALL = 0.02
_ROUNDING_ERROR = 1e-9


@frozen
class Held:
    """A *verdict*, and by how much each step, from 1, lowered the score within reach: *falls*."""

    verdict: Verdict
    falls: tuple[float, ...]

    @property
    def outcome(self) -> str:
        """How it stands, one of ``OUTCOMES``."""
        steps, largest = set(self.verdict.steps), max(self.falls, default=0.0)
        if largest < _LEAST_FALL:
            return "named without a fall" if steps else "unnamed without a fall"
        if not steps:
            return "unnamed"
        if self.inside >= largest - _ROUNDING_ERROR:
            return "right"
        worst = self.falls.index(largest) + 1
        return "next to it" if {worst - 1, worst + 1} & steps else "wrong"

    @property
    def inside(self) -> float:
        """What the steps that it names cost."""
        return sum(self.falls[step - 1] for step in self.verdict.steps)


def hold(stream: Stream) -> Held:
    """Return the verdict on the ended episode *stream*, with the truth."""
    told = verdict(stream, grade(stream), pass_at=PASS_AT)
    assert told is not None
    return Held(told, tuple(falls(stream)))
