"""A scenario as a target."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from attrs import frozen

from refold.audits.findings import Check
from refold.audits.scenarios import criteria, grading, reach, returns, rules, scores, worlds
from refold.audits.scenarios.case import ScenarioCase
from refold.audits.seeded import SeededTarget
from refold.solving import Limits

CHECKS: Sequence[Check] = (
    *scores.CHECKS,
    *reach.CHECKS,
    *criteria.CHECKS,
    *rules.CHECKS,
    *returns.CHECKS,
    *grading.CHECKS,
    *worlds.CHECKS,
)
LIMITS = (
    "A pass does not mean that it cannot be gamed: the panel is fixed, and nobody writes exploits.",
    "Proofs by search hold for the first seed only. Everything else was observed in the runs that "
    "were played: not seen in N runs does not mean impossible.",
    "Whether a task is worth doing, and whether its rules match real work, is not measured.",
)


@frozen
class ScenarioTarget(SeededTarget):
    """A scenario of a family that refold decides; its proofs are for the first seed."""

    checks: ClassVar[Sequence[Check]] = CHECKS
    limits: ClassVar[Sequence[str]] = LIMITS

    @contextmanager
    def open(self, limits: Limits) -> Iterator[ScenarioCase]:
        """Return the scenario with its worlds."""
        yield ScenarioCase(self.scenario, self.every_seed, limits)
