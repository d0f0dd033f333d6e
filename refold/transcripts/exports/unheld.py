"""What a trial says beyond the fields that a format holds, for formats that are not read back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from refold.transcripts.remainder import plain
from refold.transcripts.trial import Trial

_EMPTY: tuple[Any, ...] = (None, "", [], {}, 0)
_NEVER_TOLD = ("name", "environment", "epoch")
_MOST_NAMES = 4


def fields_beyond(trial: Trial, held: Sequence[str]) -> Counter[str]:
    """
    Return how often each field of *trial* has a value that no format holds.

    Args:
        trial: The trial.
        held: Paths of fields that the format holds, with all below them, such as
            ``turns[].calls``.
    """
    told = {name: each for name, each in plain(trial).items() if name not in _NEVER_TOLD}
    return Counter(_unheld(told, "", frozenset(held), 0))


def _unheld(value: Any, path: str, held: frozenset[str], depth: int) -> Iterator[str]:
    if path in held or value in _EMPTY:
        return
    if isinstance(value, dict) and depth < _MOST_NAMES:
        for name, each in value.items():
            yield from _unheld(each, f"{path}.{name}" if path else name, held, depth + 1)
    elif isinstance(value, list) and any(each.startswith(f"{path}[]") for each in held):
        for each in value:
            yield from _unheld(each, f"{path}[]", held, depth)
    else:
        yield path
