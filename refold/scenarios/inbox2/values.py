"""Facts in texts: how codes, days and amounts are written, and whether a text mentions one."""

import re
from functools import lru_cache

from refold.scenarios.inbox2.days import DAY, spellings

Fact = str | int
"""A code or an address, a day as ``2026-05-18``, or an amount in cents."""

_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th)\b")
_AMOUNT = re.compile(r"\d{1,7}[.,]\d\d")


def money(cents: int) -> str:
    """Return *cents* as replies have it: ``38.50``."""
    return f"{cents // 100}.{cents % 100:02d}"


def read_amount(text: str) -> int | None:
    """Return the cents in *text*, such as ``38.50`` or ``38,50``; None if it is no amount."""
    if not _AMOUNT.fullmatch(text):
        return None
    return int(text.replace(".", "").replace(",", ""))


def forms(fact: Fact) -> tuple[str, ...]:
    """Return the ways in which *fact* may be written, the one to use first."""
    if isinstance(fact, int):
        text = money(fact)
        return (text, text.replace(".", ","))
    return spellings(fact) if DAY.fullmatch(fact) else (fact,)


def normalise(text: str) -> str:
    """Return *text* as facts are looked for in it: without case, ordinals and wide spaces."""
    return " ".join(_ORDINAL.sub(r"\1", text.casefold()).split())


@lru_cache(maxsize=20_000)
def _written(fact: Fact) -> tuple[str, ...]:
    return tuple(form.casefold() for form in forms(fact))


@lru_cache(maxsize=20_000)
def _pattern(form: str, *, amount: bool) -> "re.Pattern[str]":
    # An amount may follow letters: EUR12.50.
    before = r"(?<![\d.,-])" if amount else r"(?<![\w.,-])"
    return re.compile(rf"{before}{re.escape(form)}(?![\w-]|[.,]\d)")


def mentions(text: str, fact: Fact) -> bool:
    """Return whether *text*, normalised, mentions *fact* in one of its forms, as a whole."""
    for form in _written(fact):
        # Most facts are in no text at all: to make a pattern takes longer than all else.
        if form in text and _pattern(form, amount=isinstance(fact, int)).search(text):
            return True
    return False
