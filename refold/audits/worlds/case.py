"""A world outside that is being audited: the plays that its checks share, each made once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from attrs import frozen

from refold.agents import make_policy
from refold.agents.functions import FunctionPlayer
from refold.agents.rollout import next_action
from refold.audits.findings import Shown
from refold.audits.panel import TEXTS, make_panel
from refold.audits.played import Played, Runs
from refold.audits.running import stop_at
from refold.audits.worlds.answers import actions_taken
from refold.audits.worlds.leaves import observed
from refold.audits.worlds.moves import OfferMoves
from refold.audits.worlds.players import WORDS, then_end, writer
from refold.audits.worlds.repeats import Repeats, repeat
from refold.engine import Episode, EpisodeInfo, InvalidAction, RefoldError, StepRewarded
from refold.engine.codec import encode
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.presentation import MakePolicy, Policy
from refold.engine.registry import ENVIRONMENTS, find_family, plugin
from refold.engine.world import fault_in
from refold.environments import Environment, Worlds
from refold.environments.python.programs import is_program, load_programs
from refold.graders.grading import recorded_grader
from refold.scenarios import Scenario
from refold.scenarios.answered.events import EnvironmentBegan, Offer
from refold.scenarios.answered.offer import OfferedActions
from refold.scenarios.answered.said import calls_in
from refold.solving import Limits

MOST_STEPS = 1_000
"""Steps after which a play is cut off that neither the world nor its scenario ends."""
MOST_REPEATED = 8
"""Kinds of action up to which each is repeated for ever though another one ends the episode."""
CUT_OFF = "audit"
"""Reason of such an end."""
RANDOM, REFUSED = "random", "only what is refused"
"""Two players of the panel."""


@frozen
class Pair:
    """Plays that differ in one text only, which is *plain* in one, and *praising* in the other."""

    plain: Played
    praising: Played

    @property
    def gain(self) -> float:
        """What praise adds to the score."""
        return self.praising.score - self.plain.score


class WorldCase:
    """
    A world with the seeds that it is audited by.

    Attributes:
        scenario: Its scenario.
        named: The worlds that the user has named.
        seeds: Seeds of the episodes.
        environment: The kind of environment that it is of.
        name: The scenario's name.
        ceiling: The highest score of its rubric.
        failures: Plays that a failure of the world ended, so far.
    """

    def __init__(
        self,
        scenario: Scenario,
        named: Sequence[str],
        seeds: Sequence[int],
        oracle: str | None,
        limits: Limits,
    ) -> None:
        self.scenario = scenario
        self.named = named
        self.seeds = seeds
        self.environment: Environment = plugin(
            ENVIRONMENTS, scenario.parameters.environment, "environment"
        )
        self.name = scenario.name
        self.ceiling = scenario.rubric.ceiling
        self.failures: list[Played] = []
        self._oracle = oracle or self.environment.oracle
        self._limits = limits
        self._worlds = Worlds(named)
        self._family = find_family(scenario.family, scenario.rules)
        self._grader = recorded_grader(scenario.body)

    @cached_property
    def at_once(self) -> Runs:
        """The agent that leaves before it has done anything."""
        return [self._played("leaves at once", self._begun(seed)) for seed in self._plain_seeds]

    @property
    def began(self) -> EnvironmentBegan:
        """What the world said as it began."""
        events = self.at_once[0].shown.stream
        return next(event for event in events if isinstance(event, EnvironmentBegan))

    @property
    def offer(self) -> Offer:
        """The actions that it takes; an empty offer where it says nothing of them."""
        return self.began.offer or Offer()

    @cached_property
    def moves(self) -> OfferMoves:
        """What can be done in it."""
        return OfferMoves(OfferedActions(self.offer))

    @cached_property
    def idle(self) -> Mapping[str, Runs]:
        """What agents play that do nothing, by name: the world's own, or who ends it at once."""
        if self._own_idle or self.ender is None:
            return self._own_idle
        return {f"ending at once by {self.ender}": self._ending_at_once[self.ender]}

    @cached_property
    def ender(self) -> str | None:
        """The kind of action that alone ends an episode, None if none does."""
        return next(iter(self._ending_at_once), None)

    @cached_property
    def panel(self) -> Mapping[str, Runs]:
        """What the panel plays, by the players' names; without those that it refuses to hear."""
        silent = {name: make for name, make in self._silent_players.items() if name != REFUSED}
        refused = {REFUSED: self.refused} if self.refused else {}
        texts = (
            {f"writes {name}": self._writer(write) for name, write in TEXTS.items()}
            if self.moves.writing
            else {}
        )
        ender = self.ender
        if ender is None:
            return {**refused, **self._play_all({**silent, **texts})}
        end = self._end
        once = {
            f"{name}, once, then {ender}": then_end(make, end)
            for name, make in silent.items()
            if name.startswith("always ") and name != f"always {ender}"
        }
        # Of many tools, each is tried once, as most end an episode by nothing that is repeated.
        few = len(self.moves.kinds) <= MOST_REPEATED
        for_ever = {name: silent[name] for name in silent if few or not name.startswith("always ")}
        played = self._play_all({**for_ever, **once, **texts})
        return {**refused, **played, f"always {ender}": self._ending_at_once[ender]}

    def trials(self, kind: str) -> Runs:
        """Return plays of the panel that begin with an action of *kind*; empty without any."""
        once = f"always {kind}, once, then {self.ender}"
        return self.panel.get(f"always {kind}", ()) or self.panel.get(once, ())

    @cached_property
    def refused(self) -> Runs:
        """What the player does whose actions fit no offer; empty where the world hears none."""
        return self._play_all({REFUSED: self._silent_players[REFUSED]}).get(REFUSED, ())

    @cached_property
    def praised(self) -> Pair | None:
        """Plays with and without praise in each text; None where the environment takes no text."""
        if not self.moves.writing:
            return None
        players = {name: self._writer(partial(_always, text)) for name, text in WORDS.items()}
        played = self._play_all(players)
        if len(played) < len(players):
            return None
        plain, praising = (played[name][0] for name in WORDS)
        return Pair(plain, praising)

    @cached_property
    def oracle(self) -> Runs | None:
        """What the agent plays that does all that is expected; None if none is known."""
        return None if self._oracle is None else self._agent(self._oracle)

    @cached_property
    def all_runs(self) -> Sequence[Played]:
        """Every play."""
        groups = [*self.panel.values(), *self.idle.values(), self.oracle or (), self.at_once]
        return [run for runs in groups for run in runs]

    @cached_property
    def telling(self) -> Played:
        """
        The play, of actions that fit the offer, in which most different values were seen.

        Raises:
            RefoldError: Nothing was played, since the world does not say what it takes.
        """
        runs = [run for run in self.all_runs if actions_taken(run) and run.shown.agent != REFUSED]
        if not runs:
            raise RefoldError(
                f"{self.name}: expected an environment that declares its actions, got another; "
                "--oracle AGENT names an agent that knows"
            )
        return max(runs, key=_variety)

    @cached_property
    def repeats(self) -> Repeats:
        """What fresh worlds answer to the actions of ``telling``; raises as it does."""
        run = self.telling
        seed = run.shown.seed
        return repeat(
            self.scenario.body,
            self.named,
            seed=seed,
            other_seed=seed - 1 if seed else 1,
            actions=actions_taken(run),
        )

    @property
    def seed_does_nothing(self) -> bool:
        """Whether another seed changes no answer; raises as ``repeats`` does."""
        if not self.environment.seeded:
            return True
        return not self.repeats.between(self.repeats.first, self.repeats.other_seed)

    @property
    def _plain_seeds(self) -> Sequence[int]:
        """The seeds that differ for players that roll no dice."""
        return self.seeds if self.environment.seeded else self.seeds[:1]

    @cached_property
    def _silent_players(self) -> Mapping[str, MakePolicy]:
        """The players of the panel that write nothing."""
        moves = self.moves
        return make_panel(lambda legal: moves, moves.kinds, writing=())

    def _writer(self, write: Callable[[Any], str]) -> MakePolicy:
        """Return what makes the player that writes into each text that there is, and then ends."""
        make = writer(self.moves, write, self.ender)
        kinds = self.moves.writing
        ends = self.ender is None or self.ender in kinds
        return make if ends else then_end(make, self._end, after=len(kinds))

    @property
    def _end(self) -> Any:
        """The action that ends an episode, where there is one."""
        return actions_taken(self._ending_at_once[self.ender or ""][0])[0]

    @cached_property
    def _own_idle(self) -> Mapping[str, Runs]:
        """What the agents play that its kind of world brings, but for the oracle."""
        own = self.environment.agents
        return {name: self._agent(name) for name in own if name != self.environment.oracle}

    @cached_property
    def _ending_at_once(self) -> Mapping[str, Runs]:
        """Plays of one action that ended the world, by the kind of action."""
        for runs in self._own_idle.values():
            calls = [call for run in runs for call in calls_in(actions_taken(run)[0])]
            if _are_short(runs) and calls:
                return {calls[0]["name"]: runs}
        kinds = {f"always {kind}": kind for kind in self.moves.kinds}
        players = {name: self._silent_players[name] for name in kinds}
        found = self._play_all(players)
        return {kinds[name]: runs for name, runs in found.items() if _are_short(runs)}

    def _play_all(self, players: Mapping[str, MakePolicy]) -> Mapping[str, Runs]:
        """Return what *players* play, without those that met a failure or no action at all."""
        found: dict[str, Runs] = {}
        for name, make in players.items():
            seeds = self.seeds if name == RANDOM else self._plain_seeds
            runs = [self._play(name, make(seed), seed) for seed in seeds]
            whole = [run for run in runs if run is not None]
            if len(whole) == len(runs):
                found[name] = whole
        return found

    def _play(self, agent: str, policy: Policy, seed: int) -> Played | None:
        """Return what *policy* plays; None if it takes no action, or the world fails or refuses."""
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

    def _take_steps(self, episode: Episode, policy: Policy) -> None:
        for _ in range(MOST_STEPS):
            stop_at(self._limits)
            action = None if episode.over else next_action(policy, episode)
            if action is None:
                return
            episode.step(action)
        if not episode.over:
            episode.truncate(CUT_OFF)

    def _agent(self, name: str) -> Runs:
        """Return what the agent *name* plays in each world that differs."""
        return [self._play_agent(name, seed) for seed in self._plain_seeds]

    def _play_agent(self, name: str, seed: int) -> Played:
        stop_at(self._limits)
        if is_program(name):
            return self._play_program(name, seed)
        policy = make_policy(name, self._family, seed=seed, scenario=self.scenario.body)
        played = self._play(name, policy, seed)
        if played is None:
            raise RefoldError(
                f"agent {name!r}: expected one that plays {self.name} to its end, got none"
            )
        return played

    def _play_program(self, name: str, seed: int) -> Played:
        ((shown, program),) = load_programs([name]).items()
        episode = self._begun(seed)
        try:
            info = EpisodeInfo(episode.id, self.name, seed, shown)
            asyncio.run(FunctionPlayer(program).play(episode, info))
        finally:
            episode.close()
        return self._played(shown, episode)

    def _begun(self, seed: int) -> Episode:
        episode = Episode.start(self.scenario, seed=seed, open_world=self._worlds)
        episode.begin()
        if episode.over:
            fault = fault_in(
                [each for each in episode.events if isinstance(each, EnvironmentBegan)]
            )
            raise RefoldError(
                f"{self.name}: expected an environment that begins, got a failure: {fault}"
            )
        return episode

    def _played(self, agent: str, episode: Episode) -> Played:
        episode.close()
        stream = episode.events
        last = stream[-1]
        total = last.total if isinstance(last, StepRewarded) else 0.0
        return Played(Shown(agent, stream), self._grader(stream), total, episode.over)


def _always(text: str, _shown: Any) -> str:
    return text


def _are_short(runs: Runs) -> bool:
    return all(run.ended and len(actions_taken(run)) == 1 for run in runs)


def _variety(run: Played) -> int:
    """Return how many different values *run* has seen."""
    return len({(path, encode(value)) for told in observed(run) for path, value in told})
