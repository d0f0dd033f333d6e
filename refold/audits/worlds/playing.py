"""Graded plays of one external environment, each from its beginning."""

import asyncio
from collections.abc import Iterable
from typing import Any

from refold.agents import make_policy
from refold.agents.functions import FunctionPlayer
from refold.agents.rollout import next_action
from refold.audits.findings import Shown
from refold.audits.played import Played
from refold.audits.running import stop_at
from refold.audits.worlds.answers import actions_taken
from refold.engine import Episode, EpisodeInfo, InvalidAction, RefoldError, StepRewarded
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.presentation import Policy
from refold.engine.registry import find_family
from refold.engine.world import fault_in
from refold.environments import Worlds
from refold.environments.python.programs import is_program, load_programs
from refold.graders.grading import recorded_grader
from refold.scenarios import Scenario
from refold.scenarios.answered.events import EnvironmentBegan
from refold.solving import Limits

MOST_STEPS = 1_000
"""Steps after which a play is cut off that neither the environment nor its scenario ends."""
CUT_OFF = "audit"
"""Reason of such an end."""


class WorldPlays:
    """
    Plays the environment of *scenario*, which is opened by *worlds*, until *limits* are reached.

    Attributes:
        failures: Plays that a failure of the environment ended, so far.
    """

    def __init__(self, scenario: Scenario, worlds: Worlds, limits: Limits) -> None:
        self.failures: list[Played] = []
        self._scenario = scenario
        self._worlds = worlds
        self._limits = limits
        self._family = find_family(scenario.family, scenario.rules)
        self._grader = recorded_grader(scenario.body)

    def leave_at_once(self, seed: int) -> Played:
        """Return the play of an agent that leaves before it has done anything."""
        return self._played("leaves at once", self._begun(seed))

    def play(self, agent: str, policy: Policy, seed: int) -> Played | None:
        """Return what *policy* plays; None if it takes no action, or a failure."""
        episode = self._begun(seed)
        try:
            self._take_steps(episode, policy)
        except InvalidAction:
            return None
        finally:
            episode.close()
        played = self._played(agent, episode)
        if episode.end is not None and episode.end.reason == INSTRUMENT_FAILED:
            self.failures.append(played)
            return None
        return played if actions_taken(played) else None

    def follow(self, agent: str, actions: Iterable[Any], seed: int) -> Played | None:
        """Return the play in which *actions* are taken one after the other; None as ``play``."""
        rest = iter(actions)
        return self.play(agent, lambda shown, legal: next(rest, None), seed)

    def play_agent(self, name: str, seed: int) -> Played:
        """
        Return what the agent *name* plays, a built-in one or a program.

        Raises:
            RefoldError: It does not play, or the environment fails.
        """
        stop_at(self._limits)
        if is_program(name):
            return self._play_program(name, seed)
        policy = make_policy(name, self._family, seed=seed, scenario=self._scenario.body)
        played = self.play(name, policy, seed)
        if played is None:
            raise RefoldError(
                f"agent {name!r}: expected one that plays {self._scenario.name} to its end, "
                "got none"
            )
        return played

    def _take_steps(self, episode: Episode, policy: Policy) -> None:
        for _ in range(MOST_STEPS):
            stop_at(self._limits)
            action = None if episode.over else next_action(policy, episode)
            if action is None:
                return
            episode.step(action)
        if not episode.over:
            episode.truncate(CUT_OFF)

    def _play_program(self, name: str, seed: int) -> Played:
        ((shown, program),) = load_programs([name]).items()
        episode = self._begun(seed)
        try:
            info = EpisodeInfo(episode.id, self._scenario.name, seed, shown)
            asyncio.run(FunctionPlayer(program).play(episode, info))
        finally:
            episode.close()
        return self._played(shown, episode)

    def _begun(self, seed: int) -> Episode:
        episode = Episode.start(self._scenario, seed=seed, open_world=self._worlds)
        episode.begin()
        if episode.over:
            fault = fault_in(
                [each for each in episode.events if isinstance(each, EnvironmentBegan)]
            )
            raise RefoldError(
                f"{self._scenario.name}: expected an environment that begins, "
                f"got a failure: {fault}"
            )
        return episode

    def _played(self, agent: str, episode: Episode) -> Played:
        episode.close()
        stream = episode.events
        last = stream[-1]
        total = last.total if isinstance(last, StepRewarded) else 0.0
        return Played(Shown(agent, stream), self._grader(stream), total, episode.over)
