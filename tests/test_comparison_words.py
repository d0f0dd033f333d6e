"""What is said of two runs and of several, for every kind of answer that the tests can give."""

import pytest

from refold.graders import RubricName
from refold.overviews.comparison_words import headline, many_headline, remarks
from refold.reports.comparison import compare_outcomes
from refold.reports.many_runs import compare_many
from refold.reports.outcomes import Outcome, Setting


def outcomes(run, scores, *, scenario="a", digest=None):
    """Return outcomes of *scores*, each with a seed of its own; with a *digest*, of one seed."""
    setting = Setting(scenario, "f", 1, "0" * 64, RubricName("r", 1, "0" * 64), (0.0, 1.0))
    return [
        Outcome(
            id=f"{run}-{scenario}-{place}",
            run=run,
            agent=run,
            setting=setting,
            seed=0 if digest else place,
            epoch=place,
            steps=1,
            score=score,
            counts={},
            digest=digest or f"{run}{place}",
            excluded=None,
        )
        for place, score in enumerate(scores)
    ]


def said(first, second):
    """Return the headline on two lists of scores, and what else is said."""
    compared = compare_outcomes(
        ("A", "B"), (outcomes("A", first), outcomes("B", second)), pass_at=0.7
    )
    return headline(compared, "B"), " ".join(remarks(compared, "B", (None, None)))


def shifted(scores, *steps):
    """Return *scores*, each moved by one of *steps* in turn."""
    return [round(score + steps[at % len(steps)], 4) for at, score in enumerate(scores)]


TEN = [0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.33, 0.47, 0.52]


@pytest.mark.parametrize(
    ("second", "begins"),
    [
        (TEN, "All equal: 10 pairs of this scenario, and no score differs."),
        (
            shifted(TEN, 0.2, 0.25),
            "B is better: +0.225 on average over 10 pairs of this scenario, 95 %",
        ),
        (shifted(TEN, -0.2, -0.25), "B is worse: −0.225 on average"),
        (shifted(TEN, 0.01, -0.01), "No difference that matters: +0.000 on average"),
        (shifted(TEN, 0.3, -0.25), "No clear difference: +0.025 on average"),
        ([*TEN[:8], 0.9, 0.9], "Cannot tell: +0.081 on average"),
    ],
)
def test_two_runs(second, begins):
    """Better or worse only if that is clear; else how little, or how few, or that it is open."""
    assert said(TEN, second)[0].startswith(begins)


def test_how_many_would_tell():
    """Where the difference is open, it is said what so many pairs show, and how many show more."""
    _, rest = said(TEN, shifted(TEN, 0.3, -0.25))
    assert "10 pairs show a difference of ±" in rest
    assert "four times in five; for ±0.03 it takes about" in rest
    assert said(TEN, shifted(TEN, 0.2, 0.25))[1] == ""


def test_where_it_is_better_and_worse():
    """Scenarios with a clear difference are named with it."""
    sides = []
    for run, steps in (("A", (0, 0)), ("B", (0.2, -0.2))):
        sides.append(
            [
                each
                for scenario, step in zip("xy", steps, strict=True)
                for each in outcomes(run, shifted(TEN, step, step * 1.1), scenario=scenario)
            ]
        )
    compared = compare_outcomes(("A", "B"), (sides[0], sides[1]), pass_at=0.7)
    told = " ".join(remarks(compared, "B", (None, None)))
    assert "B is better in x (+0.210)." in told
    assert "B is worse in y (−0.210)." in told


def test_a_fact():
    """Where both runs did the same whenever a seed was repeated, no chance is involved."""
    first, second = outcomes("A", [0.1, 0.1], digest="a"), outcomes("B", [0.4, 0.4], digest="b")
    compared = compare_outcomes(("A", "B"), (first, second), pass_at=0.7)
    assert compared.always_same
    assert headline(compared, "B").startswith("B is better: +0.300 on average over 2 pairs")
    assert list(remarks(compared, "B", (None, None))) == []


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ((0.87, 1.96), "It costs 2.3 × as much ($0.87 → $1.96)."),
        ((6.3, 1.96), "It costs 3.2 × less ($6.30 → $1.96)."),
        ((1.0, 1.1), ""),
        ((None, 1.0), ""),
        ((0.0, 1.0), ""),
    ],
)
def test_costs(costs, told):
    """A cost is named if it is known of both and differs much."""
    compared = compare_outcomes(("A", "B"), (outcomes("A", TEN), outcomes("B", TEN)), pass_at=0.7)
    assert " ".join(remarks(compared, "B", costs)) == told


def many(**runs):
    """Return the headline on several runs by name."""
    given = {name: outcomes(name, scores) for name, scores in runs.items()}
    return many_headline(compare_many(given, pass_at=0.7))


def test_several_runs():
    """One leads, or the first two cannot be told apart, with whom the first is ahead of."""
    high, low = shifted(TEN, 0.3, 0.35), shifted(TEN, -0.2, -0.22)
    assert many(a=TEN, b=high, c=low).startswith("b leads: +0.325 over a, p 0.0")
    near = shifted(high, 0.01, -0.012)
    assert many(a=high, b=near, c=low) == ("a and b cannot be told apart; a is clearly ahead of c.")
    assert many(a=TEN, b=TEN, c=TEN) == ("a and b cannot be told apart, nor any run from a.")
