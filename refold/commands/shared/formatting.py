"""Figures as text, for tables and messages."""

from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"


def format_score(value: float | None) -> str | None:
    """Return a score or a share with three decimal places, as lists show it; None for None."""
    return None if value is None else f"{value:.3f}"


def format_signed(value: float) -> str:
    """Return a reward or a difference with its sign and up to four decimal places; ``0`` for 0."""
    text = f"{value:+.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text


def format_number(value: float) -> str:
    """Return *value* with at most ten significant digits: a sum of floats may hold noise."""
    return str(value) if isinstance(value, int) else f"{value:.10g}"


def format_dollars(amount: float) -> str:
    """Return *amount* in US dollars; below one, with four decimal places."""
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"


def format_tokens(number: int) -> str:
    """Return a number of tokens as people say it, such as ``850``, ``31 k`` or ``4.7 M``."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.0f} k" if number < 999_500 else f"{number / 1_000_000:.1f} M"


def format_duration(seconds: float) -> str:
    """Return a time in its two largest units, such as ``0.4 s``, ``16 s`` or ``6 min 10 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def pluralise(number: int, noun: str) -> str:
    """Return *number* and *noun*, with an s unless the number is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def sparkline(values: Sequence[float]) -> str:
    """Return *values* as a row of block characters, scaled from the lowest to the highest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0  # equal values make a flat line, not a division by zero
    return "".join(_BLOCKS[round((value - low) / span * (len(_BLOCKS) - 1))] for value in values)
