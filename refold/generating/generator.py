"""Generates scenarios, seed after seed, and leaves out those that are not clean."""

from collections.abc import Callable, Iterator
from itertools import count

from refold.engine import RefoldError
from refold.generating.checking import Generated, check
from refold.generating.recipe import Recipe

MOST_REFUSED = 20
"""Seeds in a row that may give no clean scenario."""


def generate(
    recipe: Recipe,
    *,
    seed: int = 0,
    number: int = 1,
    refused: Callable[[Generated], None] = lambda each: None,
) -> Iterator[Generated]:
    """
    Yield *number* scenarios of *recipe*: the clean ones of the seeds from *seed* on, in order.

    Equal calls yield equal scenarios, byte for byte, in any process.

    Args:
        recipe: What they are like.
        seed: Seed of the first.
        number: How many.
        refused: Called with each that is not clean, which the next seed makes up for.

    Raises:
        UnknownName: There is no such family or size.
        ScenarioError: No world can be drawn with the recipe's knobs, or a seed is too large.
        RefoldError: Too many seeds in a row gave no clean scenario.
    """
    left, missed = number, 0
    for each in count(seed):
        if not left:
            return
        found = check(recipe, each)
        if found.problems:
            refused(found)
            missed += 1
        else:
            yield found
            left, missed = left - 1, 0
        if missed == MOST_REFUSED:
            raise RefoldError(
                f"{recipe.name(each)}: expected a clean scenario among {MOST_REFUSED} seeds, got "
                f"none ({found.problems[0]}); change the knobs"
            )
