from concurrent.futures import ThreadPoolExecutor

import mpmath
import pytest
import scipy  # its parts are imported where they are used

from refold.reports.quantiles import beta_quantile, t_quantile

SIZES = [1, 2, 3, 5, 10, 30, 100, 1000, 10_000]
CONFIDENCES = [0.5, 0.9, 0.95, 0.99, 0.999]
DEGREES = [*range(1, 41), 2.5, 7.3, 100, 1000, 10_000]


@pytest.mark.slow
@pytest.mark.parametrize("n", SIZES)
def test_beta_quantiles_are_those_of_scipy(n):
    """For passes between none and all of up to 10,000, to 11 digits."""
    for passed in sorted({0, 1, 2, n // 3, n // 2, n - 1, n} & set(range(n + 1))):
        for share in (0.0005, 0.025, 0.5, 0.975, 0.9995):
            a, b = passed + 1, n - passed + 1
            expected = pytest.approx(scipy.special.betaincinv(a, b, share), rel=1e-11)
            assert beta_quantile(a, b, share) == expected, (a, b, share)


@pytest.mark.slow
@pytest.mark.parametrize("a", [1, 1.25, 1.5, 2.75, 40.5])
@pytest.mark.parametrize("b", [1, 1.25, 3.5])
def test_so_are_those_between_whole_numbers(a, b):
    """Parameters need not be counts."""
    for share in (0.001, 0.3, 0.999):
        assert beta_quantile(a, b, share) == pytest.approx(
            scipy.special.betaincinv(a, b, share), rel=1e-11
        )


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(0.03, 1), (0.4, 3.6), (0.9, 40), (2.5, 0.2), (7, 0.75)])
def test_so_are_those_below_one(a, b):
    """One of the parameters may be a part of an episode."""
    for share in (0.001, 0.025, 0.5, 0.975):
        expected = pytest.approx(scipy.special.betaincinv(a, b, share), rel=1e-10)
        assert beta_quantile(a, b, share) == expected, share


@pytest.mark.slow
@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_t_quantiles_are_those_of_scipy(confidence):
    """For whole degrees of freedom and others, to 11 digits."""
    for degrees in DEGREES:
        expected = pytest.approx(scipy.special.stdtrit(degrees, (1 + confidence) / 2), rel=1e-11)
        assert t_quantile(degrees, confidence) == expected, degrees


def test_quantiles_known_in_closed_form():
    """Uniform, the least of five uniforms, Cauchy, and t with two degrees of freedom."""
    assert beta_quantile(1, 1, 0.025) == 0.025
    assert beta_quantile(1, 5, 0.5) == pytest.approx(1 - 0.5**0.2, rel=1e-15)
    assert t_quantile(1, 0.5) == pytest.approx(1, rel=1e-15)
    assert t_quantile(2, 0.8) == pytest.approx(2 * 0.8 / (2 * (1 - 0.8**2)) ** 0.5, rel=1e-15)


def test_precision_is_nobody_elses():
    """Neither another thread's work nor what a caller does with mpmath moves a digit."""
    asked = [(passed + 2, 40 - passed, 0.0625) for passed in range(30)]
    expected = [beta_quantile(*each) for each in asked]
    beta_quantile.cache_clear()
    with mpmath.workdps(3), ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda each: beta_quantile(*each), asked)) == expected
        assert mpmath.mp.dps == 3
