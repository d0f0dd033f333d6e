"""Statistics as text: intervals, remarks about them, and episodes that were excluded."""

from collections.abc import Mapping

from refold.commands.shared.formatting import format_signed, pluralise
from refold.reports.paired import Difference
from refold.reports.statistics import CONFIDENCE, Estimate


def format_interval(interval: Estimate | Difference | None) -> str | None:
    """Return both ends of an interval; None for None."""
    return None if interval is None else f"{interval.low:.3f} to {interval.high:.3f}"


def format_difference(found: Difference, unit: str) -> str:
    """Return a difference with its interval and p-value, and what they can tell, in words."""
    said = (
        f"{format_signed(found.difference)}, {format_interval(found)} (95 %), p {found.p:.3g}, "
        f"least p {found.least_p:.3g}, {pluralise(found.units, unit)}"
    )
    if found.is_clear():
        return f"clear: {said}"
    if not found.differing:
        return f"no {unit} differs: {said}"
    if found.least_p > 1 - CONFIDENCE:
        more = "more scenarios" if unit == "scenario" else "with more --epochs"
        return f"cannot tell: {said}, of which {found.differing} differ, too few: record {more}"
    return f"cannot tell: {said}"


def format_exclusions(exclusions: Mapping[str, int]) -> str | None:
    """Return how many episodes were excluded for each reason; None if none were."""
    return ", ".join(f"{number} {reason}" for reason, number in exclusions.items()) or None
