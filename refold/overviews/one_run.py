"""The document of one run: how far it is, its figures, scores, losses, and what went wrong."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from refold.overviews.failures import Reason, failed_episodes, masked, reasons
from refold.overviews.progress import played_seconds, seconds_left
from refold.overviews.reading import RunRead
from refold.overviews.scores import run_score
from refold.reports import Prices, RunReport, ScenarioReport, report_run
from refold.reports.measured import Measured
from refold.reports.naming import setting_names

Json = dict[str, Any]

_MOST_REASONS = 10
_MOST_LINKS = 3
_MOST_WORST = 10
_SMALLEST_LOSS = 0.0005
_BINS = 100
"""Dots of a scenario stand in columns this fine: more could not be seen."""


def run_document(read: RunRead, *, pass_at: float, prices: Prices) -> Json:
    """Return the document of the run *read*; an episode passes with *pass_at*, at least."""
    report = report_run(
        ((each.outcome, each.usage) for each in read.measured),
        pass_at=pass_at,
        ks=(),
        prices=prices,
    )
    found = reasons(read, pass_at)
    return {
        "run": read.name,
        "pass_at": pass_at,
        "agents": list(dict.fromkeys(each.info.agent for each in read.episodes)),
        "prompt": read.settings.get("prompt"),
        "began": min((each.info.started_at for each in read.episodes), default=""),
        "progress": _progress(read),
        "figures": run_figures(read, report),
        "scenarios": list(_scenarios(read, report, pass_at)),
        "lost": lost_on_average(read),
        "reasons": [_reason(each) for each in found[:_MOST_REASONS]],
        "other_reasons": sum(len(each.episodes) for each in found[_MOST_REASONS:]),
        "worst": list(_worst(read, pass_at, prices)),
        "commands": _commands(read, pass_at),
    }


def _progress(read: RunRead) -> Json:
    infos = [each.info for each in read.episodes]
    waiting = sum(info.ended is None and not info.steps for info in infos)
    ended = [info.ended_at for info in infos if info.ended_at]
    return {
        "episodes": len(infos),
        "ended": sum(info.ended is not None for info in infos),
        "waiting": waiting,
        "left": seconds_left(infos),
        "last": max([*ended, *(info.started_at for info in infos)], default=""),
        "playing": [
            {
                "id": each.id,
                "scenario": each.scenario,
                "seed": each.seed,
                "steps": each.steps,
                "last": each.last,
            }
            for each in read.playing
        ],
    }


def run_figures(read: RunRead, report: RunReport) -> Json:
    """Return the figures of a run; costs are over all that was asked, None without a model."""
    costs = report.costs
    excluded = (each.outcome.excluded for each in read.episodes)
    return {
        **run_score(report),
        "counted": sum(each.counted for each in report.scenarios),
        "passed": sum(each.passed for each in report.scenarios),
        "exclusions": dict(Counter(reason for reason in excluded if reason)),
        "input": None if costs is None else costs.input,
        "output": None if costs is None else costs.output,
        "unmetered": 0 if costs is None else costs.unmetered,
        "cost": None if costs is None else costs.cost,
        "retries": None if costs is None else sum(costs.faults.values()),
        "seconds": played_seconds([each.info for each in read.episodes]),
    }


def _scenarios(read: RunRead, report: RunReport, pass_at: float) -> Iterator[Json]:
    names = setting_names([each.setting for each in report.scenarios])
    scores = scores_by_setting(read)
    for each in report.scenarios:
        yield {
            **_scenario(each, names[each.setting]),
            "dots": dots(scores.get(each.setting, ()), pass_at),
        }


def _scenario(each: ScenarioReport, name: str) -> Json:
    several = each.score is not None and each.counted > 1
    return {
        "name": name,
        "scenario": each.setting.scenario,
        "episodes": each.episodes,
        "counted": each.counted,
        "mean": each.score.mean if each.score else None,
        "low": each.score.low if each.score and several else None,
        "high": each.score.high if each.score and several else None,
        "passed": each.passed,
        "steps": each.steps,
    }


def scores_by_setting(read: RunRead) -> Mapping[Any, Sequence[float]]:
    """Return the scores of the episodes that count by their settings."""
    scores: dict[Any, list[float]] = defaultdict(list)
    for each in read.episodes:
        if each.outcome.excluded is None:
            scores[each.outcome.setting].append(each.outcome.score)
    return scores


def dots(scores: Iterable[float], pass_at: float) -> list[tuple[float, int, bool]]:
    """Return where dots stand, how many there are, and whether they passed; lowest first."""
    keyed = sorted((round(score * _BINS) / _BINS, score >= pass_at) for score in scores)
    return [(at, len(list(group)), passed) for (at, passed), group in groupby(keyed)]


def lost_on_average(read: RunRead) -> list[tuple[str, float]]:
    """Return what each part of the grade lost, most first: the mean of the scenarios' means."""
    settings: dict[Any, list[Measured]] = defaultdict(list)
    for each in read.episodes:
        if each.outcome.excluded is None:
            settings[each.outcome.setting].append(each)
    names = {name for group in settings.values() for each in group for name in each.lost}
    means = {
        name: fmean(
            fmean(each.lost.get(name, 0.0) for each in group) for group in settings.values()
        )
        for name in names
    }
    ranked = sorted(means.items(), key=lambda each: (-round(each[1], 4), each[0]))
    return [(name, mean) for name, mean in ranked if mean >= _SMALLEST_LOSS]


def _reason(reason: Reason) -> Json:
    first = reason.episodes[:_MOST_LINKS]
    return {
        "scenario": reason.scenario,
        "sentence": reason.sentence,
        "episodes": len(reason.episodes),
        "mean": fmean(each.outcome.score for each in reason.episodes),
        "see": [{"id": each.info.id, "seed": each.info.seed} for each in first],
    }


def _worst(read: RunRead, pass_at: float, prices: Prices) -> Iterator[Json]:
    """Yield the lowest episodes, those of a scenario with the same score and sentence as one."""
    groups: dict[object, list[Measured]] = defaultdict(list)
    for each in failed_episodes(read, pass_at):
        sentence = masked(read.verdicts.get(each.info.id, ""))
        groups[each.info.scenario, each.outcome.score, sentence].append(each)
    for first, *alike in list(groups.values())[:_MOST_WORST]:
        yield {
            "id": first.info.id,
            "score": first.outcome.score,
            "scenario": first.info.scenario,
            "seeds": [each.info.seed for each in (first, *alike)][:_MOST_LINKS],
            "alike": len(alike),
            "verdict": read.verdicts.get(first.info.id),
            "steps": first.info.steps,
            "cost": first.usage.cost(prices) if first.usage.requests else None,
        }


def _commands(read: RunRead, pass_at: float) -> list[str]:
    """Return the commands that print what the page shows."""
    named = shlex.quote(read.name)
    lowest = failed_episodes(read, pass_at)[:1]
    return [
        f"refold report {named}",
        f"refold episodes --run {named} --below {pass_at:g} --sort score",
        *(f"refold show {shlex.quote(each.info.id)}" for each in lowest),
    ]
