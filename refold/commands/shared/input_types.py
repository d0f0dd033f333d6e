"""Types of options whose mistakes are told as all others are: what was expected, what was given."""

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

import click


class WholeNumber(click.IntRange):
    """A whole number, within bounds if there are any."""

    name = "N"  # in --help

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return *value* as a number; raises ``click.BadParameter`` if it is none, or too far."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            raise _bad_value(f"a whole number{_bounds(self)}", value, param, ctx) from None

    def _describe_range(self) -> str:  # click's words in --help are x>=1, or x<=None
        return _bounds(self).removeprefix(" of").strip()


class Number(click.FloatRange):
    """A finite number, within bounds if there are any; *expected* is what an error calls it."""

    name = "X"
    expected = "a number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return *value* as a number; raises ``click.BadParameter`` if it is none, or too far."""
        try:
            number = float(super().convert(value, param, ctx))
        except click.BadParameter:
            number = nan
        if not isfinite(number):
            raise _bad_value(f"{self.expected}{_bounds(self)}", value, param, ctx)
        return number

    def _describe_range(self) -> str:
        return _bounds(self).removeprefix(" of").strip()


class OneOf(click.Choice[str]):
    """One of several words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word; raises ``click.BadParameter`` if *value* is none of them."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            raise _bad_value(_listed(self.choices), value, param, ctx) from None


def _bad_value(
    expected: str, value: Any, param: click.Parameter | None, ctx: click.Context | None
) -> click.BadParameter:
    return click.BadParameter(f"expected {expected}, got {value!r:.60}", ctx, param)


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    """Return the bounds of *kind*, with a blank before them; empty if it has none."""
    if kind.min is None:
        return ""
    if kind.max is not None:
        return f" from {kind.min} to {kind.max}"
    return f" above {kind.min}" if kind.min_open else f" of at least {kind.min}"


def _listed(words: Sequence[str]) -> str:
    """Return *words* as a list in words, "or" before the last."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
