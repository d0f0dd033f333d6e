"""One figure of the speed table: what was measured, against what, and the bar it is held to."""

from typing import Literal

from attrs import frozen

from bench.timing import Rates


@frozen
class Bar:
    """*of* a row, its value or its ratio, should be at *least* or at *most* so much."""

    of: Literal["value", "ratio"]
    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        """Return the bar in a few letters."""
        sign, limit = ("≥", self.least) if self.least is not None else ("≤", self.most)
        return f"{'ratio ' if self.of == 'ratio' else ''}{sign} {limit:,g}"


@frozen
class Row:
    """
    A line of the speed table.

    Attributes:
        work: What was done.
        value: How fast, in *unit*.
        unit: Such as ``steps/s``; CPU time, unless it says wall.
        control: What was measured in turns with it.
        ratio: The work by the control: of rates, above 1 is faster than the control; of times,
            below 1 is.
        spread: Half the range of the rounds, as a share of the median.
        bar: What it is held to, if anything.
    """

    work: str
    value: float
    unit: str
    control: str
    ratio: float
    spread: float
    bar: Bar | None = None

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None without one."""
        if self.bar is None:
            return None
        held = self.ratio if self.bar.of == "ratio" else self.value
        if self.bar.least is not None:
            return held >= self.bar.least
        return self.bar.most is None or held <= self.bar.most


def rate_row(work: str, unit: str, control: str, rates: Rates, bar: Bar | None = None) -> Row:
    """Return *rates* as a row in units of work for each second."""
    return Row(work, rates.rate, unit, control, rates.ratio, rates.spread, bar)


def time_row(
    work: str, unit: str, control: str, rates: Rates, bar: Bar | None = None, *, scale: float
) -> Row:
    """Return *rates* as a row in time for each unit of work, a second being *scale* units."""
    return Row(work, scale / rates.rate, unit, control, 1 / rates.ratio, rates.spread, bar)
