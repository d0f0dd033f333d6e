"""
One sweep through the episodes of a scenario, step by step, all open states of a step at once.

A sweep with a width keeps the most promising states of each step only, as a beam search does, and
still proves something: nothing can exceed the largest bound of what it dropped.
"""

from collections.abc import Callable, Iterator
from math import inf
from typing import Any

from attrs import evolve, frozen

from refold.engine import ActionTaken, EpisodeEnded, Family, StepRewarded
from refold.engine.folding import decide, fold_decided
from refold.scenarios.search import Move, Search
from refold.solving.frontier import Frontier, Node, Trail
from refold.solving.limits import Limits

_STATES_BETWEEN_LOOKS = 64


Allowed = Callable[[Move], bool]
"""Whether an episode that is looked for may make a move."""


@frozen
class Task:
    """What is searched, and from where; *search* knows for what, *allowed* which moves to take."""

    family: Family
    search: Search
    start: Any
    allowed: Allowed | None


@frozen
class Found:
    """
    What sweeps have found so far.

    Attributes:
        value: The best value of an episode; minus infinity if none has ended.
        trail: Its actions.
        bound: What no episode can exceed.
        states: How many states were looked into.
        stopped: Why the last sweep was stopped, None if it was not.
    """

    value: float = -inf
    trail: Trail | None = None
    bound: float = inf
    states: int = 0
    stopped: str | None = None

    @property
    def proved(self) -> bool:
        """Whether nothing better can be left."""
        return self.bound <= self.value


Watch = Callable[[int, int, float, float], None]
"""Called for each step: its index, the number of open states, the best value and its bound."""


class Sweep:
    """A sweep that keeps at most *width* states of each step; all of them if it is None."""

    def __init__(self, task: Task, width: int | None, limits: Limits, watch: Watch) -> None:
        self._task = task
        self._width = width
        self._limits = limits
        self._watch = watch
        self._dropped = -inf

    def run(self, found: Found) -> Found:
        """Return what is known after this sweep, and was *found* before it."""
        task, self._found = self._task, found
        record = task.search.begin(task.start)
        first = Node(task.start, record, task.search.bound(task.start, record), 0.0, None)
        layer, step = [first], 0
        while layer and self._found.stopped is None:
            self._watch(step, len(layer), self._found.value, self._found.bound)
            layer, step = self._next_layer(self._narrow(layer)), step + 1
        bound = min(found.bound, max(self._dropped, self._found.value))
        return evolve(self._found, bound=bound)

    def _narrow(self, layer: list[Node]) -> list[Node]:
        if self._width is None or len(layer) <= self._width:
            return layer
        promise = self._task.search.promise
        # Python sorts stably, so that equal searches drop equal nodes.
        ordered = sorted(layer, key=lambda node: (-promise(node.state, node.record), -node.total))
        self._drop(ordered[self._width :])
        return ordered[: self._width]

    def _drop(self, nodes: list[Node]) -> None:
        self._dropped = max([self._dropped, *(node.bound for node in nodes)])

    def _next_layer(self, layer: list[Node]) -> list[Node]:
        following = Frontier()
        for place, node in enumerate(layer):
            if place % _STATES_BETWEEN_LOOKS == 0 and (stopped := self._limits.reached()):
                self._found = evolve(self._found, stopped=stopped)
                self._drop([*layer[place:], *following])
                break
            if node.bound > self._found.value:
                self._expand(node, following)
        return [node for node in following if node.bound > self._found.value]

    def _expand(self, node: Node, following: Frontier) -> None:
        search = self._task.search
        self._found = evolve(self._found, states=self._found.states + 1)
        for move, record, total in self._moves(node):
            trail = Trail(move.action, node.trail)
            if any(type(event) is EpisodeEnded for event in move.events):
                value = search.value(move.after, record)
                if value > self._found.value:
                    self._found = evolve(self._found, value=value, trail=trail)
                continue
            key, gains = search.merge(move.after, record)
            if following.covers(key, gains):
                continue
            # What is after a step cannot be better than what was possible before it.
            bound = min(node.bound, search.bound(move.after, record))
            if bound > self._found.value:
                following.add(key, gains, Node(move.after, record, bound, total, trail))

    def _moves(self, node: Node) -> Iterator[tuple[Move, Any, float]]:
        family, search, allowed = self._task.family, self._task.search, self._task.allowed
        for action in search.actions(node.state, node.record):
            events = decide(family, node.state, action)
            taken = (ActionTaken(action),)
            after = fold_decided(events, taken, family=family, start=node.state)
            move = Move(node.state, action, events, after)
            taken_up = allowed is None or allowed(move)
            record = search.advance(node.record, move) if taken_up else None
            rewarded = events[-1]
            assert isinstance(rewarded, StepRewarded)
            if record is not None:
                yield move, record, rewarded.total
