"""
Runs: episodes that share a ``run`` name, as those of one ``record`` call do.

A run is referred to by its name, a unique prefix of it, or ``last``, the run of the newest
episode. Episodes without a run share the empty name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from statistics import fmean

from attrs import Factory, define, frozen

from refold.engine import EventLog
from refold.engine.errors import AmbiguousRun, UnknownRun
from refold.engine.log.left_out import LeftOut
from refold.reports.outcomes import EpisodeScore, Setting

LAST = "last"
_MOST_NAMES = 5  # in the message about an ambiguous prefix


@frozen
class Run:
    """
    One run at a glance.

    Attributes:
        name: Its name; empty for the episodes without a run.
        agents: Its agents, in the order of their first episodes.
        scenarios: Its scenarios, likewise.
        episodes: Number of episodes.
        ended: How many of them have an end.
        exclusions: How many do not count, by reason.
        mean: Mean of the scenarios' means, as reports give it; None if no episode counts.
        started_at: When the first began, UTC, ISO 8601.
        ended_at: When the last ended; None if none has.
    """

    name: str
    agents: tuple[str, ...]
    scenarios: tuple[str, ...]
    episodes: int
    ended: int
    exclusions: Mapping[str, int]
    mean: float | None
    started_at: str
    ended_at: str | None

    @property
    def excluded(self) -> int:
        """Number of episodes that do not count."""
        return sum(self.exclusions.values())


@define
class _RunTotals:
    """Running totals of one run; memory grows with its seeds, not with its episodes."""

    started_at: str
    agents: dict[str, None] = Factory(dict)
    scenarios: dict[str, None] = Factory(dict)
    episodes: int = 0
    ended: int = 0
    exclusions: Counter[str] = Factory(Counter)
    sums: dict[Setting, dict[tuple[str, int], tuple[float, int]]] = Factory(dict)
    ended_at: str | None = None

    def add(self, each: EpisodeScore) -> None:
        self.agents[each.agent] = None
        self.scenarios[each.setting.scenario] = None
        self.episodes += 1
        self.started_at = min(self.started_at, each.started_at)
        if each.ended_at is not None:
            self.ended += 1
            self.ended_at = max(self.ended_at or each.ended_at, each.ended_at)
        if each.excluded:
            self.exclusions[each.excluded] += 1
        else:
            worlds = self.sums.setdefault(each.setting, {})
            world = each.agent, each.seed
            total, count = worlds.get(world, (0.0, 0))
            worlds[world] = total + each.score, count + 1

    @property
    def mean(self) -> float | None:
        """Mean of scenario means, each of them the mean of its seeds' means."""
        means = [
            fmean(total / count for total, count in worlds.values())
            for worlds in self.sums.values()
        ]
        return fmean(means) if means else None


def runs_of(episodes: Iterable[EpisodeScore]) -> list[Run]:
    """Return the runs of *episodes*, in the order in which the runs began."""
    tallies: dict[str, _RunTotals] = {}
    for each in episodes:
        tally = tallies.get(each.run)
        if tally is None:
            tally = tallies[each.run] = _RunTotals(each.started_at)
        tally.add(each)
    return [_make_run(name, tally) for name, tally in tallies.items()]


def _make_run(name: str, tally: _RunTotals) -> Run:
    return Run(
        name=name,
        agents=tuple(tally.agents),
        scenarios=tuple(tally.scenarios),
        episodes=tally.episodes,
        ended=tally.ended,
        exclusions=dict(tally.exclusions),
        mean=tally.mean,
        started_at=tally.started_at,
        ended_at=tally.ended_at,
    )


def run_names(log: EventLog) -> list[str]:
    """Return the names of the log's runs, the one with the newest episode first."""
    names = (info.run for info in log.episodes(newest_first=True, left_out=LeftOut()))
    return [name for name in dict.fromkeys(names) if name]


def find_run(log: EventLog, reference: str) -> str:
    """
    Return the name of the run that *reference*, a name, a unique prefix or ``last``, refers to.

    Raises:
        UnknownRun: There is none.
        AmbiguousRun: The prefix matches several runs and is not a whole name.
    """
    fitting: list[str]
    # Whoever reads the run is told of the episodes that cannot be read.
    damaged = LeftOut()
    if reference == LAST:
        infos = log.episodes(newest_first=True, left_out=damaged)
        runs = (info.run for info in infos if info.run)
        fitting = list(islice(runs, 1))
    elif (
        next(log.episodes(run=reference, left_out=damaged), None) or damaged
    ):  # a whole name wins over longer ones it begins
        return reference
    else:
        fitting = [name for name in run_names(log) if name.startswith(reference)]
    if not fitting:
        raise UnknownRun(
            f"run {reference!r}: expected a name, a unique prefix or 'last', got none that fits; "
            "`refold runs` lists them"
        )
    if len(fitting) > 1:
        shown = ", ".join(map(repr, fitting[:_MOST_NAMES]))
        raise AmbiguousRun(f"run {reference!r}: expected a unique prefix, got one of {shown}, …")
    return fitting[0]
