"""The single values of observations, by their places, and which of them only count."""

from collections.abc import Iterable, Iterator
from typing import Any

from refold.audits.played import Played
from refold.audits.worlds.answers import answers_of

_MOST_PLACES = 64
"""Numbers of a list that are places of their own: a vector's. Longer lists are pictures."""

Leaf = tuple[str, Any]
"""The path of a value, with ``[]`` for any index, and the value: no object, nor a list."""


def leaves_of(value: Any, path: str = "$") -> Iterator[Leaf]:
    """Yield the single values in *value*, JSON data."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves_of(inner, f"{path}.{name}")
    elif isinstance(value, list):
        vector = len(value) <= _MOST_PLACES and all(map(_is_number, value))
        for place, inner in enumerate(value):
            yield from leaves_of(inner, f"{path}[{place if vector else ''}]")
    else:
        yield path, value


def observed(run: Played) -> Iterator[list[Leaf]]:
    """Yield the single values of each observation of *run*, the first one included."""
    for _, answer in answers_of(run):
        if answer.fault is None:
            yield list(leaves_of(answer.observation))


def counters(runs: Iterable[Played]) -> set[str]:
    """Return the paths of numbers that change by the same amount in every step of all *runs*."""
    steps: dict[str, set[Any]] = {}
    for run in runs:
        before: dict[str, Any] = {}
        for told in observed(run):
            now = dict(told)
            for path in before.keys() & now.keys():
                both = before[path], now[path]
                change = both[1] - both[0] if all(map(_is_number, both)) else None
                steps.setdefault(path, set()).add(change)
            before = now
    return {path for path, found in steps.items() if len(found) == 1 and any(found)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
