"""Types of options whose mistakes are told as all others are: what was expected, what was given."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, NoReturn

import click


class WholeNumber(click.IntRange):
    """A whole number, within bounds if there are any."""

    name = "N"  # in --help

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Return *value* as a number; raises ``click.BadParameter`` if it is none, or too far."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            _refuse(self, f"a whole number{_bounds(self)}", value, param, ctx)


class Number(click.FloatRange):
    """A finite number, within bounds if there are any."""

    name = "X"
    expected = "a number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return *value* as a number; raises ``click.BadParameter`` if it is none, or too far."""
        try:
            number = float(super().convert(value, param, ctx))
        except click.BadParameter:
            number = float("nan")
        if not isfinite(number):
            _refuse(self, f"{self.expected}{_bounds(self)}", value, param, ctx)
        return number


class OneOf(click.Choice[str]):
    """One of several words."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word; raises ``click.BadParameter`` if *value* is none of them."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            _refuse(self, " or ".join(_listed(self.choices)), value, param, ctx)


def _refuse(
    kind: click.ParamType,
    expected: str,
    value: Any,
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> NoReturn:
    kind.fail(f"expected {expected}, got {value!r:.60}", param, ctx)


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    """Return the bounds of *kind*, with a blank before them; empty if it has none."""
    if kind.min is None:
        return ""
    if kind.max is not None:
        return f" from {kind.min} to {kind.max}"
    return f" above {kind.min}" if kind.min_open else f" of at least {kind.min}"


def _listed(words: Sequence[str]) -> Sequence[str]:
    """Return *words* as the two sides of an "or": all but the last, and the last."""
    *first, last = words
    return [", ".join(first), last] if first else [last]
