"""
What another grader moved, over any number of episodes: one report from old and new grades.

Episodes are added one at a time; of each, two scores and its place are kept, of those that moved a
little more. What moved on these episodes is exact. Only what is said of other scenarios, or of the
order of agents, has an interval or a p-value.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attrs import define, field, frozen

from refold.graders.changes import ROUNDING_ERROR, PartChange
from refold.graders.regrading import RegradedEpisode
from refold.reports.regrading.agents import AgentRow, agent_rows
from refold.reports.regrading.causes import Cause, Causes
from refold.reports.regrading.idle import IdleCriteria, IdleCriterion
from refold.reports.regrading.moves import LargestMove, Move, Moves
from refold.reports.regrading.order import AgentPair, agent_pairs
from refold.reports.regrading.scores import Scores
from refold.reports.regrading.shift import Shift, shift_of
from refold.reports.regrading.verdict import RegradeVerdict, verdict_of
from refold.scenarios.keys import ScenarioKey


@frozen
class RegradeReport:
    """
    What another grader moved.

    Attributes:
        verdict: In short.
        episodes: Number of episodes compared.
        scenarios: By name, how many episodes were compared, and how many of them moved.
        excluded: Episodes that count in no report, by reason.
        missing: Grades without their episode, and episodes without an old grade.
        unjudged: Episodes without a new grade.
        pass_at: The lowest score that passes.
        passed: Passes by the old grades, and by the new ones.
        up: Episodes whose score rose.
        down: Episodes whose score fell.
        shift: How far the mean moved.
        causes: Why, the largest cause first.
        several: Flips that no single criterion decides.
        agents: Each agent, those that played the same scenarios together, best first.
        pairs: All pairs of agents with seeds in common, those that changed places first.
        largest: The largest moves, those alike as one.
        flips: Passes lost and gained, at most 1,000.
        idle: Criteria of the new grades that do nothing.
    """

    verdict: RegradeVerdict
    episodes: int
    scenarios: Mapping[str, tuple[int, int]]
    excluded: Mapping[str, int]
    missing: int
    unjudged: int
    pass_at: float
    passed: tuple[int, int]
    up: int
    down: int
    shift: Shift
    causes: tuple[Cause, ...]
    several: int
    agents: tuple[AgentRow, ...]
    pairs: tuple[AgentPair, ...]
    largest: tuple[LargestMove, ...]
    flips: tuple[Move, ...]
    idle: tuple[IdleCriterion, ...]


@define
class RegradeTotals:
    """Running totals of a regrade; *pass_at* is the lowest score that passes."""

    pass_at: float
    _scores: Scores = field(factory=Scores, init=False)
    _causes: Causes = field(factory=Causes, init=False)
    _moves: Moves = field(factory=Moves, init=False)
    _idle: IdleCriteria = field(factory=IdleCriteria, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)
    _episodes: Counter[ScenarioKey] = field(factory=Counter, init=False)
    _moved_in: Counter[str] = field(factory=Counter, init=False)

    def watch(self, regraded: Iterable[RegradedEpisode]) -> Iterator[RegradedEpisode]:
        """Yield each of *regraded*, once it was added."""
        for each in regraded:
            self.add(each)
            yield each

    def add(self, regraded: RegradedEpisode) -> None:
        """Add an episode with both of its grades."""
        info, change = regraded.info, regraded.change
        old, new = change.old, change.new
        key = regraded.evidence.scenario
        self._episodes[key] += 1
        self._scores.add(info.agent or "-", key, info.seed, (old.score, new.score))
        self._idle.add(new)
        passes = old.score >= self.pass_at, new.score >= self.pass_at
        self._count(old=passes[0], new=passes[1])
        if not change.parts and not regraded.moved:
            return
        self._causes.add(regraded, key, self.pass_at)
        if not regraded.moved:
            self._count(events_only=any(_other_events(part) for part in change.parts))
            return
        self._moved_in[key[0]] += 1
        self._moves.add(regraded, self.pass_at)
        self._count(
            up=change.score > ROUNDING_ERROR,
            down=change.score < -ROUNDING_ERROR,
            lost=passes[0] and not passes[1],
            gained=passes[1] and not passes[0],
        )

    def _count(self, **facts: bool) -> None:
        for name, holds in facts.items():
            self._counts[name] += holds

    @property
    def episodes(self) -> int:
        """Number of episodes added."""
        return self._episodes.total()

    def report(
        self, *, excluded: Mapping[str, int] | None = None, missing: int = 0, unjudged: int = 0
    ) -> RegradeReport:
        """
        Return the report on all episodes added, at least one.

        Args:
            excluded: Episodes that count in no report, by reason.
            missing: Grades without their episode, and episodes without an old grade.
            unjudged: Episodes without a new grade.
        """
        counts, pairs = self._counts, agent_pairs(self._scores)
        by_name: Counter[str] = Counter()
        for (name, *_), many in self._episodes.items():
            by_name[name] += many
        return RegradeReport(
            verdict=verdict_of(
                moved=self._moved_in.total(),
                scores_moved=counts["up"] + counts["down"],
                events_only=counts["events_only"],
                lost=counts["lost"],
                gained=counts["gained"],
                pairs=pairs,
            ),
            episodes=self.episodes,
            scenarios={name: (many, self._moved_in[name]) for name, many in by_name.items()},
            excluded=dict(excluded or {}),
            missing=missing,
            unjudged=unjudged,
            pass_at=self.pass_at,
            passed=(counts["old"], counts["new"]),
            up=counts["up"],
            down=counts["down"],
            shift=shift_of(self._scores.moves(), reach=self._causes.reach),
            causes=self._causes.found(self._episodes),
            several=self._causes.several,
            agents=agent_rows(self._scores, self.pass_at),
            pairs=pairs,
            largest=self._moves.largest(),
            flips=tuple(self._moves.flips),
            idle=self._idle.found(),
        )


def _other_events(part: PartChange) -> bool:
    return bool(part.lost_seqs or part.gained_seqs)
