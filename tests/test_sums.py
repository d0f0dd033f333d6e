from hypothesis import given
from hypothesis import strategies as st

from refold.engine.sums import add_up, add_up_stretches


def test_a_sum_is_added_one_by_one():
    """Each addition rounds, as Python 3.11 does it: releases that round once give 1.0 here."""
    assert add_up([0.1] * 10) == 0.9999999999999999
    assert add_up([]) == 0.0


@given(st.lists(st.floats(-1, 1)))
def test_a_sum_is_the_loop_that_anyone_would_write(values):
    """Order and rounding are those of a plain loop."""
    total = 0.0
    for value in values:
        total += value
    assert add_up(iter(values)) == total


def test_many_values_are_summed_over_stretches():
    """Never more than asked for, each value in one of them; few values stay as they are."""
    assert add_up_stretches([1.0, 2.0, 4.0], 3) == [1.0, 2.0, 4.0]
    assert add_up_stretches([1.0, 2.0, 4.0], 2) == [3.0, 4.0]
    assert add_up_stretches([1.0] * 100_000, 60) == [1667.0] * 59 + [1647.0]
    assert add_up_stretches([], 2) == []
