"""
Rules by which a command or a check fails: what may be said, and the three answers.

*Facts* are counted and never noisy: ``moved[:N]``, ``lost[:N]``, ``lost:P%``, ``gained``,
``missing``, ``unjudged`` fail if there are more than N, or P % of all; 0 if not said. *Claims* go
beyond what was seen: ``order`` (agents changed places), ``mean:X`` (the whole interval lies below
X), ``worse[:D]`` (worse by more than D, and no chance). A claim that so few units could never
bear out is answered with *cannot tell*, which is no success.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from attrs import frozen

from refold.engine import RefoldError
from refold.reports.paired import Difference, difference_here
from refold.reports.statistics import Bounds

Answer = Literal["fails", "holds", "cannot tell"]

CONFIDENCE_OF_WORSE = 0.99
"""At 95 % one of 70 pushes of an unchanged agent fails; at 99 % one of 500."""

_FORMS = {
    "moved": "moved[:N]",
    "lost": "lost[:N|:P%]",
    "gained": "gained",
    "missing": "missing",
    "unjudged": "unjudged",
    "order": "order",
    "mean": "mean:X",
    "worse": "worse[:D]",
}
_ELSEWHERE = {"worse": "compare", "mean": "regrade", "order": "regrade"}
"""Which command a claim is asked of, where only one knows it."""

_VALUES = {
    "moved": re.compile(r"\d{1,9}"),
    "lost": re.compile(r"\d{1,9}|\d{1,3}(\.\d{1,9})?%"),
    "mean": re.compile(r"-\d{1,9}(\.\d{1,9})?"),
    "worse": re.compile(r"\d{1,9}(\.\d{1,9})?"),
}


@frozen
class Rule:
    """
    A rule as it was written, with what it says.

    Attributes:
        text: As written.
        name: Which rule: ``lost``, ``worse`` and so on.
        limit: Its number; 0 if none was given.
        percent: Whether *limit* is a share of all, in percent.
    """

    text: str
    name: str
    limit: float = 0.0
    percent: bool = False


@frozen
class Verdict:
    """What became of a rule, and *why*, in words."""

    rule: str
    answer: Answer
    why: str


def parse_rule(text: str, *, known: Collection[str] = tuple(_FORMS)) -> Rule:
    """
    Return the rule that *text* says.

    Args:
        text: Such as ``lost:2%``.
        known: Names of the rules that can be asked for here.

    Raises:
        RefoldError: It is none of these, or its number is not one that the rule takes.
    """
    name, colon, value = text.partition(":")
    if name not in known or name not in _FORMS:
        forms = ", ".join(_FORMS[each] for each in sorted(known))
        other = f"; `refold {_ELSEWHERE[name]}` knows that one" if name in _ELSEWHERE else ""
        raise RefoldError(f"rule {text!r}: expected one of {forms}, got {name!r}{other}")
    fits = bool(name in _VALUES and _VALUES[name].fullmatch(value)) if colon else name != "mean"
    if not fits:
        raise RefoldError(f"rule {text!r}: expected {_FORMS[name]}, got {text!r}")
    return Rule(text, name, float(value.rstrip("%") or 0), value.endswith("%"))


def judge_count(rule: Rule, counts: Mapping[str, int], total: int) -> Verdict:
    """Return the answer to a rule of facts, from the count of each by name, of *total*."""
    count = counts[rule.name]
    allowed = rule.limit * total / 100 if rule.percent else rule.limit
    answer: Answer = "fails" if count > allowed else "holds"
    return Verdict(rule.text, answer, f"{count} of {total} {rule.name}")


def judge_worse(
    rule: Rule,
    scenarios: Sequence[Sequence[float]],
    *,
    bounds: Bounds,
    always_same: bool = False,
    claim: str = "these scenarios",
    confidence: float = CONFIDENCE_OF_WORSE,
) -> Verdict:
    """
    Return the answer to ``worse[:D]``.

    It fails if the upper end of the interval for these scenarios lies below -D and p is at most
    1 - *confidence*. It cannot be told where even a difference in every unit would give a larger
    p; or where the mean lies below -D, but too few units differ for such a p, or all of them by
    the same, which leaves no scatter to judge by.

    Args:
        rule: The rule.
        scenarios: For each scenario the differences of its seeds.
        bounds: Lowest and highest difference possible.
        always_same: Whether both sides always do the same: then the mean is a fact.
        claim: What the units stand for, in words.
        confidence: Of the interval and, from 1, of the p-value.
    """
    found = difference_here(scenarios, bounds=bounds, confidence=confidence)
    if always_same:
        answer: Answer = "fails" if found.difference < -rule.limit else "holds"
        return Verdict(rule.text, answer, f"{found.difference:+.4f}, always the same")
    return Verdict(rule.text, *_worse(found, rule.limit, confidence, claim))


def _worse(found: Difference, limit: float, confidence: float, claim: str) -> tuple[Answer, str]:
    risk, seen = 1 - confidence, found.least_drop(confidence=confidence)
    said = (
        f"{found.difference:+.4f}, {found.low:.4f} to {found.high:.4f} "
        f"({confidence * 100:g} %, {claim}), p {found.p:.2g}, least p {found.least_p:.2g}"
    )
    if 2.0 ** (1 - found.units) > risk:
        return "cannot tell", f"only {found.units} units, {_fewest(risk)} are needed"
    if found.high < -limit and found.p <= risk:
        return "fails", said
    if found.difference < -limit and (found.least_p > risk or seen is None):
        return "cannot tell", f"{said}: {found.differing} of {found.units} units differ"
    return "holds", said if seen is None else f"{said}; sees a drop of {seen:.2f} in 4 of 5 cases"


def _fewest(risk: float) -> int:
    """Return how many units have to differ for a p of *risk*."""
    units = 1
    while 2.0 ** (1 - units) > risk:
        units += 1
    return units
