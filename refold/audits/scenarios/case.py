"""A scenario that is being audited: the runs that its checks share, each made once."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

from refold.agents import make_policy
from refold.agents.policies import noop, uniform
from refold.agents.rollout import SeerPolicy, next_action
from refold.audits.findings import Shown
from refold.audits.panel import LONGEST_TEXT, TEXTS, make_panel
from refold.audits.played import Best, Played, Runs
from refold.audits.running import LimitReached, stop_at
from refold.audits.scenarios.moves import FamilyMoves, kinds_of, text_fields
from refold.engine import Episode, RefoldError, StepRewarded, fold
from refold.engine.folding import step_ranges
from refold.engine.presentation import MakePolicy, Obstacle, Policy
from refold.engine.registry import find_family
from refold.graders.grading import recorded_grader
from refold.scenarios import Scenario
from refold.scenarios.blind import BLIND
from refold.scenarios.looking_ahead import best_at_once
from refold.scenarios.search import Move, Objective
from refold.solving import Limits, play_actions, solve

T = TypeVar("T")

_STEPS_BETWEEN_LOOKS = 100

EXPLORERS = 20
"""Runs by dice that are played only to see what can happen."""

SEARCH = 0.2
"""Share of the time that one search may take, so that the others can begin."""

MOST_STEPS = 10_000
"""Steps after which an episode is left that its rules do not end."""

PANEL_ONLY = ("first legal", "last legal")
"""Agents of BLIND that the general panel has no like of."""


class ScenarioCase:
    """
    A scenario with the worlds that it is audited in.

    Attributes:
        scenario: The scenario.
        family: Its family.
        seeds: Seeds of the worlds, the first of them that of all proofs.
        limits: When to stop.
    """

    def __init__(self, scenario: Scenario, seeds: Sequence[int], limits: Limits) -> None:
        self.scenario = scenario
        self.family = find_family(scenario.family, scenario.rules)
        self.seeds = seeds
        self.limits = limits
        self._grader = recorded_grader(scenario.body)
        self._found: dict[Hashable, Any] = {}

    def play(self, agent: str, policy: Policy, seed: int) -> Played:
        """
        Return the episode that *policy* plays in the world of *seed*, as the agent called *agent*.

        It is left after MOST_STEPS.

        Raises:
            LimitReached: There is no time left.
        """
        episode = Episode.start(self.scenario, seed=seed)
        for step in range(MOST_STEPS):
            if step % _STEPS_BETWEEN_LOOKS == 0:
                stop_at(self.limits)
            action = None if episode.over else next_action(policy, episode)
            if action is None:
                break
            episode.step(action)
        return self.played(agent, episode)

    def follow(self, agent: str, actions: Iterable[Any], seed: int) -> Played:
        """Return the episode in which *actions* are taken one after the other, up to its end."""
        rest = iter(actions)
        return self.play(agent, lambda shown, legal: next(rest, None), seed)

    def played(self, agent: str, episode: Episode) -> Played:
        """Return *episode*, played by the agent called *agent*, with its grade."""
        stream = episode.events
        last = stream[-1]
        total = last.total if isinstance(last, StepRewarded) else 0.0
        return Played(Shown(agent, stream), self._grader(stream), total, episode.over)

    @cached_property
    def at_once(self) -> Runs:
        """The agent that leaves before it has done anything."""
        return [
            self.played("leaves at once", Episode.start(self.scenario, seed=seed))
            for seed in self.seeds
        ]

    @cached_property
    def idle(self) -> Runs | None:
        """The agent that does nothing to the end; None where that is impossible."""
        if self.family.wait is None:
            return None
        return [self.play("noop", noop(self.family), seed) for seed in self.seeds]

    @cached_property
    def panel(self) -> Mapping[str, Runs]:
        """What the panel plays, by the players' names."""
        family, kinds = self.family, kinds_of(self.family)
        players = make_panel(
            partial(FamilyMoves, family),
            kinds,
            writing=[kind for kind in kinds if text_fields(family, kind)],
            wait=family.wait,
        )
        players |= {name: BLIND[name] for name in PANEL_ONLY}
        return self._all_worlds(players)

    @cached_property
    def canaries(self) -> Mapping[str, Runs]:
        """What the family's own canaries play, by name."""
        return self._all_worlds(self.family.canaries)

    @cached_property
    def honest(self) -> Mapping[str, Runs]:
        """What the family's built-in agents play that see no more than others."""
        return self._builtin(*self.family.policies, *self.family.players)

    @cached_property
    def greedy(self) -> Mapping[str, Runs]:
        """What agents play that try what pays: all that see what is hidden, but the oracle."""
        seers = [name for name in self.family.seers if name != self.family.oracle]
        general = {"greedy by reward": lambda seed: SeerPolicy(self._pays_most)}
        return {**self._all_worlds(general), **self._builtin(*seers)}

    @property
    def best(self) -> Best:
        """
        The best that is known: the oracle in each world, or the solver's in the first.

        Raises:
            LimitReached: The solver has found no episode that ends in its time.
        """
        if isinstance(self._best, LimitReached):
            raise self._best
        return self._best

    @cached_property
    def _best(self) -> Best | LimitReached:
        oracle = self.family.oracle
        if oracle is not None:
            return Best(self._builtin(oracle)[oracle], None)
        try:
            return self.solve(self.scenario, "score")
        except LimitReached as reached:  # once is enough: the checks that need none have the rest
            return reached

    def comparable(self, runs: Runs) -> Runs:
        """Return those of *runs*, one for each world, in whose world the best is known."""
        return runs[: len(self.best.runs)]

    @cached_property
    def best_return(self) -> Best:
        """What the solver finds for the return, with the first seed; raises as ``best`` does."""
        return self.solve(self.scenario, "return")

    def remember(self, key: Hashable, find: Callable[[], T]) -> T:
        """Return what *find* returns, found once for each *key*."""
        if key not in self._found:
            self._found[key] = find()
        found: T = self._found[key]
        return found

    def view(self, run: Played, at: int | None = None) -> Mapping[str, Any] | None:
        """Return what a watcher sees of *run* after *at* actions; at its end if that is None."""
        ranges = step_ranges(run.stream)
        if at is not None and at >= len(ranges):
            return None
        stop = ranges[-1 if at is None else at].stop
        return self.family.view(fold(run.stream[:stop], family=self.family))

    @cached_property
    def obstacles(self) -> Sequence[Obstacle]:
        """What the first world puts in the way."""
        started = Episode.start(self.scenario, seed=self.seeds[0])
        return self.family.obstacles(started.state)

    def met(self, run: Played) -> Collection[str]:
        """Return the names of the obstacles that *run* meets."""
        return self.remember(("met", run.stream.digest), lambda: self._find_met(run))

    def _find_met(self, run: Played) -> Collection[str]:
        stream, met = run.stream, set[str]()
        left, state = list(self.obstacles), None
        for seqs in step_ranges(stream):
            state = fold(stream[seqs.start : seqs.stop], family=self.family, start=state)
            met |= {each.name for each in left if each.met(state)}
            left = [each for each in left if each.name not in met]
        return met

    def solve(
        self,
        scenario: Scenario,
        objective: Objective,
        *,
        agent: str | None = None,
        allowed: Callable[[Move], bool] = lambda move: True,
    ) -> Best:
        """
        Return what the solver finds in *scenario*, one of this family, with the first seed.

        Args:
            scenario: This one, perhaps with another rubric.
            objective: What to maximise.
            agent: The agent that plays it, where that is not the best of this scenario.
            allowed: Which moves it may make.

        Raises:
            LimitReached: It has found no episode that ends in its time.
        """
        stop_at(self.limits)
        limits, seed = self.limits.part(SEARCH), self.seeds[0]
        try:
            found = solve(scenario, objective=objective, seed=seed, limits=limits, allowed=allowed)
        except RefoldError:
            stop_at(limits)
            raise
        episode = play_actions(self.scenario, found.seed, found.actions)
        return Best([self.played(agent or found.agent, episode)], found)

    @cached_property
    def explorers(self) -> Runs:
        """Agents that roll dice, with the first seed, each with dice of its own."""
        return [
            self.play("random", uniform(self.seeds[0], epoch), self.seeds[0])
            for epoch in range(1, EXPLORERS + 1)
        ]

    @cached_property
    def all_runs(self) -> Sequence[Played]:
        """Every run but the solver's for the return."""
        return [*self.explorers, *(run for runs in self._by_player for run in runs)]

    @cached_property
    def samples(self) -> Sequence[Played]:
        """One run of each player, with the first seed."""
        return [runs[0] for runs in self._by_player]

    @property
    def _by_player(self) -> Iterator[Runs]:
        for players in (self.panel, self.canaries, self.honest, self.greedy):
            yield from players.values()
        if isinstance(self._best, Best):
            yield self._best.runs
        yield self.at_once
        if self.idle is not None:
            yield self.idle

    def _builtin(self, *names: str) -> Mapping[str, Runs]:
        return {
            name: [
                self.play(name, make_policy(name, self.family, seed=seed), seed)
                for seed in self.seeds
            ]
            for name in names
        }

    def _all_worlds(self, players: Mapping[str, MakePolicy]) -> Mapping[str, Runs]:
        return {
            name: [self.play(name, make(seed), seed) for seed in self.seeds]
            for name, make in players.items()
        }

    def _pays_most(self, state: Any) -> Any:
        """Take what pays most at once, among it an echo of what is seen."""
        family = self.family
        legal = family.legal_actions(state)
        moves, shown = FamilyMoves(family, legal), family.observe(state)
        texts = [write(shown)[:LONGEST_TEXT] for write in TEXTS.values()]
        written = (moves.written(kind, text) for kind in kinds_of(family) for text in texts)
        actions = [*legal, *(action for action in written if action is not None)]
        return best_at_once(state, actions, family.decide)[0]
