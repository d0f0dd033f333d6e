"""
A thousand generated scenarios of mixed size: ``python -m bench.generating [COUNT]``, four minutes.

Both families, four sizes, train and test in turn, 20 to 1,000 tasks or threads, most of them below
100. How many are clean goes to stdout.
"""

import sys
from collections.abc import Callable, Iterator

from refold.generating import SIZES, Generated, Recipe, generate

COUNTED = {"inbox": "threads", "workflow": "tasks"}


def generate_mixed(count: int, refused: Callable[[Generated], None]) -> Iterator[Generated]:
    """Yield *count* clean scenarios of mixed size; what is not clean goes to *refused*."""
    for place in range(count):
        number = round(20 * 50 ** ((place / max(1, count - 1)) ** 3))
        family = sorted(COUNTED)[place % 2]
        split = ("train", "test")[place // 2 % 2]
        recipe = Recipe(family, SIZES[place // 4 % 4], split, {COUNTED[family]: number})
        yield from generate(recipe, seed=place, refused=refused)


def main() -> None:
    """Generate them, and print how many are clean and what their witnesses score."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    refused: list[Generated] = []
    made = list(generate_mixed(count, refused.append))
    lowest = min(each.witness for each in made)
    print(f"{len(made)} clean, {len(refused)} left out, lowest score of a witness {lowest}")


if __name__ == "__main__":
    main()
