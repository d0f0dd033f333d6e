import pytest

from bench.simulations import alarms, coverage

pytestmark = pytest.mark.slow

STUDIES = 60
"""A sample, with fixed seeds; ``python -m bench.simulations`` takes many more."""


@pytest.mark.parametrize("name", coverage.MEANS)
def test_intervals_of_means_cover(name):
    """Of lumpy and skewed scores as well: Student's would cover 0.56 to 0.9 of these."""
    n, scores = coverage.MEANS[name]
    assert coverage.mean_of_scores(n, scores, 200) >= 0.94


@pytest.mark.parametrize("name", coverage.CHANGES)
def test_intervals_of_rare_changes_cover(name):
    """Where a new grader moves few episodes, too."""
    assert coverage.shift_elsewhere(*coverage.CHANGES[name], STUDIES) >= 0.93


def test_pass_rates_of_unequal_scenarios_cover():
    """Scenarios that resemble themselves are worth fewer episodes than they have."""
    assert coverage.pass_rate(7, 5, 0.2, STUDIES) >= 0.93


def test_differences_on_these_scenarios_cover():
    """With two seeds of each scenario as with five."""
    for seeds in (2, 5):
        assert coverage.difference_of_scenarios(7, seeds, STUDIES) >= 0.91


def test_equal_agents_seldom_fail_the_gate():
    """An agent against itself: "the mean fell" fails almost every second push, ``worse`` none."""
    assert alarms.mean_fell(0.0, STUDIES) > 0.3
    assert alarms.worse_fails(0.0, STUDIES) <= 0.02


def test_a_large_drop_fails_the_gate():
    """A gate that never fails would be no gate: passes that fall by 0.44 fail it mostly."""
    assert alarms.worse_fails(0.44, 20, repeats=3) >= 0.9


def test_equal_agents_are_seldom_ahead():
    """Six equal agents have 15 pairs; with Holm's correction hardly any study calls one clear."""
    assert alarms.any_false_lead(6, 10) <= 0.1


def test_noise_floors_are_seldom_passed():
    """Two runs of one agent differ by more than its noise in about 5 % of cases."""
    assert alarms.beyond_noise(STUDIES) <= 0.12
