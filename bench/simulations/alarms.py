"""How often gates and leads speak: of agents that are equal, and of agents that are not."""

from itertools import chain, combinations
from random import Random
from statistics import fmean

from bench.simulations.worlds import Strata, minus, pass_rates, play, play_lumps
from refold.reports.gates import Rule, judge_worse
from refold.reports.noise import noise_of_difference, replay_noise
from refold.reports.p_values import holm, sign_flip_test
from refold.reports.paired import difference_here

WORSE = Rule("worse", "worse")
SCENARIOS, SEEDS = 7, 5
BOUNDS = (-1.0, 1.0)


def worse_fails(drop: float, studies: int, *, confidence: float = 0.99, repeats: int = 1) -> float:
    """
    Return the share of pushes that ``worse`` fails, of agents whose pass rates fall by *drop*.

    A true drop of 0 gives the false alarms. 7 scenarios with 5 seeds, *repeats* times each.
    """
    dice, failed = Random(1), 0
    for _ in range(studies):
        before = pass_rates(dice, SCENARIOS)
        after = [max(0.0, rate - drop) for rate in before]
        found = minus(*(play(dice, rates, SEEDS, repeats) for rates in (before, after)))
        verdict = judge_worse(WORSE, found, bounds=BOUNDS, confidence=confidence)
        failed += verdict.answer == "fails"
    return failed / studies


def mean_fell(drop: float, studies: int) -> float:
    """Return the share of pushes in which the mean fell: the rule that everybody writes first."""
    dice, failed = Random(1), 0
    for _ in range(studies):
        before = pass_rates(dice, SCENARIOS)
        after = [max(0.0, rate - drop) for rate in before]
        found = minus(*(play(dice, rates, SEEDS) for rates in (before, after)))
        failed += fmean(map(fmean, found)) < 0
    return failed / studies


def any_false_lead(agents: int, studies: int, *, adjust: bool = True) -> float:
    """Return the share of studies of equal *agents* in which any pair is called clear."""
    dice, failed = Random(agents), 0
    for _ in range(studies):
        rates = pass_rates(dice, SCENARIOS)
        played = [play_lumps(dice, rates, SEEDS) for _ in range(agents)]
        failed += _any_clear(played, adjust=adjust)
    return failed / studies


def _any_clear(played: list[Strata], *, adjust: bool) -> bool:
    found = [minus(a, b) for a, b in combinations(played, 2)]
    # Scenarios are of one size, so that the test needs no weights; most pairs need no interval.
    ps = [sign_flip_test(chain.from_iterable(strata)).p for strata in found]
    pairs = zip(found, holm(ps) if adjust else ps, strict=True)
    return any(p <= 0.05 and difference_here(strata).is_clear(p) for strata, p in pairs)


def beyond_noise(studies: int) -> float:
    """
    Return how often two runs of one agent differ by more than the noise floor says.

    Scenarios are unequally noisy, every world is played twice.
    """
    dice, beyond = Random(3), 0
    noises = [0.01, 0.02, 0.05, 0.1, 0.1, 0.2, 0.02]
    for _ in range(studies):
        runs = [
            [[[0.5 + dice.gauss(0, s) for _ in range(2)] for _ in range(SEEDS)] for s in noises]
            for _ in range(2)
        ]
        means = [fmean(fmean(map(fmean, worlds)) for worlds in run) for run in runs]
        floors = [replay_noise(run) for run in runs]
        assert floors[0]
        assert floors[1]
        beyond += abs(means[0] - means[1]) > noise_of_difference(floors[0], floors[1])
    return beyond / studies
