"""
Deltas from one view of a state to the next, as JSON that a browser can merge.

Objects are entered, everything else replaces: so ``null`` is a value like any other, and keys
never vanish. ``apply_delta`` is the other half, written again in ``viewer/fold.js``.
"""

from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def make_delta(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the delta from *before* to *after*; None if a key vanished: it cannot say so."""
    changed: dict[str, Any] = {}
    if before.keys() - after.keys():
        return None
    for key, value in after.items():
        was = before.get(key, _ABSENT)
        if isinstance(was, Mapping) and isinstance(value, Mapping):
            inner = make_delta(was, value)
            if inner is None:
                return None
            if inner:
                changed[key] = inner
        # The types as well: 1 == True and 1 == 1.0 in Python, but not as JSON.
        elif was != value or type(was) is not type(value):
            changed[key] = value
    return changed


def apply_delta(state: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return *state* with the delta *change* applied; unchanged parts are shared, not copied."""
    merged = dict(state)
    for key, value in change.items():
        was = merged.get(key)
        if isinstance(was, Mapping) and isinstance(value, Mapping):
            merged[key] = apply_delta(was, value)
        else:
            merged[key] = value
    return merged
