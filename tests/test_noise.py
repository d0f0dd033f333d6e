from math import sqrt

import pytest

from refold.reports.noise import Noise, noise_of_difference, noise_of_replay, replay_noise


def test_noise_by_hand():
    """s^2 of 2 over 2 episodes, and of 4 over 3; each mean's variance, by a half squared."""
    noise = replay_noise([[[1, 3]], [[2, 4, 6]]])
    parts = [2 / 2 / 4, 4 / 3 / 4]
    assert noise.variance == pytest.approx(sum(parts))
    assert noise.degrees == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / 1 + parts[1] ** 2 / 2))


def test_differences_between_worlds_are_no_noise():
    """Worlds that each always give the same have none, however far apart they are."""
    assert replay_noise([[[0.1, 0.1], [0.9, 0.9, 0.9]]]) == Noise(0.0, 3.0)


def test_a_world_played_once_takes_the_scatter_of_its_scenario():
    """Three worlds, one of them repeated: s^2 = 2 for each, over 1, 1 and 2 episodes."""
    noise = replay_noise([[[1, 3], [5], [7]]])
    assert noise.variance == pytest.approx(2 * (1 + 1 + 1 / 2) / 9)


def test_a_scenario_without_repetition_leaves_no_floor():
    """Nothing is lent from one scenario to another."""
    assert replay_noise([[[1, 3]], [[2], [4]]]) is None
    assert replay_noise([]) is None


def test_two_agents_bring_each_their_own_noise():
    """t(10) = 2.228 for two equal halves of 5 degrees; t(5) = 2.571 where one has none."""
    one, none = Noise(0.02, 5), Noise(0.0, 9)
    assert noise_of_difference(one, one) == pytest.approx(2.228 * sqrt(0.04), rel=3e-4)
    assert noise_of_difference(one, none) == pytest.approx(2.571 * sqrt(0.02), rel=3e-4)
    assert noise_of_difference(none, none) == 0


def test_a_replay_brings_the_same_noise_twice():
    """t(5) = 2.571: playing again does not make the variance better known."""
    assert noise_of_replay(Noise(0.02, 5)) == pytest.approx(2.571 * sqrt(0.04), rel=3e-4)
