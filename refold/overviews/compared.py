"""The documents of two runs compared, and of three and more."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from refold.overviews.comparison_words import headline, many_headline, method_of, remarks
from refold.overviews.one_run import Json, dots, run_figures, scores_by_setting
from refold.overviews.reading import RunRead
from refold.reports import Comparison, Prices, report_run
from refold.reports.comparison import Move, compare_outcomes
from refold.reports.many_runs import Apart, Column, ManyRuns, compare_many
from refold.reports.outcomes import Outcome
from refold.reports.pairs import pair_outcomes

_SMALLEST_CHANGE = 0.0005
_MOST_PAIRS = 24
"""Rows of dots for each scenario; of more, those that moved most."""
_LONGEST_SETTING = 60  # letters


Why = Callable[[str], str | None]
"""Returns why the score of an episode is low, by its id, in a line; None if nobody knows."""


def nobody_knows(_id: str) -> None:
    """Return None: a ``Why`` for scores that nobody explains."""


def two_document(
    reads: tuple[RunRead, RunRead], *, pass_at: float, prices: Prices, why: Why
) -> Json:
    """
    Return the document of two runs compared, the second against the first.

    Raises:
        RefoldError: They have no scenario and seed in common, or cannot be compared.
    """
    names = reads[0].name, reads[1].name
    outcomes = _outcomes(reads[0]), _outcomes(reads[1])
    comparison = compare_outcomes(names, outcomes, pass_at=pass_at)
    sides = [_side(read, pass_at, prices) for read in reads]
    costs = sides[0]["figures"]["cost"], sides[1]["figures"]["cost"]
    pairs = pair_outcomes(names, *(_counted(each) for each in outcomes))
    overall = comparison.overall
    return {
        "pass_at": pass_at,
        "sides": sides,
        "differs": _differences(*reads),
        "headline": headline(comparison, names[1]),
        "remarks": list(remarks(comparison, names[1], costs)),
        "difference": overall.here.difference,
        "clear": comparison.always_same or overall.here.is_clear(),
        "method": None if comparison.always_same else method_of(overall.here),
        "claim": overall.unit,
        "pairs": overall.pairs,
        "passed": overall.passed,
        "flips": overall.flips,
        "unpaired": comparison.unpaired,
        "scenarios": list(_scenarios(comparison, pairs, pass_at)),
        "parts": _parts(reads, pairs),
        "moves": list(_moves(comparison, pass_at, why)),
        "commands": [f"refold compare {shlex.join(names)}"],
    }


def many_document(reads: Sequence[RunRead], *, pass_at: float, prices: Prices, why: Why) -> Json:
    """
    Return the document of several runs compared, the best first.

    Raises:
        RefoldError: They have no scenario and seed in common, or cannot be compared.
    """
    compared = compare_many({read.name: _outcomes(read) for read in reads}, pass_at=pass_at)
    by_name = {read.name: read for read in reads}
    return {
        "pass_at": pass_at,
        "headline": many_headline(compared),
        "columns": [
            _column(each, by_name[each.run], compared, pass_at, prices) for each in compared.columns
        ],
        "scenarios": [setting.scenario for setting in compared.scenarios],
        "worlds": compared.worlds,
        "left_aside": compared.left_aside,
        "leads": [
            {
                "ahead": lead.ahead,
                "behind": lead.behind,
                "difference": lead.difference.difference,
                "p": lead.p,
                "clear": lead.clear,
            }
            for lead in compared.leads
        ],
        "apart": [_apart(each, why) for each in compared.apart],
        "commands": [f"refold compare {shlex.join(read.name for read in reads)}"],
    }


def _outcomes(read: RunRead) -> list[Outcome]:
    return [each.outcome for each in read.measured]


def _counted(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [each for each in outcomes if each.excluded is None]


def _side(read: RunRead, pass_at: float, prices: Prices) -> Json:
    episodes = ((each.outcome, each.usage) for each in read.measured)
    report = report_run(episodes, pass_at=pass_at, ks=(), prices=prices)
    figures = run_figures(read, report)
    agents = list(dict.fromkeys(each.info.agent for each in read.episodes))
    return {"run": read.name, "agents": agents, "figures": figures, "each": _each(figures)}


def _each(figures: Mapping[str, Any]) -> float | None:
    """Return what an episode cost on average; None if that is not known."""
    cost, counted = figures["cost"], figures["counted"]
    return cost / counted if cost and counted else None


def _differences(first: RunRead, second: RunRead) -> list[tuple[str, str, str]]:
    """Return what the runs were played with that differs: what, and its value in each."""
    both = bool(first.settings and second.settings)
    told = [_told(read, both=both) for read in (first, second)]
    names = dict.fromkeys(name for each in told for name in each)
    return [
        (name, told[0].get(name, "none"), told[1].get(name, "none"))
        for name in names
        if told[0].get(name) != told[1].get(name)
    ]


def _told(read: RunRead, *, both: bool) -> dict[str, str]:
    """Return how a run was played: its agents, or the settings of its model if *both* have one."""
    if not both:
        return {"agent": ", ".join(dict.fromkeys(each.info.agent for each in read.episodes))}
    return {
        name: str(value)[:_LONGEST_SETTING]
        for name, value in read.settings.items()
        if isinstance(value, str | int | float)
    }


def _scenarios(
    comparison: Comparison, pairs: Sequence[tuple[Outcome, Outcome]], pass_at: float
) -> Iterator[Json]:
    by_setting: dict[Any, Counter[tuple[float, float]]] = defaultdict(Counter)
    for a, b in pairs:
        by_setting[a.setting][a.score, b.score] += 1
    for setting, contrast in comparison.scenarios.items():
        found = contrast.here
        groups = by_setting[setting].items()
        ranked = sorted(groups, key=lambda each: -abs(each[0][1] - each[0][0]))
        shown = sorted(ranked[:_MOST_PAIRS], key=lambda each: each[0][0] - each[0][1])
        yield {
            "name": setting.scenario,
            "pairs": contrast.pairs,
            "means": contrast.means,
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "clear": comparison.always_same or found.is_clear(),
            "equal": not found.differing,
            "exact": comparison.always_same,
            "dots": [(a, b, times, (a >= pass_at) != (b >= pass_at)) for (a, b), times in shown],
            "more": sum(times for _, times in ranked[_MOST_PAIRS:]),
        }


def _parts(
    reads: tuple[RunRead, RunRead], pairs: Sequence[tuple[Outcome, Outcome]]
) -> list[tuple[str, float]]:
    """Return what each part of the grade gained over the pairs, as mean of the scenarios' means."""
    lost = {each.info.id: each.lost for read in reads for each in read.measured}
    gained: dict[str, dict[Any, list[float]]] = defaultdict(lambda: defaultdict(list))
    names = dict.fromkeys(name for each in lost.values() for name in each)
    for a, b in pairs:
        for name in names:
            change = lost[a.id].get(name, 0.0) - lost[b.id].get(name, 0.0)
            gained[name][a.setting].append(change)
    means = {name: fmean(map(fmean, each.values())) for name, each in gained.items()}
    ranked = sorted(means.items(), key=lambda each: (-round(each[1], 4), each[0]))
    return [(name, mean) for name, mean in ranked if abs(mean) >= _SMALLEST_CHANGE]


def diff_command(move: Move | Apart) -> str:
    """Return the command that compares the two episodes."""
    return f"refold diff {shlex.join(move.episodes)}"


def _moves(comparison: Comparison, pass_at: float, why: Why) -> Iterator[Json]:
    for move in comparison.moves:
        a, b = move.scores
        yield {
            "scenario": move.scenario,
            "seed": move.seed,
            "alike": move.alike,
            "episodes": move.episodes,
            "scores": move.scores,
            "difference": move.difference,
            "diff": diff_command(move),
            "flipped": (a >= pass_at) != (b >= pass_at),
            "why": why(move.lower),
        }


def _column(
    column: Column, read: RunRead, compared: ManyRuns, pass_at: float, prices: Prices
) -> Json:
    own = tuple(each for each in read.measured if each.info.agent == column.agent)
    episodes = ((each.outcome, each.usage) for each in own)
    report = report_run(episodes, pass_at=pass_at, ks=(), prices=prices)
    figures = run_figures(RunRead(column.run, own), report)
    scores = scores_by_setting(RunRead(column.run, own))
    passed = [column.passed[setting] for setting in compared.scenarios]
    return {
        "name": column.name,
        "run": column.run,
        "agent": column.agent,
        "mean": column.mean,
        "means": [column.means[setting] for setting in compared.scenarios],
        "dots": [dots(scores[setting], pass_at) for setting in compared.scenarios],
        "passed": sum(each for each, _ in passed),
        "counted": sum(each for _, each in passed),
        "figures": figures,
        "each": _each(figures),
    }


def _apart(apart: Apart, why: Why) -> Json:
    return {
        "scenario": apart.scenario,
        "seed": apart.seed,
        "scores": apart.scores,
        "columns": apart.columns,
        "episodes": apart.episodes,
        "diff": diff_command(apart),
        "spread": apart.spread,
        "alike": apart.alike,
        "why": why(apart.episodes[0]),
    }
