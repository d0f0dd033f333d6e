"""What targets share that are scenarios: the seeds that they are played with."""

from collections.abc import Sequence

from attrs import frozen

from refold.agents.rollout import epoch_seed
from refold.scenarios import Scenario


@frozen
class SeededTarget:
    """
    A scenario to be played with several seeds.

    Attributes:
        scenario: The scenario.
        seed: The first seed.
        seeds: How many there are.
    """

    scenario: Scenario
    seed: int
    seeds: int

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def every_seed(self) -> Sequence[int]:
        """The seeds, the first one first."""
        return [epoch_seed(self.seed, epoch) for epoch in range(self.seeds)]
