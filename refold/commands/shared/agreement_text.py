"""Measures of agreement as text and as JSON data."""

from typing import Any

from refold.reports.agreement import Agreement


def agreement_words(found: Agreement) -> str:
    """Return a measure with its interval, or why nothing can be told."""
    if found.why is not None:
        return f"cannot tell: {found.why}"
    return f"{found.value:.2f}, {found.low:.2f} to {found.high:.2f} (95 %)"


def agreement_data(found: Agreement) -> dict[str, Any]:
    """Return a measure as JSON data, without a value where nothing can be told."""
    value = None if found.why is not None else found.value
    told = {"value": value, "low": found.low, "high": found.high}
    return {**told, "n": found.n, "cannot_tell": found.why}
