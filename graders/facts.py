"""
A stream indexed for measures: events by type, with their seqs and steps.

Built once for a grade, however many measures look at it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from attrs import field, frozen

from engine import ActionRefused, EpisodeEnded, Event, StepRewarded, Stream
from engine.fold import initial_state

E = TypeVar("E", bound=Event)


class At(NamedTuple):
    """An event and its place: *seq* in the stream, 0-based *step*."""

    seq: int
    step: int
    event: Any


@frozen
class Finding:
    """
    What a measure found.

    Attributes:
        value: 0 to 1; a criterion multiplies it by its weight.
        seqs: The events that it counted, ascending.
        counts: Diagnostic numbers by name; they score nothing.
    """

    value: float
    seqs: tuple[int, ...] = ()
    counts: dict[str, float] = field(factory=dict)

    @classmethod
    def of(cls, value: float, found: Iterable[At] = (), **counts: float) -> "Finding":
        """Return a finding of *value* that rests on the events *found*."""
        return cls(value, tuple(sorted({at.seq for at in found})), counts)


class Facts:
    """The events of one stream by type, and what else measures ask of it."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._by_type: dict[type[Event], list[tuple[int, Event]]] = {}
        for seq, event in enumerate(stream):
            self._by_type.setdefault(type(event), []).append((seq, event))
        self._closings = [seq for seq, _ in self._by_type.get(StepRewarded, ())]
        self._found: dict[type[Event], list[At]] = {}

    def of(self, kind: type[Event]) -> Sequence[At]:
        """Return every event of exactly the type *kind*, oldest first."""
        found = self._found.get(kind)
        if found is None:
            closings = self._closings
            found = [
                At(seq, bisect_left(closings, seq), event)
                for seq, event in self._by_type.get(kind, ())
            ]
            self._found[kind] = found
        return found

    @property
    def steps(self) -> int:
        """Number of whole steps."""
        return len(self._closings)

    @property
    def ended(self) -> bool:
        """Whether the episode has an end."""
        return EpisodeEnded in self._by_type

    @cached_property
    def start(self) -> Any:
        """The state before anything happened: the scenario, ready to be asked."""
        return initial_state(self.stream.family, self.stream.started)

    @cached_property
    def refused_steps(self) -> frozenset[int]:
        """Indexes of the steps whose action was refused."""
        return frozenset(at.step for at in self.of(ActionRefused))

    def where(self, kind: type[E], test: Callable[[E], bool]) -> list[At]:
        """Return the events of type *kind* that pass *test*, oldest first."""
        return [at for at in self.of(kind) if test(at.event)]
