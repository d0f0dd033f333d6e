"""
Dice that fall alike on every machine and in every release of Python.

They draw on ``random.Random(text).random()`` alone, the only sequence that Python promises to
keep; not on its choice, shuffle or sample, which may change.
"""

import random
from collections.abc import MutableSequence, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """
    Dice seeded with the text *key*.

    What is drawn depends on the key and on all earlier draws: their order is part of the rules.
    """

    def __init__(self, key: str) -> None:
        self._draw = random.Random(key).random

    def chance(self, share: float) -> bool:
        """Return True with the chance *share*, 0 to 1; always one draw."""
        return self._draw() < share

    def below(self, bound: int) -> int:
        """Return 0 to *bound* - 1; one draw."""
        return int(self._draw() * bound)

    def between(self, least: int, most: int) -> int:
        """Return *least* to *most*, both included; one draw."""
        return least + self.below(most - least + 1)

    def uniform(self, least: float, most: float) -> float:
        """Return a number between *least* and *most*; one draw."""
        return least + (most - least) * self._draw()

    def choice(self, items: Sequence[T]) -> T:
        """Return one of *items*, at least one; one draw."""
        return items[self.below(len(items))]

    def shuffle(self, items: MutableSequence[T]) -> None:
        """Put *items* in any order, in place; a draw for each but the first."""
        for place in range(len(items) - 1, 0, -1):
            other = self.below(place + 1)
            items[place], items[other] = items[other], items[place]

    def sample(self, items: Sequence[T], size: int) -> list[T]:
        """Return *size* of *items* in the order drawn, none twice; *size* draws."""
        pool = list(items)
        return [pool.pop(self.below(len(pool))) for _ in range(size)]
