"""
An index of a stream for measures: events by type, with their seqs and steps.

Built once for each grade, however many measures use it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct

from refold.engine import ActionRefused, EpisodeEnded, Event, StepRewarded, Stream
from refold.judges.asking import Ask

E = TypeVar("E", bound=Event)
T = TypeVar("T")


class IndexedEvent(Struct, frozen=True, gc=False):
    """An event with its *seq* in the stream and its 0-based *step*."""

    seq: int
    step: int
    event: Any


class Finding(Struct, frozen=True):
    """
    The result of a measure.

    Attributes:
        value: 0 to 1; a criterion multiplies it by its weight.
        seqs: Seqs of the events that the value rests on, ascending.
        counts: Diagnostic numbers by name, which do not affect the score.
        judged: Digests of the questions to a judge that the value rests on.
    """

    value: float
    seqs: tuple[int, ...] = ()
    counts: Mapping[str, float] = {}
    judged: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: float, found: Iterable[IndexedEvent] = (), **counts: float) -> "Finding":
        """Return a measurement of *value* that rests on the events *found*."""
        seqs = tuple(sorted({at.seq for at in found})) if found else ()
        return cls(value, seqs, counts)


class Facts:
    """
    The events of one stream by type, and other facts that measures use.

    Attributes:
        stream: The stream.
        findings: What was measured so far, by measure and parameters: graders that are given the
            same facts share it.
    """

    def __init__(self, stream: Stream, ask: Ask | None = None) -> None:
        self.stream = stream
        self._ask = ask
        # One pass over the stream for all measures: streams may have 100,000 events.
        by_type: dict[type[Event], list[IndexedEvent]] = defaultdict(list)
        step = 0
        for seq, event in enumerate(stream):
            kind = type(event)
            by_type[kind].append(IndexedEvent(seq, step, event))
            if kind is StepRewarded:
                step += 1
        self._by_type = by_type
        self._derived: dict[object, Any] = {}
        self.findings: dict[object, Finding] = {}

    @property
    def ask(self) -> Ask:
        """Asks a judge about the stream, out of what is known; of nothing if none was given."""
        if self._ask is None:  # as nearly always: few rubrics ask
            self._ask = Ask(self.stream)
        return self._ask

    def of_type(self, kind: type[Event]) -> Sequence[IndexedEvent]:
        """Return the events of exactly the type *kind*, subclasses excluded, oldest first."""
        return self._by_type.get(kind, ())

    def where(self, kind: type[E], test: Callable[[E], bool]) -> list[IndexedEvent]:
        """Return the events of type *kind* that pass *test*, oldest first."""
        return [at for at in self.of_type(kind) if test(at.event)]

    def compute_once(self, derive: Callable[["Facts"], T]) -> T:
        """Return ``derive(self)``, computed once and shared by all measures."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        made: T = self._derived[derive]
        return made

    @property
    def steps(self) -> int:
        """Number of whole steps."""
        return len(self.of_type(StepRewarded))

    @property
    def ended(self) -> bool:
        """Whether the episode has an end."""
        return EpisodeEnded in self._by_type

    @cached_property
    def initial_state(self) -> Any:
        """The state before the first event, for questions about the scenario."""
        return self.stream.family.initial(self.stream.scenario, self.stream.started.seed)

    @cached_property
    def refused_steps(self) -> frozenset[int]:
        """Indexes of the steps whose action was refused."""
        return frozenset(at.step for at in self.of_type(ActionRefused))
