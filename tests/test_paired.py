from math import sqrt
from random import Random
from statistics import fmean, variance

import pytest
import scipy  # its parts are imported where they are used

from refold.reports.paired import difference_elsewhere, difference_here, stratified_error
from refold.reports.statistics import mean_interval

WIDE = (-100.0, 100.0)


def strata(*sizes, seed=0):
    """Return differences of scenarios with so many worlds."""
    dice = Random(seed)
    return [[round(dice.uniform(-0.5, 0.7), 4) for _ in range(size)] for size in sizes]


@pytest.mark.slow
def test_two_scenarios_are_welchs():
    """With two strata error and degrees of freedom are those of Welch's t test."""
    a, b = strata(6, 9)
    welch = scipy.stats.ttest_ind(a, [-each for each in b], equal_var=False)
    error, degrees = stratified_error([a, b])
    assert degrees == pytest.approx(welch.df)
    assert error == pytest.approx(sqrt(variance(a) / 6 + variance(b) / 9) / 2)
    made = difference_here([a, b], bounds=WIDE)
    interval = welch.confidence_interval()
    assert made.method == "student"
    ends = made.low, made.high
    assert ends == pytest.approx((interval.low / 2, interval.high / 2))


@pytest.mark.slow
def test_one_scenario_is_the_paired_t_test():
    """Its worlds are the units."""
    (only,) = strata(8)
    made, ends = difference_here([only], bounds=WIDE), scipy.stats.ttest_1samp(only, 0)
    interval = ends.confidence_interval()
    assert (made.low, made.high) == pytest.approx((interval.low, interval.high))
    assert (made.units, made.degrees, made.claim) == (8, 7, "these_scenarios")


def test_scenarios_weigh_the_same_whatever_their_worlds():
    """The mean is that of scenario means, in both claims."""
    groups = [[0.1] * 9 + [0.2], [0.5, 0.7]]
    for made in (difference_here(groups), difference_elsewhere(groups)):
        assert made.difference == pytest.approx(fmean([0.11, 0.6]))


def test_flips_weigh_worlds_as_the_mean_does():
    """A world of a scenario with ten counts a fifth of one of a scenario with two."""
    made = difference_here([[0.1] * 10, [-0.5, -0.5]])
    even = difference_here([[0.01] * 10, [-0.25, -0.25]])
    assert made.p == even.p
    assert made.p > 0.05


@pytest.mark.parametrize(
    "groups",
    [
        [[0.3, 0.0, 0.0], [0.0, 0.0, 0.2]],  # two worlds differ
        [[0.2, 0.2, 0.2], [0.4, 0.4, 0.4]],  # all alike in each scenario: an error of 0
        [[0.2], [0.3], [0.1]],
    ],
)
def test_where_t_has_nothing_to_go_by_the_interval_is_gaffkes(groups):
    """Few worlds that differ, or none that scatter, bound the mean by their number alone."""
    made = difference_here(groups)
    expected = mean_interval([each for group in groups for each in group], bounds=(-1, 1))
    assert (made.low, made.high, made.method) == (expected.low, expected.high, "gaffke")
    assert made.high - made.low > 0.2


def test_unequal_scenarios_stay_within_bounds():
    """Scaled worlds do not let Gaffke's interval leave what a difference can be."""
    made = difference_here([[0.9], [0.9] * 3])
    assert -1 <= made.low < 0.9 < made.high <= 1


def test_single_worlds_are_taken_for_drawn_scenarios():
    """Where a scenario has one world, both claims have the same interval: the wider one."""
    groups = strata(1, 4, 4, 4, 4, 4)
    here, elsewhere = difference_here(groups), difference_elsewhere(groups)
    ends = [(each.low, each.high) for each in (here, elsewhere)]
    assert ends[0] == ends[1]
    assert (here.units, elsewhere.units) == (21, 6)


@pytest.mark.slow
def test_elsewhere_knows_scenarios_only():
    """The interval is Student's of the scenarios' means, and scenarios are flipped."""
    groups = strata(3, 3, 3, 3, 3, 3)
    means = [fmean(group) for group in groups]
    made = difference_elsewhere(groups, bounds=WIDE)
    interval = scipy.stats.ttest_1samp(means, 0).confidence_interval()
    assert (made.low, made.high) == pytest.approx((interval.low, interval.high))
    assert made.least_p == 2 / 2**6


def test_clear_needs_interval_and_p():
    """Five worlds that all gain much exclude 0, but their p of 0.0625 is no finding."""
    made = difference_here([[0.9, 0.95], [0.9, 0.95, 0.92]])
    assert made.low > 0
    assert not made.is_clear()
    many = difference_here([[0.3, 0.2, 0.25, 0.31], [0.2, 0.3, 0.1, 0.22]])
    assert many.is_clear()
    assert not many.is_clear(0.06)


def test_the_drop_that_would_be_seen():
    """(t + t_0.8) times the error, with t(7) = 2.365 and 0.896 from the table."""
    (only,) = strata(8)
    made = difference_here([only])
    error = sqrt(variance(only) / 8)
    assert made.least_drop() == pytest.approx((2.365 + 0.896) * error, rel=1e-3)
    assert difference_here([[0.1]]).least_drop() is None


@pytest.mark.parametrize("groups", [[], [[0.1], []]])
def test_nothing_to_compare_is_refused(groups):
    """No scenario, or one without a world, is a mistake of the caller."""
    for compute in (difference_here, difference_elsewhere):
        with pytest.raises(ValueError, match="expected scenarios of at least one world"):
            compute(groups)
