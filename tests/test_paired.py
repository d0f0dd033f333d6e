import itertools
from math import inf, sqrt
from random import Random

import pytest
from scipy import stats

from refold.reports.statistics import EXACT_UP_TO, paired_difference

UNBOUNDED = (-inf, inf)


def scores(n, seed=0):
    """Return two columns of *n* scores."""
    dice = Random(seed)
    return [[round(dice.random(), 4) for _ in range(n)] for _ in range(2)]


def differences(a, b):
    """Return a cluster for each pair."""
    return [[right - left] for left, right in zip(a, b, strict=True)]


@pytest.mark.parametrize(
    ("clusters", "p"),
    [
        ([[0.1], [0.2], [0.3]], 2 / 8),  # only +++ and --- are as far out
        ([[0.4], [0.3], [-0.1]], 4 / 8),  # 0.6: also 0.8, and both below 0
        ([[0.3], [-0.1]], 4 / 4),  # 0.2 is as near to 0 as it gets
        ([[0.1], [0.2], [-0.3]], 8 / 8),  # the mean is 0, and so are rounding errors
        ([[0.5], [0.0], [0.0]], 8 / 8),  # flipping 0 changes nothing
        ([[-0.7], [-0.2], [0.7], [0.2]], 16 / 16),  # the same, with ties
        ([[0.9]], 1.0),
    ],
)
def test_p_counts_flips(clusters, p):
    """The p-value is what counting by hand gives."""
    made = paired_difference(clusters)
    assert made.p == pytest.approx(p)
    assert made.exact


@pytest.mark.parametrize("seed", range(5))
def test_p_is_that_of_all_flips_of_clusters(seed):
    """Clusters of several sizes are flipped as a whole."""
    dice = Random(seed)
    clusters = [[dice.uniform(-0.3, 0.7) for _ in range(dice.randint(1, 4))] for _ in range(7)]
    sums = [sum(cluster) for cluster in clusters]
    flipped = [
        abs(sum(sign * each for sign, each in zip(signs, sums, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(sums))
    ]
    expected = sum(each >= abs(sum(sums)) - 1e-9 for each in flipped) / len(flipped)
    assert paired_difference(clusters).p == pytest.approx(expected)


def test_unclustered_pairs_agree_with_scipy():
    """Without clusters: the interval of the paired t test, the p-value of exchanged pairs."""
    a, b = scores(8)
    made = paired_difference(differences(a, b), bounds=UNBOUNDED)
    ends = stats.ttest_rel(b, a).confidence_interval()
    assert (made.low, made.high) == pytest.approx((ends.low, ends.high))
    exchanged = stats.permutation_test(
        (b, a), lambda x, y: (x - y).mean(), permutation_type="samples", vectorized=False
    )
    assert made.p == pytest.approx(exchanged.pvalue)
    assert (made.pairs, made.clusters, made.method) == (8, 8, "student")


def test_clusters_of_one_size_are_students_on_their_means():
    """Three epochs of five scenarios: the interval knows five values, not fifteen."""
    a, b = scores(15)
    singles = [difference for (difference,) in differences(a, b)]
    clusters = [singles[place : place + 3] for place in range(0, 15, 3)]
    means = [sum(cluster) / 3 for cluster in clusters]
    ends = stats.ttest_1samp(means, 0).confidence_interval()
    made = paired_difference(clusters, bounds=UNBOUNDED)
    assert (made.low, made.high) == pytest.approx((ends.low, ends.high))
    assert (made.pairs, made.clusters) == (15, 5)


def test_repeating_a_cluster_adds_no_evidence():
    """Epochs that all say the same leave interval and p-value as they are."""
    once = paired_difference([[0.3], [-0.1], [0.4], [0.2]])
    often = paired_difference([[0.3] * 9, [-0.1] * 9, [0.4] * 9, [0.2] * 9])
    assert (often.low, often.high, often.p) == pytest.approx((once.low, once.high, once.p))
    assert (once.pairs, often.pairs) == (4, 36)


def test_interval_of_unequal_clusters_by_hand():
    """0.6 - 2 x 0.2 and 0 - 1 x 0.2 over 3 pairs, with t(1) = 12.706 from the table."""
    made = paired_difference([[0.2, 0.4], [0.0]], bounds=UNBOUNDED)
    half = 12.706 * sqrt(2 / 1 * (0.2**2 + 0.2**2)) / 3
    assert made.difference == pytest.approx(0.2)
    assert (made.low, made.high) == pytest.approx((0.2 - half, 0.2 + half), rel=1e-4)


def test_few_clusters_bound_the_p_value():
    """With G clusters no p-value is below 2 of 2^G, and the result says so."""
    for count in (1, 2, 4, EXACT_UP_TO):
        made = paired_difference([[0.1 + place / 100] for place in range(count)])
        assert made.p == made.least_p == 2 / 2**count


def test_many_clusters_are_sampled_always_alike():
    """Beyond what can be tried in full, a fixed sample of flips is; p never becomes 0."""
    clusters = [[0.1 + place / 1000] for place in range(EXACT_UP_TO + 1)]
    made = paired_difference(clusters)
    assert not made.exact
    assert made.p == made.least_p > 2 / 2 ** (EXACT_UP_TO + 1)
    mixed = [[value if place % 3 else -value] for place, (value,) in enumerate(clusters)]
    assert paired_difference(mixed) == paired_difference(mixed)
    normal = stats.ttest_1samp([value for (value,) in mixed], 0).pvalue
    assert paired_difference(mixed).p == pytest.approx(normal, abs=0.05)


@pytest.mark.parametrize("count", [EXACT_UP_TO, EXACT_UP_TO + 1, 40])
def test_flips_are_those_that_scipy_tries(count):
    """All of them, or the sample that ``permutation_test`` takes for the seed 0."""
    sums = [difference for (difference,) in differences(*scores(count, seed=count))]
    flipped = stats.permutation_test(
        (sums,),
        lambda sums, axis: sums.sum(axis=axis).round(9),
        permutation_type="samples",
        n_resamples=2**EXACT_UP_TO,
        random_state=0,
    )
    assert paired_difference([[each] for each in sums]).p == flipped.pvalue


def test_clusters_without_a_difference_are_not_flipped():
    """Equal pairs move no p-value, and however many there are, the rest is tried in full."""
    some = [[0.3], [-0.1], [0.2]]
    made = paired_difference([*some, *([0.0] for _ in range(40))])
    assert made.exact
    assert (made.p, made.least_p) == (paired_difference(some).p, 2 / 2**3)
    assert made.clusters == 43
    assert paired_difference([[0.0], [0.1, -0.1]]).p == 1


@pytest.mark.parametrize("clusters", [[], [[0.1], []]])
def test_nothing_to_compare_is_refused(clusters):
    """No cluster, or one without a difference, is a mistake of the caller."""
    with pytest.raises(ValueError, match="expected clusters of at least one difference"):
        paired_difference(clusters)
