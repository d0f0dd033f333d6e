"""A world outside as a target."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from attrs import frozen

from refold.agents import make_policy
from refold.agents.recorded import LIBRARY_AGENT, MODEL_AGENT
from refold.agents.rollout import epoch_seed
from refold.audits.findings import Check
from refold.audits.worlds import criteria, declaring, repeating, rewards, scoring, showing
from refold.audits.worlds.case import MOST_STEPS, WorldCase
from refold.engine import RefoldError
from refold.engine.registry import find_family
from refold.environments import Worlds
from refold.environments.python.programs import is_program, load_programs
from refold.scenarios import Scenario
from refold.solving import Limits

_MODELS = (f"{MODEL_AGENT}:", f"{LIBRARY_AGENT}:")
CHECKS: Sequence[Check] = (
    *repeating.CHECKS,
    *rewards.CHECKS,
    *declaring.CHECKS,
    *scoring.CHECKS,
    *showing.CHECKS,
    *criteria.CHECKS,
)
LIMITS = (
    "No agent of the panel invents an attack: that none succeeds does not mean that none can.",
    "An external environment is known by its answers alone: not seen in N plays does not mean "
    f"impossible, and plays are cut off after {MOST_STEPS} steps.",
    "A server keeps its process, so that a leak between its episodes may look random.",
    "Containers, networks and files that an environment uses are not checked.",
)


@frozen
class WorldTarget:
    """
    A world outside.

    Attributes:
        scenario: Its scenario.
        named: The worlds that the user has named.
        seed: The seed of the first episode.
        seeds: How many seeds are played.
        oracle: The agent that does all that is expected; None for the world's own, if it has one.
    """

    scenario: Scenario
    named: Sequence[str]
    seed: int
    seeds: int
    oracle: str | None

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def checks(self) -> Sequence[Check]:
        """The checks of worlds outside."""
        return CHECKS

    @property
    def limits(self) -> Sequence[str]:
        """What they do not show."""
        return LIMITS

    def check(self) -> None:
        """
        Check that the world can be opened, and that there is an oracle of that name.

        Raises:
            RefoldError: That is not so.
        """
        Worlds(self.named)(self.scenario.body).close()
        if self.oracle is None:
            return
        if is_program(self.oracle):
            load_programs([self.oracle])
        elif self.oracle.startswith(_MODELS):
            raise RefoldError(
                f"--oracle: expected an agent that asks no model, got {self.oracle!r}; record it "
                "with `refold record`, and audit that log"
            )
        else:
            family = find_family(self.scenario.family, self.scenario.rules)
            make_policy(self.oracle, family, seed=self.seed, scenario=self.scenario.body)

    @contextmanager
    def open(self, limits: Limits) -> Iterator[WorldCase]:
        """Return the world with its seeds."""
        seeds = [epoch_seed(self.seed, epoch) for epoch in range(self.seeds)]
        yield WorldCase(self.scenario, self.named, seeds, self.oracle, limits)
