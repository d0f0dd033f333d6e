"""
How much of a result is the judge's own wavering: the same questions, asked several times.

No interval and no test: what is told is what happened over these asks.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt
from statistics import fmean, pstdev, variance

from attrs import frozen

_Z = 1.96  # 95 % of a normal distribution lie within so many standard deviations


@frozen
class Wavering:
    """
    The same questions asked several times.

    Attributes:
        asks: How often each was asked.
        questions: Number of questions with two verdicts or more.
        split: Those of them without one answer: not every ask gave the same verdict.
        agreement: How often two asks of a question agree, 0 to 1; None without questions.
        episodes: Number of episodes with a score in each ask.
        within: Standard deviation of an episode's score by the judge alone; None without any.
        between: Standard deviation of the episodes' mean scores; None without any.
        pass_at: The score from which an episode passes.
        depend: Episodes that pass in one ask and not in another.
        floor: How far the mean of the scores moves between two asks, 95 % of times; None
            without any.
    """

    asks: int
    questions: int
    split: int
    agreement: float | None
    episodes: int
    within: float | None
    between: float | None
    pass_at: float
    depend: int
    floor: float | None


def measure_wavering(
    verdicts: Mapping[str, Sequence[str]], scores: Sequence[Sequence[float]], *, pass_at: float
) -> Wavering:
    """
    Return how much the judge wavers.

    Args:
        verdicts: By question, the verdict of each ask that had one.
        scores: Of each episode, its score in each ask: two or more, as many for all.
        pass_at: The score from which an episode passes.
    """
    asked = [given for given in verdicts.values() if len(given) > 1]
    within = sqrt(fmean(map(variance, scores))) if scores else None
    return Wavering(
        asks=len(scores[0]) if scores else max(map(len, asked), default=0),
        questions=len(asked),
        split=sum(len(set(given)) > 1 for given in asked),
        agreement=fmean(map(_agreement, asked)) if asked else None,
        episodes=len(scores),
        within=within,
        between=pstdev(map(fmean, scores)) if scores else None,
        pass_at=pass_at,
        depend=sum(len({score >= pass_at for score in each}) > 1 for each in scores),
        floor=None if within is None else _Z * sqrt(2 * within**2 / len(scores)),
    )


def _agreement(given: Sequence[str]) -> float:
    """Return the share of pairs in *given* that are equal."""
    return fmean(one == other for one, other in combinations(given, 2))


def wavering_text(found: Wavering) -> str:
    """Return *found* in words, on one line."""
    if found.agreement is None or found.within is None or found.floor is None:
        return "no question was answered twice: nothing to tell of the judge's wavering"
    return (
        f"{found.questions} questions asked {found.asks} times, {found.split} without one answer; "
        f"agreement of two asks {found.agreement:.2f}; s.d. of an episode's score by the judge "
        f"alone {found.within:.3f}, between episodes {found.between:.3f}; {found.depend} of "
        f"{found.episodes} passes (at {found.pass_at:g}) depend on the ask; the mean of "
        f"{found.episodes} moves by up to {found.floor:.3f}"
    )
