"""Days of the calendar as texts such as ``2026-05-18``, which compare as days do."""

import re
from datetime import date, timedelta

TODAY = "2026-05-18"
"""The day on which all inboxes are handled."""

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def days_after(day: str, days: int) -> str:
    """Return the day *days* after *day*, before it if below 0."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def spellings(day: str) -> tuple[str, ...]:
    """Return the ways in which *day* may be written, the one to use first."""
    at = date.fromisoformat(day)
    month, number = _MONTHS[at.month - 1], at.day
    short = month[:3]
    return (
        f"{number} {month}",
        f"{month} {number}",
        day,
        f"{number} {short}",
        f"{short} {number}",
        f"{number} of {month}",
    )
