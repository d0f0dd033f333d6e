import itertools
from math import comb, inf, sqrt
from random import Random
from statistics import fmean, stdev

import pytest
from scipy import stats

from refold.reports.statistics import (
    Noise,
    mean_interval,
    noise_floor,
    noise_of_difference,
    paired_difference,
    pass_at_k,
    pass_hat_k,
    pass_interval,
)

DRAWS = [(n, c, k) for n in range(1, 8) for c in range(n + 1) for k in range(1, n + 1)]
T_TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045}
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
def test_mean_interval_is_that_of_the_t_table(degrees, t):
    """The half width is t s / sqrt(n), with t as printed."""
    n = degrees + 1
    values = [place**1.5 for place in range(n)]
    made = mean_interval(values, bounds=(-inf, inf))
    half = t * stdev(values) / sqrt(n)
    assert made.method == "student"
    assert (made.n, made.mean) == (n, pytest.approx(fmean(values)))
    assert made.high - made.mean == pytest.approx(half, rel=3e-4)
    assert made.mean - made.low == pytest.approx(half, rel=3e-4)


def test_mean_interval_stays_in_the_range_of_scores():
    """Where t reaches beyond what a score can be, the interval is cut."""
    made = mean_interval([0.01, 0.9], bounds=(0.01, 0.99))
    assert (made.low, made.high) == (0.01, 0.99)


def test_one_value_leaves_almost_the_whole_range():
    """With n = 1 there is no spread: 2.5 % of the way from each bound is all that is known."""
    made = mean_interval([0.6])
    assert (made.low, made.high) == pytest.approx((0.025 * 0.6, 1 - 0.025 * 0.4))
    assert made.method == "equal_values"


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_equal_passes_have_the_interval_of_clopper_and_pearson(n):
    """N scores of 1, or of 0, are n passes or failures, and say as much."""
    for value in (0, 1):
        of_scores, of_passes = mean_interval([value] * n), pass_interval(value * n, n)
        assert of_scores.low == pytest.approx(of_passes.low, abs=1e-12)
        assert of_scores.high == pytest.approx(of_passes.high, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_equal_values_seldom_mislead(n):
    """Whatever two scores are drawn from, equal ones miss the expectation in 5 % at most."""
    shares = [place / 200 for place in range(201)]
    for low, high in ((0.0, 1.0), (0.1, 0.9), (0.5, 1.0), (0.0, 0.2)):
        for share in shares:
            expected = low * (1 - share) + high * share
            missed = 0.0
            for value, chance in ((low, 1 - share), (high, share)):
                made = mean_interval([value] * n)
                missed += chance**n * (not made.low - 1e-12 <= expected <= made.high + 1e-12)
            assert missed <= 0.05 + 1e-12


def test_no_value_has_no_mean():
    """An empty sample is refused."""
    with pytest.raises(ValueError, match="expected at least one value, got none"):
        mean_interval([])


@pytest.mark.parametrize(("counts", "ends"), CLOPPER_PEARSON.items())
def test_pass_interval_is_that_of_the_table(counts, ends):
    """The exact interval is the one that is printed, and scipy's."""
    made = pass_interval(*counts)
    assert (made.low, made.high) == pytest.approx(ends, abs=6e-5)
    assert (made.low, made.high) == pytest.approx(stats.binomtest(*counts).proportion_ci())
    assert made.mean == counts[0] / counts[1]


@pytest.mark.parametrize(("passed", "n"), [(0, 0), (2, 1), (-1, 3)])
def test_impossible_passes_are_refused(passed, n):
    """No episodes, or more passes than episodes, have no rate."""
    with pytest.raises(ValueError, match="expected 0 <= passed <= n, n > 0"):
        pass_interval(passed, n)


def test_noise_floor_pools_what_repeats():
    """By hand: (1 * 2 + 2 * 4) / 3; what stands alone, or differs between worlds, says nothing."""
    noise = noise_floor([[1, 3], [2, 4, 6], [100], []])
    assert (noise.deviation, noise.degrees) == (pytest.approx(sqrt(10 / 3)), 3)
    assert noise_floor([[0.3], [0.7]]) is None


def test_noise_moves_a_difference_less_over_more_pairs():
    """t(10) = 2.228 in the table; over 8 pairs sqrt(2 / 8) of it is left."""
    assert noise_of_difference(Noise(1.0, 10), 8) == pytest.approx(2.228 / 2, rel=3e-4)
    assert noise_of_difference(Noise(0.1, 10), 2) == pytest.approx(0.2228, rel=3e-4)


def test_equal_differences_in_pairs_are_no_certainty():
    """Three clusters with one difference: the bound of equal values between -1 and 1."""
    made, share = paired_difference([[0.2], [0.2, 0.2], [0.2]]), 0.025 ** (1 / 3)
    assert (made.low, made.high) == pytest.approx((-1 + share * 1.2, 1 - share * 0.8))
    assert made.method == "equal_values"


def test_rounding_errors_are_no_spread():
    """Differences that are equal but for the last bits of floats count as equal."""
    dice = Random(1)
    made = paired_difference([[0.3 - 0.1 + dice.choice([0, 1e-16])] for _ in range(5)])
    assert made.method == "equal_values"
