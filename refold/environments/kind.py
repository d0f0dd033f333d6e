"""What a kind of environment is, for those that ship and for other packages."""

from collections.abc import Mapping, Sequence
from typing import Any

from refold.engine.errors import NoWorld
from refold.engine.presentation import Policy
from refold.engine.world import World
from refold.scenarios import Rubric, Scenario
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.rubric import Criterion


class Environment:
    """
    A kind of environment, such as Gymnasium's.

    Subclasses say what it is; an instance is named by an entry point of the group
    ``refold.environments``, and the entry point's name is the part of a scenario's name before
    the colon. What follows the colon is called the address.
    """

    agents: Mapping[str, str] = {}
    """Agents that play these environments alone, with a few words on each."""

    oracle: str | None = None
    """Which of them does all that a task expects, if one is known to."""

    seeded: bool = True
    """Whether these environments draw anything by the seed of an episode."""

    def names(self, address: str) -> Sequence[str]:
        """Return the addresses that *address* stands for: itself, or all tasks of a benchmark."""
        return [address]

    def describe(self, address: str) -> Scenario:
        """
        Return the scenario of the environment at *address*, without opening it.

        Raises:
            RefoldError: There is none.
        """
        raise NotImplementedError

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """
        Return a fresh environment of a scenario.

        Args:
            parameters: The scenario's. They may come from a stranger's log.
            addresses: Those of this kind that the user has named.

        Raises:
            NoWorld: It may be opened only where the user names it, which no address does.
            RefoldError: It cannot be opened.
        """
        raise NotImplementedError

    def policy(
        self, agent: str, parameters: AnsweredParameters, seed: int, taken: Sequence[Any] = ()
    ) -> Policy:
        """
        Return the policy of one of ``agents`` for one episode of a scenario.

        Args:
            agent: One of ``agents``.
            parameters: The scenario's.
            seed: The episode's.
            taken: The actions before the agent's first, where it continues with a fork.
        """
        raise NotImplementedError

    def solution(self, parameters: AnsweredParameters) -> Sequence[str]:
        """Return what an agent of a scenario has to find out and say, as far as that is known."""
        return ()


def answered_scenario(
    name: str,
    parameters: AnsweredParameters,
    *,
    title: str = "",
    description: str = "",
    seed: int = 0,
    criterion: Criterion | None = None,
) -> Scenario:
    """
    Return the scenario *name* of an external environment.

    Args:
        name: As the user names it, without an address of a machine.
        parameters: Which environment it is.
        title: A few words for lists; the name if empty.
        description: The task, as the agent reads it.
        seed: Seed of its episodes, unless another is given.
        criterion: The one criterion that it is scored by; by default the sum of the rewards, of
            which 0 is worth 0 and 1 is worth 1.
    """
    sum_of_rewards = Criterion("reward", 1.0, "reward", {"low": 0.0, "high": 1.0})
    return Scenario(
        name=name,
        family="answered",
        rules=1,
        title=title or name,
        description=description,
        seed=seed,
        parameters=parameters,
        rubric=Rubric(
            name=f"answered-{parameters.environment}",
            version=1,
            criteria=(criterion or sum_of_rewards,),
        ),
    )


def no_world(environment: str, example: Any) -> NoWorld:
    """Return the error of an environment that nobody named; *example* is an address of one."""
    return NoWorld(
        f"environment: expected {environment}:… to be named, since a log opens none by itself; "
        f"add --world {environment}:{example}"
    )
