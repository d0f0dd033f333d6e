import itertools
from math import comb, sqrt
from statistics import fmean, stdev

import pytest
import scipy  # its parts are imported where they are used

from refold.reports.statistics import (
    clustered_pass_interval,
    difference_interval,
    mean_interval,
    pass_at_k,
    pass_hat_k,
    pass_interval,
)

DRAWS = [(n, c, k) for n in range(1, 8) for c in range(n + 1) for k in range(1, n + 1)]
T_TABLE = {4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045}
"""Student's t as printed in tables: two-sided 95 %, by degrees of freedom."""

CLOPPER_PEARSON = {
    (0, 10): (0.0, 0.3085),
    (1, 10): (0.0025, 0.4450),
    (2, 10): (0.0252, 0.5561),
    (3, 10): (0.0667, 0.6525),
    (5, 10): (0.1871, 0.8129),
    (10, 10): (0.6915, 1.0),
    (1, 20): (0.0013, 0.2487),
    (0, 1): (0.0, 0.975),
}
"""Exact 95 % intervals as printed in tables, by passed and n."""


def test_pass_at_k_and_pass_hat_k_count_draws():
    """They are the shares of all draws of k out of n with a pass in it, and with nothing else."""
    for n, c, k in DRAWS:
        draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
        assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws), abs=1e-12)
        assert pass_hat_k(n, c, k) == pytest.approx(sum(map(all, draws)) / len(draws), abs=1e-12)


def test_pass_hat_k_is_the_published_formula():
    """pass^k is C(c, k) / C(n, k), as tau-bench prints it."""
    for n, c, k in DRAWS:
        assert pass_hat_k(n, c, k) == comb(c, k) / comb(n, k)


def test_estimates_of_k_are_unbiased():
    """Averaged over what n episodes of chance p may give, they are 1 - (1 - p)^k and p^k."""
    n, k, p = 6, 3, 0.3
    chances = [comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    at = sum(chance * pass_at_k(n, c, k) for c, chance in enumerate(chances))
    hat = sum(chance * pass_hat_k(n, c, k) for c, chance in enumerate(chances))
    assert (at, hat) == pytest.approx((1 - (1 - p) ** k, p**k))


@pytest.mark.parametrize(("n", "c", "k"), [(3, 1, 4), (3, 4, 1), (3, 1, 0), (3, -1, 1)])
def test_impossible_draws_are_refused(n, c, k):
    """More draws or passes than there are episodes have no answer."""
    for estimate in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="expected 1 <= k <= n and 0 <= passed <= n"):
            estimate(n, c, k)


@pytest.mark.parametrize(("degrees", "t"), T_TABLE.items())
def test_interval_of_differences_is_that_of_the_t_table(degrees, t):
    """The half width is t s / sqrt(n), with t as printed, from 5 different values on."""
    n = degrees + 1
    values = [place**1.5 for place in range(n)]
    made = difference_interval(values, bounds=(-1e6, 1e6))
    half = t * stdev(values) / sqrt(n)
    assert made.method == "student"
    assert (made.n, made.mean) == (n, pytest.approx(fmean(values)))
    assert made.high - made.mean == pytest.approx(half, rel=3e-4)
    assert made.mean - made.low == pytest.approx(half, rel=3e-4)


@pytest.mark.parametrize("values", [[0.1, 0.3, 0.2, 0.5], [0.0] * 5 + [0.1, 0.2, 0.3, 0.4]])
def test_few_or_rare_differences_have_no_t(values):
    """With 4 values, or more than half of them the same, the interval is Gaffke's."""
    bounds = (-0.8, 0.8)
    assert difference_interval(values, bounds=bounds) == mean_interval(values, bounds=bounds)


def test_intervals_stay_in_the_range_of_scores():
    """What a score, or a difference, cannot be is in no interval."""
    made = mean_interval([0.01, 0.9], bounds=(0.01, 0.99))
    assert 0.01 <= made.low < made.high <= 0.99
    wide = difference_interval([-1, -1, 1, 1, 0.5], bounds=(-1, 1))
    assert (wide.low, wide.high) == (pytest.approx(-1), 1)


def test_one_value_leaves_almost_the_whole_range():
    """With n = 1 there is no spread: 2.5 % of the way from each bound is all that is known."""
    made = mean_interval([0.6])
    assert (made.low, made.high) == pytest.approx((0.025 * 0.6, 1 - 0.025 * 0.4))
    assert made.method == "gaffke"


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_equal_passes_have_the_interval_of_clopper_and_pearson(n):
    """N scores of 1, or of 0, are n passes or failures, and say as much."""
    for value in (0, 1):
        of_scores, of_passes = mean_interval([value] * n), pass_interval(value * n, n)
        assert of_scores.low == pytest.approx(of_passes.low, abs=1e-7)
        assert of_scores.high == pytest.approx(of_passes.high, abs=1e-7)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_equal_values_seldom_mislead(n):
    """Whatever two scores are drawn from, equal ones miss the expectation in 5 % at most."""
    shares = [place / 200 for place in range(201)]
    for low, high in ((0.0, 1.0), (0.1, 0.9), (0.5, 1.0), (0.0, 0.2)):
        of_low, of_high = mean_interval([low] * n), mean_interval([high] * n)
        for share in shares:
            expected = low * (1 - share) + high * share
            missed = 0.0
            for made, chance in ((of_low, 1 - share), (of_high, share)):
                missed += chance**n * (not made.low - 1e-7 <= expected <= made.high + 1e-7)
            assert missed <= 0.05 + 1e-12


def test_no_value_has_no_mean():
    """An empty sample is refused."""
    for compute in (mean_interval, difference_interval):
        with pytest.raises(ValueError, match="expected at least one value, got none"):
            compute([])


@pytest.mark.slow
@pytest.mark.parametrize(("counts", "ends"), CLOPPER_PEARSON.items())
def test_pass_interval_is_that_of_the_table(counts, ends):
    """The exact interval is the one that is printed, and scipy's."""
    made = pass_interval(*counts)
    assert (made.low, made.high) == pytest.approx(ends, abs=6e-5)
    assert (made.low, made.high) == pytest.approx(scipy.stats.binomtest(*counts).proportion_ci())
    assert made.mean == counts[0] / counts[1]


@pytest.mark.parametrize(("passed", "n"), [(0, 0), (2, 1), (-1, 3)])
def test_impossible_passes_are_refused(passed, n):
    """No episodes, or more passes than episodes, have no rate."""
    with pytest.raises(ValueError, match="expected 0 <= passed <= n, n > 0"):
        pass_interval(passed, n)


def test_worlds_played_once_have_the_plain_pass_interval():
    """Without repetitions there is nothing to take into account."""
    assert clustered_pass_interval([(1, 1), (0, 1), (1, 1)]) == pass_interval(2, 3)


@pytest.mark.slow
def test_repeated_worlds_widen_the_pass_interval():
    """By the formula: 12 of 18 from six worlds, as many independent episodes as they are worth."""
    clusters = [(3, 3), (3, 3), (3, 3), (0, 3), (2, 3), (1, 3)]
    rate = 12 / 18
    spread = 6 / 5 * sum((k - rate * m) ** 2 for k, m in clusters) / 18**2
    worth = (
        rate
        * (1 - rate)
        / spread
        * (scipy.stats.t.ppf(0.975, 17) / scipy.stats.t.ppf(0.975, 5)) ** 2
    )
    assert 3 < worth < 6
    x = rate * worth
    expected = (
        scipy.stats.beta.ppf(0.025, x, worth - x + 1),
        scipy.stats.beta.ppf(0.975, x + 1, worth - x),
    )
    made = clustered_pass_interval(clusters)
    assert (made.low, made.high) == pytest.approx(expected)
    assert (made.n, made.mean, made.method) == (18, rate, "korn_graubard")


def test_repeating_what_always_passes_adds_no_evidence():
    """Five worlds that pass three times each are five passes, not fifteen."""
    made, plain = clustered_pass_interval([(3, 3)] * 5), pass_interval(5, 5)
    assert (made.low, made.high) == (plain.low, plain.high)


def test_repetitions_that_scatter_as_others_do_count():
    """Worlds that all pass half of the time are worth no more than their episodes."""
    made, plain = clustered_pass_interval([(1, 2)] * 8), pass_interval(8, 16)
    assert (made.low, made.high) == (plain.low, plain.high)


@pytest.mark.parametrize("clusters", [[], [(2, 1), (0, 2)]])
def test_impossible_clusters_are_refused(clusters):
    """No episode, or a world with more passes than episodes, is a mistake of the caller."""
    with pytest.raises(ValueError, match="expected 0 <= passed <= n"):
        clustered_pass_interval(clusters)
