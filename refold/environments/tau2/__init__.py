"""
``tau2:DOMAIN`` and ``tau2:DOMAIN/TASK``: the tasks of tau2-bench, with the grade that it gives.

With ``?user=openai:MODEL`` a model plays the user, as in tau2. Without it nobody does: the first
message says all that the user wants, and in telecom, where users have tools of their own, the
agent works a ticket with the tools of both sides, which tau2 calls its solo mode.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.presentation import Policy
from refold.engine.world import World
from refold.environments.kind import Environment, answered_scenario
from refold.environments.options import format_options
from refold.environments.tau2.addresses import (
    check_domain,
    check_options,
    describe_aim,
    read_address,
)
from refold.environments.tau2.installed import find_domain
from refold.environments.tau2.turns import not_yet_taken
from refold.scenarios import Scenario
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.rubric import Criterion

_REWARD = Criterion("reward", 1.0, "score", {"name": "reward"})


class Tau2Environment(Environment):
    """The tasks of an installed tau2-bench."""

    agents: Mapping[str, str] = {
        "noop": "ends at once, without a word",
        "gold": "does and says what the task expects, then ends",
    }
    oracle = "gold"
    seeded = False

    def names(self, address: str) -> Sequence[str]:
        """Return *address*, or all tasks of the domain that it names, each with its options."""
        domain, task, options = read_address(address)
        if task:
            return [address]
        return [f"{domain}/{each}{format_options(options)}" for each in find_domain(domain).names]

    def describe(self, address: str) -> Scenario:
        """Return the scenario of the task at *address*; its database is not read."""
        domain, task, options = read_address(address)
        find_domain(domain).task(task)
        name = f"tau2:{domain}/{task}{format_options(options)}"
        solo = domain == "telecom" and "user" not in options
        parameters = AnsweredParameters(
            environment="tau2",
            name=domain,
            task=task,
            options={**options, "solo": True} if solo else options,
        )
        return answered_scenario(
            name, parameters, description=describe_aim(solo=solo), criterion=_REWARD
        )

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """Return the environment of a task: it runs nothing but what is installed."""
        check_domain(parameters.name)
        options = check_options(parameters.name, parameters.options)
        domain = find_domain(parameters.name)
        return domain.open(parameters.task, user=options.user, volatile=parameters.volatile)

    def policy(
        self, agent: str, parameters: AnsweredParameters, seed: int, taken: Sequence[Any] = ()
    ) -> Policy:
        """Return the policy ``noop`` or ``gold`` for a task."""
        actions: list[Any] = [{"tool_calls": [{"name": "done", "arguments": {}}]}]
        if agent == "gold":
            options = check_options(parameters.name, parameters.options)
            domain = find_domain(parameters.name)
            if parameters.name == "telecom" and options.user is not None:
                raise RefoldError(
                    "agent 'gold': expected tau2:telecom without --user, since the user does half "
                    "of what its tasks expect, got one with; leave --user out"
                )
            actions = [*not_yet_taken(domain.gold_actions(parameters.task), taken), *actions]
        rest = iter(actions)
        return lambda observation, legal: next(rest, None)

    def solution(self, parameters: AnsweredParameters) -> Sequence[str]:
        """Return what the task wants to be told."""
        return find_domain(parameters.name).wanted_words(parameters.task)


TAU2 = Tau2Environment()
