"""Mistakes in names, as they are found in any family's parameters: unknown, or given twice."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from refold.scenarios.strict import Problem


def unknown(path: str, kind: str, name: str, known: Collection[str]) -> Iterator[Problem]:
    """Yield the mistake at *path* if *name*, of a thing of *kind*, is not *known*."""
    if name not in known:
        yield path, f"expected a known {kind}, got {name!r}"


def repeated(path: str, key: str, names: Iterable[str]) -> Iterator[Problem]:
    """Yield a mistake at *path* for each of *names* that is there more than once."""
    for name, times in Counter(names).items():
        if times > 1:
            yield path, f"expected each {key} once, got {name!r} {times} times"


def cycle(path: str, needs: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    """Yield the mistake at *path* if something needs itself, directly or by way of others."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        yield path, f"expected no cycle, got {' → '.join(reversed(error.args[1]))}"
