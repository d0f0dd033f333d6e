"""
The values that a label may have: those declared for its name, else those of its first use.

So everybody who labels chooses from the same words, and counts can be compared.
"""

from collections.abc import Iterable, Mapping, Sequence

from refold.engine import RefoldError
from refold.engine.log.remarks import Remark

USUAL_VALUES = ("yes", "no", "unsure")
"""What a label's values are if its first use names none: the first is good, the second bad."""


def fixed_values(
    name: str, remarks: Iterable[Remark], declared: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, ...] | None:
    """
    Return the values of the label *name*; None if nothing has fixed them yet.

    Args:
        name: Of the label.
        remarks: Those of the log, oldest first.
        declared: Values by name, which come before what the log holds.
    """
    if declared and name in declared:
        return tuple(declared[name])
    labels = (each for each in remarks if each.kind == "label" and each.name == name)
    first = next(labels, None)
    return first.choices if first else None


def agreed_values(
    name: str,
    remarks: Iterable[Remark],
    asked: Sequence[str],
    value: str | None,
    *,
    declared: Mapping[str, Sequence[str]] | None = None,
) -> tuple[str, ...]:
    """
    Return the values of the label *name* for a new label.

    Args:
        name: Of the label.
        remarks: Those of the log, oldest first.
        asked: Values that the user wants it to have; empty for those that it has.
        value: The one that is to be given.
        declared: Values by name, which come before what the log holds.

    Raises:
        RefoldError: It has other values than those asked for, or its first use has to name them.
    """
    fixed = fixed_values(name, remarks, declared)
    if fixed is not None:
        if asked and tuple(asked) != fixed:
            raise RefoldError(
                f"label {name!r}: expected {','.join(fixed)}, which "
                f"{'refold.toml' if name in (declared or ()) else 'its first use'} fixed, got "
                f"{','.join(asked)}; use another name"
            )
        return fixed
    if not asked and value is not None and value not in USUAL_VALUES:
        raise RefoldError(
            f"label {name!r}: expected --values at its first use, or one of "
            f"{', '.join(USUAL_VALUES)}; got {value!r}; say --values {value},…"
        )
    return tuple(asked) or USUAL_VALUES


def label_names(remarks: Iterable[Remark]) -> dict[str, tuple[str, ...]]:
    """Return the values of each label that was ever given, by name, in the order of first use."""
    found: dict[str, tuple[str, ...]] = {}
    for each in remarks:
        if each.kind == "label":
            found.setdefault(each.name, each.choices)
    return found
