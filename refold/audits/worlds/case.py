"""An environment that is being audited: the plays that its checks share, each made once."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from attrs import frozen

from refold.audits.played import Played, Runs
from refold.audits.worlds.answers import actions_taken
from refold.audits.worlds.greedy import play_greedily
from refold.audits.worlds.leaves import observed
from refold.audits.worlds.moves import OfferMoves
from refold.audits.worlds.players import (
    MOST_REPEATED,
    RANDOM,
    REFUSED,
    WORDS,
    Ending,
    panel_players,
    silent_players,
    writer,
)
from refold.audits.worlds.playing import WorldPlays
from refold.audits.worlds.repeats import Repeats, repeat
from refold.engine import RefoldError
from refold.engine.codec import encode
from refold.engine.presentation import MakePolicy
from refold.engine.registry import ENVIRONMENTS, plugin
from refold.environments import Environment, Worlds
from refold.scenarios import Scenario
from refold.scenarios.answered.events import EnvironmentBegan, Offer
from refold.scenarios.answered.offer import OfferedActions
from refold.scenarios.answered.said import calls_in
from refold.solving import Limits


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
    An environment with the seeds that it is audited by.

    Attributes:
        scenario: Its scenario.
        named: The environments that the user has named.
        seeds: Seeds of the episodes.
        environment: The kind of environment that it is of.
        name: The scenario's name.
        ceiling: The highest score of its rubric.
        limits: When to stop.
        plays: What plays it.
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
        self._oracle = oracle or self.environment.oracle
        self.limits = limits
        self.plays = WorldPlays(scenario, Worlds(named), limits)

    @cached_property
    def at_once(self) -> Runs:
        """The agent that leaves before it has done anything."""
        return [self.plays.leave_at_once(seed) for seed in self._plain_seeds]

    @property
    def began(self) -> EnvironmentBegan:
        """What the environment said as it began."""
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
        """What agents play that do nothing, by name: its own, or who ends it at once."""
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
        refused = {REFUSED: self.refused} if self.refused else {}
        played = self._play_all(panel_players(self.moves, self._ending))
        ender = self.ender
        last = {} if ender is None else {f"always {ender}": self._ending_at_once[ender]}
        return {**refused, **played, **last}

    def trials(self, kind: str) -> Runs:
        """Return plays of the panel that begin with an action of *kind*; empty without any."""
        once = f"always {kind}, once, then {self.ender}"
        return self.panel.get(f"always {kind}", ()) or self.panel.get(once, ())

    @cached_property
    def refused(self) -> Runs:
        """What the player does whose actions fit no offer; empty where none is heard."""
        return self._play_all({REFUSED: self._silent[REFUSED]}).get(REFUSED, ())

    @cached_property
    def praised(self) -> Pair | None:
        """Plays with and without praise in each text; None where the environment takes no text."""
        if not self.moves.writing:
            return None
        players = {
            name: writer(self.moves, partial(_always, text), self._ending)
            for name, text in WORDS.items()
        }
        played = self._play_all(players)
        if len(played) < len(players):
            return None
        plain, praising = (played[name][0] for name in WORDS)
        return Pair(plain, praising)

    @cached_property
    def greedy(self) -> Runs:
        """Who takes what pays most at once; empty where there is nothing to choose from."""
        if not 1 < len(self.moves.kinds) <= MOST_REPEATED:
            return []
        played = [play_greedily(self.plays, self.moves, seed) for seed in self._plain_seeds]
        return [run for run in played if run is not None]

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
            RefoldError: Nothing was played, since the environment does not say what it takes.
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
        """What fresh environments answer to the actions of ``telling``; raises as it does."""
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
    def _silent(self) -> Mapping[str, MakePolicy]:
        """The players of the panel that write nothing."""
        return silent_players(self.moves)

    @cached_property
    def _ending(self) -> Ending | None:
        """What alone ends an episode, None if nothing does."""
        if self.ender is None:
            return None
        return Ending(self.ender, actions_taken(self._ending_at_once[self.ender][0])[0])

    @cached_property
    def _own_idle(self) -> Mapping[str, Runs]:
        """What the agents play that its kind of environment brings, but for the oracle."""
        own = self.environment.agents
        return {name: self._agent(name) for name in own if name != self.environment.oracle}

    @cached_property
    def _ending_at_once(self) -> Mapping[str, Runs]:
        """Plays of one action that ended the environment, by the kind of action."""
        for runs in self._own_idle.values():
            calls = [call for run in runs for call in calls_in(actions_taken(run)[0])]
            if _are_short(runs) and calls:
                return {calls[0]["name"]: runs}
        kinds = {f"always {kind}": kind for kind in self.moves.kinds}
        players = {name: self._silent[name] for name in kinds}
        found = self._play_all(players)
        return {kinds[name]: runs for name, runs in found.items() if _are_short(runs)}

    def _play_all(self, players: Mapping[str, MakePolicy]) -> Mapping[str, Runs]:
        """Return what *players* play, without those that met a failure or no action at all."""
        found: dict[str, Runs] = {}
        for name, make in players.items():
            seeds = self.seeds if name == RANDOM else self._plain_seeds
            runs = [self.plays.play(name, make(seed), seed) for seed in seeds]
            whole = [run for run in runs if run is not None]
            if len(whole) == len(runs):
                found[name] = whole
        return found

    def _agent(self, name: str) -> Runs:
        """Return what the agent *name* plays in each environment that differs."""
        return [self.plays.play_agent(name, seed) for seed in self._plain_seeds]


def _always(text: str, _shown: Any) -> str:
    return text


def _are_short(runs: Runs) -> bool:
    return all(run.ended and len(actions_taken(run)) == 1 for run in runs)


def _variety(run: Played) -> int:
    """Return how many different values *run* has seen."""
    return len({(path, encode(value)) for told in observed(run) for path, value in told})
