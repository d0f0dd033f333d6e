import itertools
from random import Random

import pytest
import scipy  # its parts are imported where they are used

from refold.reports.p_values import EXACT_UP_TO, holm, sign_flip_test


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([0.1, 0.2, 0.3], 2 / 8),  # only +++ and --- are as far out
        ([0.4, 0.3, -0.1], 4 / 8),  # 0.6: also 0.8, and both below 0
        ([0.3, -0.1], 4 / 4),  # 0.2 is as near to 0 as it gets
        ([0.1, 0.2, -0.3], 8 / 8),  # the mean is 0, and so are rounding errors
        ([0.5, 0.0, 0.0], 8 / 8),  # flipping 0 changes nothing
        ([-0.7, -0.2, 0.7, 0.2], 16 / 16),  # the same, with ties
        ([0.9], 1.0),
        ([], 1.0),
    ],
)
def test_p_counts_flips(values, p):
    """The p-value is what counting by hand gives."""
    made = sign_flip_test(values)
    assert made.p == pytest.approx(p)
    assert made.exact


@pytest.mark.slow
@pytest.mark.parametrize("count", [8, EXACT_UP_TO])
def test_all_flips_are_those_that_scipy_tries(count):
    """To the last digit."""
    dice = Random(count)
    values = [round(dice.uniform(-0.3, 0.7), 4) for _ in range(count)]
    flipped = scipy.stats.permutation_test(
        (values,),
        lambda v, axis: v.sum(axis=axis).round(9),
        permutation_type="samples",
        n_resamples=2**count,
    )
    assert sign_flip_test(values).p == flipped.pvalue


@pytest.mark.slow
@pytest.mark.parametrize("count", [EXACT_UP_TO + 1, 17, 40])
def test_sampled_flips_are_close_to_all(count):
    """Beyond what is tried in full, the p-value is within its own error of scipy's sample."""
    dice = Random(count)
    values = [dice.uniform(-0.4, 0.6) for _ in range(count)]
    flipped = scipy.stats.permutation_test(
        (values,),
        lambda v, axis: v.sum(axis=axis),
        permutation_type="samples",
        n_resamples=30_000,
        random_state=1,
    )
    made = sign_flip_test(values)
    assert made.p == pytest.approx(flipped.pvalue, abs=0.015)
    assert made == sign_flip_test(values)
    assert not made.exact


def test_few_units_bound_the_p_value():
    """With k units that differ no p-value is below 2 of 2^k, and the result says so."""
    for count in (1, 2, 4, EXACT_UP_TO):
        made = sign_flip_test([0.1 + place / 100 for place in range(count)])
        assert made.p == made.least_p == 2 / 2**count


def test_a_sample_never_gives_a_p_of_0():
    """What was observed is one of the flips; thirty units that agree have the least p there is."""
    made = sign_flip_test([0.1 + place / 1000 for place in range(30)])
    assert 0 < made.p == made.least_p < 0.001


def test_units_without_a_difference_are_not_flipped():
    """They move no p-value, and however many there are, the rest is tried in full."""
    some = [0.3, -0.1, 0.2]
    made = sign_flip_test([*some, *[0.0] * 40])
    assert made == sign_flip_test(some)
    assert (made.exact, made.least_p, made.differing) == (True, 2 / 2**3, 3)


def test_holm_by_hand():
    """The least p times 4, the next times 3, never falling, in the order given."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_holm_rejects_what_its_steps_reject(seed):
    """Adjusted p-values of at most 0.05 are those that stepping down from the least rejects."""
    dice = Random(seed)
    ps = [dice.random() ** 4 for _ in range(9)]
    steps = itertools.takewhile(
        lambda each: each[1][0] <= 0.05 / (len(ps) - each[0]),
        enumerate(sorted((p, place) for place, p in enumerate(ps))),
    )
    rejected = {place for _, (_, place) in steps}
    assert {place for place, p in enumerate(holm(ps)) if p <= 0.05} == rejected
