"""Statistics as text: intervals, remarks about them, and episodes that were excluded."""

from collections.abc import Iterable, Mapping

from refold.reports.statistics import Estimate, PairedDifference


def format_interval(estimate: Estimate | PairedDifference | None) -> str | None:
    """Return both ends of an interval, with a ``*`` if all values are equal; None for None."""
    if estimate is None:
        return None
    # A blank in the star's place, so that the figures of a column stay aligned.
    mark = "*" if estimate.method == "equal_values" else " "
    return f"{estimate.low:.4f} to {estimate.high:.4f}{mark}"


def interval_remarks(estimates: Iterable[Estimate | PairedDifference | None]) -> list[str]:
    """Return the remarks to print below a table with the intervals of *estimates*."""
    marked = any(each is not None and each.method == "equal_values" for each in estimates)
    return ["* all values are equal: the interval rests on their number alone"] if marked else []


def format_exclusions(exclusions: Mapping[str, int]) -> str | None:
    """Return how many episodes were excluded for each reason; None if none were."""
    return ", ".join(f"{number} {reason}" for reason, number in exclusions.items()) or None
