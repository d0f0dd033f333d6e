"""
A grader against people's labels: may its passes be taken for what people would say?

Pure: scores and people's verdicts come in, figures go out. Rates have Korn and Graubard's
interval by scenario, since episodes of one scenario resemble each other. *Trusted* is only what
the lower ends of all rates carry, on enough labels of each kind.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from attrs import frozen

from refold.reports.agreement import Agreement, kappa, measure
from refold.reports.statistics import Estimate, clustered_pass_interval

FEWEST_OF_EACH = 30
"""Labels of either value below which nobody can tell whether a grader is to be trusted."""

Word = Literal["trusted", "not trusted", "cannot tell"]


@frozen
class Judged:
    """
    An episode with a score and a verdict of people.

    Attributes:
        episode: Its id.
        scenario: Its scenario.
        score: The grader's.
        good: Whether people say that it is good.
    """

    episode: str
    scenario: str
    score: float
    good: bool


@frozen
class Rate:
    """A share of episodes, *hits* of *n*, with its interval; None where *n* is 0."""

    name: str
    hits: int
    n: int
    interval: Estimate | None


@frozen
class Validation:
    """
    What a grader's passes are worth.

    Attributes:
        pass_at: The score from which an episode passes.
        table: Episodes by (passes, good).
        rates: Precision, recall and specificity.
        kappa: Agreement of passes with people's verdicts.
        agreed: Share of episodes on which grader and people say the same.
        constant: The share that the commonest verdict alone would get.
        marks: Kappa by pass mark, None where it is not defined.
        false_passes: Episodes that pass, though people say no; the highest score first.
        false_failures: Episodes that fail, though people say yes; the lowest score first.
        word: Whether the grader is trusted.
        why: Why that word.
    """

    pass_at: float
    table: dict[tuple[bool, bool], int]
    rates: tuple[Rate, ...]
    kappa: Agreement
    agreed: float
    constant: float
    marks: tuple[tuple[float, float | None], ...]
    false_passes: tuple[Judged, ...]
    false_failures: tuple[Judged, ...]
    word: Word
    why: str


def validate(judged: Sequence[Judged], *, pass_at: float, at_least: float) -> Validation:
    """
    Return what a grader's passes are worth by people's verdicts on the same episodes.

    Args:
        judged: At least one episode.
        pass_at: The score from which an episode passes.
        at_least: What the lower ends of precision, recall and specificity have to reach.
    """
    rates = (
        _rate("precision", judged, lambda e: e.score >= pass_at, lambda e: e.good),
        _rate("recall", judged, lambda e: e.good, lambda e: e.score >= pass_at),
        _rate("specificity", judged, lambda e: not e.good, lambda e: e.score < pass_at),
    )
    table = Counter((each.score >= pass_at, each.good) for each in judged)
    good = sum(each.good for each in judged)
    word, why = _word(rates, at_least, fewest=min(good, len(judged) - good))
    return Validation(
        pass_at=pass_at,
        table={
            (passes, good): table[passes, good]
            for passes in (True, False)
            for good in (True, False)
        },
        rates=rates,
        kappa=measure(_pairs(judged, pass_at), [each.scenario for each in judged], kappa),
        agreed=(table[True, True] + table[False, False]) / len(judged),
        constant=max(good, len(judged) - good) / len(judged),
        marks=tuple((mark, kappa(_pairs(judged, mark))) for mark in _marks(judged, pass_at)),
        false_passes=_worst(judged, lambda e: e.score >= pass_at and not e.good, highest=True),
        false_failures=_worst(judged, lambda e: e.score < pass_at and e.good, highest=False),
        word=word,
        why=why,
    )


def _rate(
    name: str,
    judged: Iterable[Judged],
    among: Callable[[Judged], bool],
    hit: Callable[[Judged], bool],
) -> Rate:
    clusters: dict[str, list[bool]] = {}
    for each in judged:
        if among(each):
            clusters.setdefault(each.scenario, []).append(hit(each))
    counts = [(sum(hits), len(hits)) for hits in clusters.values()]
    hits, n = sum(k for k, _ in counts), sum(m for _, m in counts)
    return Rate(name, hits, n, clustered_pass_interval(counts) if counts else None)


def _pairs(judged: Iterable[Judged], pass_at: float) -> list[tuple[bool, bool]]:
    return [(each.score >= pass_at, each.good) for each in judged]


def _marks(judged: Iterable[Judged], pass_at: float) -> list[float]:
    """Return the tenths between which scores lie, and *pass_at*: marks to compare."""
    scores = [each.score for each in judged]
    tenths = [tenth / 10 for tenth in range(1, 11)]
    return sorted({pass_at, *(mark for mark in tenths if min(scores) < mark <= max(scores))})


def _worst(
    judged: Iterable[Judged], wrong: Callable[[Judged], bool], *, highest: bool
) -> tuple[Judged, ...]:
    found = sorted(filter(wrong, judged), key=lambda e: (e.score, e.episode), reverse=highest)
    return tuple(found)


def _word(rates: Sequence[Rate], at_least: float, *, fewest: int) -> tuple[Word, str]:
    """Return whether a grader of these *rates* is trusted, and why."""
    if fewest < FEWEST_OF_EACH:
        return "cannot tell", f"{fewest} labels of the rarer value, {FEWEST_OF_EACH} are needed"
    missed = [rate for rate in rates if rate.interval is None or rate.interval.high < at_least]
    if missed:
        return "not trusted", f"upper end below {at_least:g} of {_names(missed)}"
    unsure = [rate for rate in rates if rate.interval and rate.interval.low < at_least]
    if unsure:
        return (
            "cannot tell",
            f"lower end below {at_least:g} of {_names(unsure)}: label more, of more scenarios",
        )
    return "trusted", f"the lower ends of all rates reach {at_least:g}"


def _names(rates: Iterable[Rate]) -> str:
    return ", ".join(rate.name for rate in rates)
