from itertools import pairwise
from random import Random
from time import process_time

import numpy as np
import pytest

from refold.reports import gaffke
from refold.reports.gaffke import gaffke_interval, share_below
from refold.reports.statistics import pass_interval

LUMPS = [0.9] * 17 + [0.35] * 3


def uniform(n, seed=0):
    """Return *n* scores."""
    dice = Random(seed)
    return [round(dice.random(), 4) for _ in range(n)]


def drawn(values, bounds, draws=100_000):
    """Return the interval's ends as they are with random weights drawn."""
    weights = np.random.default_rng(1).dirichlet(np.ones(len(values) + 1), draws)
    sums = weights[:, 1:] @ np.array(values)
    ends = sums + weights[:, 0] * bounds[0], sums + weights[:, 0] * bounds[1]
    return np.quantile(ends[0], 0.025), np.quantile(ends[1], 0.975)


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ([0.3], (0.0, 1.0)),
        ([0.3, 0.30001, 0.9], (0.0, 1.0)),
        (LUMPS, (0.01, 0.99)),
        (uniform(50), (0.0, 1.0)),
        ([each - 0.5 for each in uniform(9)], (-1.0, 1.0)),
    ],
)
def test_interval_is_that_of_drawn_weights(values, bounds):
    """It is computed, not drawn; drawing 100,000 times gives the same to what drawing can."""
    assert gaffke_interval(values, bounds, 0.95) == pytest.approx(drawn(values, bounds), abs=3e-3)


@pytest.mark.parametrize("n", [1, 2, 7, 40, 300])
def test_passes_have_the_interval_of_clopper_and_pearson(n):
    """For scores of 0 and 1 both are the same."""
    for passed in {0, 1, n // 3, n - 1, n}:
        made = gaffke_interval([1.0] * passed + [0.0] * (n - passed), (0.0, 1.0), 0.99)
        expected = pass_interval(passed, n, confidence=0.99)
        assert made == pytest.approx((expected.low, expected.high), abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5, 400])
def test_equal_values_have_a_closed_form(n):
    """The interval of n times m goes from L + c (m - L) to U - c (U - m), c = 0.025 ** (1 / n)."""
    share = 0.025 ** (1 / n)
    expected = 0.1 + share * 0.5, 0.9 - share * 0.3
    assert gaffke_interval([0.6] * n, (0.1, 0.9), 0.95) == pytest.approx(expected, abs=1e-7)


def test_no_cliff_between_equal_and_almost_equal():
    """A value that moves by a little moves the interval by a little."""
    for a, b in pairwise((0.5, 0.5001, 0.5002)):
        ends = [gaffke_interval([0.5] * 4 + [each], (0, 1), 0.95) for each in (a, b)]
        assert ends[0] == pytest.approx(ends[1], abs=2e-4)


@pytest.mark.parametrize("spread", [0.3, 0.003])
def test_large_samples_lose_no_printed_digit(monkeypatch, spread):
    """The approximation for many values is the exact formula's in the first four digits."""
    dice = Random(2)
    values = [min(1.0, max(0.0, dice.gauss(0.8, spread))) for _ in range(500)]
    approximate = gaffke_interval(values, (0.0, 1.0), 0.95)
    monkeypatch.setattr(gaffke, "_EXACT_WORK", 10**9)
    exact = gaffke_interval(values, (0.0, 1.0), 0.95)
    assert approximate != exact
    assert approximate == pytest.approx(exact, abs=2e-5)


def test_share_at_the_mean_of_many_values():
    """Where the approximation's terms cancel it has a limit, which lies between its neighbours."""
    values = [*uniform(1000), 0.0]
    mean = sum(values) / len(values)
    shares = [share_below(values, mean + shift) for shift in (-1e-3, 0.0, 1e-3)]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(0.5, abs=0.01)


def test_fifty_values_take_little_time():
    """The interval of 50 values takes less than 0.1 s of the processor."""
    began = process_time()
    gaffke_interval(uniform(50), (0.0, 1.0), 0.95)
    assert process_time() - began < 0.1
