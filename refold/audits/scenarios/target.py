"""A scenario as a target."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from refold.agents.rollout import epoch_seed
from refold.audits.findings import Check
from refold.audits.scenarios import criteria, grading, reach, returns, rules, scores, worlds
from refold.audits.scenarios.case import ScenarioCase
from refold.scenarios import Scenario
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
class ScenarioTarget:
    """The *scenario* in as many *worlds*, the first of them that of *seed*."""

    scenario: Scenario
    seed: int
    worlds: int

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def checks(self) -> Sequence[Check]:
        """The checks of scenarios."""
        return CHECKS

    @property
    def limits(self) -> Sequence[str]:
        """What they do not show."""
        return LIMITS

    @contextmanager
    def open(self, limits: Limits) -> Iterator[ScenarioCase]:
        """Return the scenario with its worlds."""
        seeds = [epoch_seed(self.seed, epoch) for epoch in range(self.worlds)]
        yield ScenarioCase(self.scenario, seeds, limits)
