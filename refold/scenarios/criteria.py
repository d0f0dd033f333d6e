"""
What the rubrics of a family can measure: its own, those of other packages, or general ones.

A package adds measures to a family by an entry point of the group ``refold.criteria`` that is
named like the family (``workflow.1``) and holds ``Criteria``.
"""

from functools import cache
from typing import Any

from attrs import evolve, frozen

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, RefoldError, StepRewarded
from refold.engine.registry import find_family, plugin, plugins
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.judge import JUDGE, judge_problems
from refold.scenarios.judge import NAME as JUDGE_NAME
from refold.scenarios.judge import Question as JudgeQuestion
from refold.scenarios.rubric import Criteria, Measure
from refold.scenarios.strict import Problem

_ADDED = "refold.criteria"


@cache
def find_criteria(family: str, rules: int) -> Criteria:
    """
    Return what rubrics of *family* with the rules version *rules* can draw on.

    Raises:
        UnknownName: No installed package provides the family.
        RefoldError: Another package adds a measure under a name that is taken.
    """
    found = _of_family(f"{family}.{rules}", find_family(family, rules).criteria)
    if JUDGE_NAME in found.measures:
        raise RefoldError(
            f"criteria of family {family!r}: expected new names, got {JUDGE_NAME!r}, which is a "
            "measure of every family"
        )

    def problems(params: Any, parameters: Any) -> list[Problem]:
        if isinstance(params, JudgeQuestion):
            return judge_problems(params, parameters)
        return found.problems(params, parameters)

    return evolve(found, measures={**found.measures, JUDGE_NAME: JUDGE}, problems=problems)


def _of_family(key: str, own: Criteria | None) -> Criteria:
    """Return the measures of a family, *own* and those that packages add."""
    if key not in plugins(_ADDED):
        return own or GENERAL
    added: Criteria = plugin(_ADDED, key, "criteria of family")
    if own is None:
        return _joined(GENERAL, added)
    both = own.measures.keys() & added.measures.keys()
    if taken := sorted(name for name in both if own.measures[name] is not added.measures[name]):
        raise RefoldError(f"criteria of family {key!r}: expected new names, got {', '.join(taken)}")
    return evolve(_joined(own, added), activity=own.activity, unit=own.unit, progress=own.progress)


def _joined(first: Criteria, second: Criteria) -> Criteria:
    """Return the measures of both; where a name is in both, that of *second*."""
    kinds = {measure.params for measure in second.measures.values()}

    def problems(params: Any, parameters: Any) -> list[Problem]:
        return (second if type(params) in kinds else first).problems(params, parameters)

    measures = {**first.measures, **second.measures}
    return evolve(second, measures=measures, problems=problems)


@frozen
class RewardRange:
    """The episode's reward on a scale: *low* is worth 0, *high* is worth 1."""

    low: float
    high: float


@frozen
class Reason:
    """An end of the episode, by its *reason*."""

    reason: str


def _reward(facts: Facts, params: RewardRange) -> Finding:
    steps = facts.of_type(StepRewarded)
    total = steps[-1].event.total if steps else 0.0
    share = (total - params.low) / (params.high - params.low)
    return Finding.of(min(1.0, max(0.0, share)), steps)


def _ended(facts: Facts, params: Reason) -> Finding:
    found = facts.where(EpisodeEnded, lambda event: event.reason == params.reason)
    return Finding.of(float(bool(found)), found)


def _activity(facts: Facts) -> float:
    """Return how many actions the rules accepted."""
    return len(facts.of_type(ActionTaken)) - len(facts.of_type(ActionRefused))


def _problems(params: Any, _parameters: Any) -> list[Problem]:
    if isinstance(params, RewardRange) and not params.low < params.high:
        return [("", f"expected low < high, got {params.low} and {params.high}")]
    return []


GENERAL = Criteria(
    measures={
        "reward": Measure(RewardRange, _reward, "rewards, on a scale from {low:g} to {high:g}"),
        "ended": Measure(Reason, _ended, "an end for the reason {reason}"),
    },
    activity=_activity,
    problems=_problems,
    unit="accepted actions",
)
"""The measures of a family that brings none of its own."""
