"""An external environment as a target."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from attrs import frozen

from refold.agents import make_policy
from refold.agents.api_settings import LIBRARY_AGENT, MODEL_AGENT
from refold.audits.findings import Check
from refold.audits.seeded import SeededTarget
from refold.audits.worlds import criteria, declaring, grading, repeating, rewards, scoring, showing
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.playing import MOST_STEPS
from refold.engine import RefoldError
from refold.engine.registry import find_family
from refold.environments import Worlds
from refold.environments.python.programs import is_program, load_programs
from refold.solving import Limits

_MODELS = (f"{MODEL_AGENT}:", f"{LIBRARY_AGENT}:")
CHECKS: Sequence[Check] = (
    *repeating.CHECKS,
    *rewards.CHECKS,
    *declaring.CHECKS,
    *scoring.CHECKS,
    *showing.CHECKS,
    *criteria.CHECKS,
    *grading.CHECKS,
)
LIMITS = (
    "No agent of the panel invents an attack: that none succeeds does not mean that none can.",
    "An external environment is known by its answers alone: not seen in N plays does not mean "
    f"impossible, and plays are cut off after {MOST_STEPS} steps.",
    "A server keeps its process, so that a leak between its episodes may look random.",
    "Containers, networks and files that an environment uses are not checked.",
)


@frozen
class WorldTarget(SeededTarget):
    """
    An external environment.

    Attributes:
        named: The environments that the user has named.
        oracle: The agent that does all that is expected; None for its own, if it has one.
    """

    checks: ClassVar[Sequence[Check]] = CHECKS
    limits: ClassVar[Sequence[str]] = LIMITS
    named: Sequence[str]
    oracle: str | None

    def check(self) -> None:
        """
        Check that the environment can be opened, and that there is an oracle of that name.

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
        """Return the environment with its seeds."""
        yield WorldCase(self.scenario, self.named, self.every_seed, self.oracle, limits)
