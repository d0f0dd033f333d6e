"""The open states of a search that are equally many steps old, but those that others outdo."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from refold.scenarios.search import Gains


class Trail(Struct, frozen=True):
    """The actions that lead to a node, the last one first; *before* is None for a first one."""

    action: Any
    before: "Trail | None"

    def actions(self) -> list[Any]:
        """Return the actions, oldest first."""
        found, at = [], self
        while True:
            found.append(at.action)
            if at.before is None:
                return found[::-1]
            at = at.before


def make_trail(actions: Iterable[Any]) -> Trail | None:
    """Return the trail of *actions*, oldest first; None for none."""
    trail = None
    for action in actions:
        trail = Trail(action, trail)
    return trail


class Node(Struct, frozen=True):
    """
    A state that may lead to the best.

    Attributes:
        state: The family's state.
        record: What the search remembers beside it.
        bound: What cannot be exceeded from here.
        total: Sum of the rewards so far.
        trail: The actions that led here; None at the start.
    """

    state: Any
    record: Any
    bound: float
    total: float
    trail: Trail | None


class Frontier:
    """Open nodes by key; of those with equal keys, none has gains that another exceeds in all."""

    def __init__(self) -> None:
        self._nodes: dict[Hashable, list[tuple[Gains, Node]]] = {}

    def __iter__(self) -> Iterator[Node]:
        """Yield the nodes, those first whose key was first."""
        return (node for group in self._nodes.values() for _, node in group)

    def covers(self, key: Hashable, gains: Gains) -> bool:
        """Return whether a node of these can reach all that one with *key* and *gains* can."""
        return any(_covers(other, gains) for other, _ in self._nodes.get(key, ()))

    def add(self, key: Hashable, gains: Gains, node: Node) -> None:
        """Add *node*, which none of these covers, and drop those that it covers."""
        kept = [pair for pair in self._nodes.get(key, ()) if not _covers(gains, pair[0])]
        self._nodes[key] = [*kept, (gains, node)]


def _covers(these: Gains, those: Gains) -> bool:
    return all(this >= that for this, that in zip(these, those, strict=True))
