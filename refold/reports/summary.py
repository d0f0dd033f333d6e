"""
Summarize a run by scenario: scores, reliability, steps, costs and failures.

Scores, passes, steps and diagnostic counts cover the episodes that count. Requests, tokens, cost,
time and the model's failures cover all episodes, since all of them were paid for. Streams are
read one at a time, and only totals are kept.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from attrs import Factory, define, frozen

from refold.reports.outcomes import Outcome, Setting
from refold.reports.statistics import (
    Bounds,
    Estimate,
    clustered_pass_interval,
    grouped_mean_interval,
    mean_interval,
    pass_at_k,
    pass_hat_k,
)
from refold.reports.usage import NO_PRICES, Latency, Prices, Usage


@frozen
class Count:
    """A diagnostic number of the grades: its total, and its mean for each episode."""

    total: float
    mean: float


@frozen
class Costs:
    """
    What the exchanges with a model cost.

    The counts are those of ``Usage``, as is *cost*, in US dollars; None if it is not known.
    """

    requests: int
    unanswered: int
    input: int
    output: int
    unmetered: int
    cost: float | None
    latency: Latency | None
    faults: Mapping[str, int]


@frozen
class ScenarioReport:
    """
    The report on one scenario of a run.

    Attributes:
        setting: The scenario, and how it was scored.
        agents: The agents that played it.
        episodes: Number of episodes.
        exclusions: How many do not count, by reason.
        score: Mean of their seeds' mean scores, with its interval for other seeds; None if none
            counts.
        passed: How many of them reached the threshold.
        pass_rate: Their share, with its interval; None if there are none, or if nobody asked.
        pass_at_k: Probability that one of k episodes passes, by k; None with fewer than k.
        pass_hat_k: Probability that all of k episodes pass, by k; None with fewer than k.
        steps: Mean number of steps; None if no episode counts.
        counts: Diagnostic numbers of the grades, by name.
        unread: Replies without a readable action.
        forfeited: Steps for which the model gave no action: its failures.
        costs: What the exchanges cost; None if there were none.
    """

    setting: Setting
    agents: tuple[str, ...]
    episodes: int
    exclusions: Mapping[str, int]
    score: Estimate | None
    passed: int
    pass_rate: Estimate | None
    pass_at_k: Mapping[int, float | None]
    pass_hat_k: Mapping[int, float | None]
    steps: float | None
    counts: Mapping[str, Count]
    unread: int
    forfeited: int
    costs: Costs | None

    @property
    def counted(self) -> int:
        """Number of episodes that count."""
        return self.episodes - sum(self.exclusions.values())


@frozen
class RunReport:
    """
    The report on a run.

    Attributes:
        scenarios: By scenario, in the order of their first episodes.
        score: Mean of the scenarios' mean scores, with its interval for other scenarios; None if
            no episode counts.
        pass_rate: Share of all that pass, with its interval for other scenarios; None likewise.
        costs: What all exchanges cost; None if there were none.
    """

    scenarios: tuple[ScenarioReport, ...]
    score: Estimate | None
    pass_rate: Estimate | None
    costs: Costs | None


@define
class _SettingTotals:
    """
    Running totals of one setting; memory does not grow with its episodes, scores aside.

    *scores* are kept by agent and seed: repetitions of a seed are no independent evidence.
    """

    agents: dict[str, None] = Factory(dict)
    exclusions: Counter[str] = Factory(Counter)
    scores: dict[tuple[str, int], list[float]] = Factory(lambda: defaultdict(list))
    steps: int = 0
    counts: dict[str, float] = Factory(dict)
    usage: Usage = Factory(Usage)

    def add(self, outcome: Outcome, usage: Usage) -> None:
        self.agents[outcome.agent] = None
        self.usage.merge(usage)
        if outcome.excluded:
            self.exclusions[outcome.excluded] += 1
            return
        self.scores[outcome.agent, outcome.seed].append(outcome.score)
        self.steps += outcome.steps
        for name, value in outcome.counts.items():
            self.counts[name] = self.counts.get(name, 0) + value


def report_run(
    episodes: Iterable[tuple[Outcome, Usage]],
    *,
    pass_at: float,
    ks: Sequence[int],
    prices: Prices = NO_PRICES,
    pass_rates: bool = True,
) -> RunReport:
    """
    Return the report on *episodes*, as ``measure_outcomes`` yields them.

    Args:
        episodes: Outcomes and what the exchanges came to, read one at a time.
        pass_at: The lowest score that passes.
        ks: The values of k for pass@k and pass^k; each at least 1.
        prices: Prices of tokens, for the cost.
        pass_rates: Whether to work out the pass rates, whose intervals take longest.
    """
    tallies: dict[Setting, _SettingTotals] = {}
    for outcome, usage in episodes:
        tallies.setdefault(outcome.setting, _SettingTotals()).add(outcome, usage)
    total = Usage()
    for tally in tallies.values():
        total.merge(tally.usage)
    scenarios = tuple(
        _scenario_report(*each, pass_at, ks, prices, pass_rates=pass_rates)
        for each in tallies.items()
    )
    # Mean of means: a scenario with more episodes must not weigh more than another.
    counted = [each for each in scenarios if each.score]
    means = [each.score.mean for each in counted if each.score]
    clusters = [(each.passed, each.counted) for each in counted]
    return RunReport(
        scenarios=scenarios,
        score=mean_interval(means, bounds=_widest(counted)) if means else None,
        pass_rate=clustered_pass_interval(clusters) if clusters and pass_rates else None,
        costs=_costs(total, prices),
    )


def _widest(scenarios: Iterable[ScenarioReport]) -> Bounds:
    bounds = [each.setting.bounds for each in scenarios]
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _scenario_report(
    setting: Setting,
    tally: _SettingTotals,
    pass_at: float,
    ks: Sequence[int],
    prices: Prices,
    *,
    pass_rates: bool,
) -> ScenarioReport:
    worlds = list(tally.scores.values())
    clusters = [(sum(score >= pass_at for score in world), len(world)) for world in worlds]
    passed, n = sum(k for k, _ in clusters), sum(m for _, m in clusters)
    return ScenarioReport(
        setting=setting,
        agents=tuple(tally.agents),
        episodes=n + tally.exclusions.total(),
        exclusions=dict(tally.exclusions),
        score=grouped_mean_interval(worlds, bounds=setting.bounds) if n else None,
        passed=passed,
        pass_rate=clustered_pass_interval(clusters) if n and pass_rates else None,
        pass_at_k={k: pass_at_k(n, passed, k) if k <= n else None for k in ks},
        pass_hat_k={k: pass_hat_k(n, passed, k) if k <= n else None for k in ks},
        steps=tally.steps / n if n else None,
        counts={name: Count(total, total / n) for name, total in tally.counts.items()},
        unread=tally.usage.unread,
        forfeited=tally.usage.forfeited,
        costs=_costs(tally.usage, prices),
    )


def _costs(usage: Usage, prices: Prices) -> Costs | None:
    if not usage.requests:
        return None
    return Costs(
        requests=usage.requests,
        unanswered=usage.unanswered,
        input=usage.tokens.input,
        output=usage.tokens.output,
        unmetered=usage.unmetered,
        cost=usage.cost(prices),
        latency=usage.latency,
        faults=dict(usage.faults),
    )
