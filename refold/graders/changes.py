"""Compare two grades of one episode: what moved, by how much, and because of which events."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from refold.graders.grading import Grade, Part

ROUNDING_ERROR = 1e-9
"""Differences up to this are rounding errors of floats; points have four decimal places."""


class PartChange(Struct, frozen=True, gc=False):
    """
    A part that differs between two grades; None where a grade has no such part.

    Attributes:
        name: The criterion.
        old: The part as it was.
        new: The part as it is.
    """

    name: str
    old: Part | None
    new: Part | None

    @property
    def points(self) -> float:
        """New points minus old points; a missing part has 0."""
        return _points(self.new) - _points(self.old)

    @property
    def lost_seqs(self) -> tuple[int, ...]:
        """Seqs of the events that the new grade no longer rests on, ascending."""
        return _seqs_only_in(self.old, self.new)

    @property
    def gained_seqs(self) -> tuple[int, ...]:
        """Seqs of the events that only the new grade rests on, ascending."""
        return _seqs_only_in(self.new, self.old)

    @property
    def kept_seqs(self) -> tuple[int, ...]:
        """Seqs of the events that both grades rest on, ascending."""
        lost = set(self.lost_seqs)
        return tuple(seq for seq in (self.old.seqs if self.old else ()) if seq not in lost)


class GradeChange(Struct, frozen=True, gc=False):
    """
    How two grades of an episode differ.

    Attributes:
        old: The grade as it was.
        new: The grade as it is.
        parts: The parts that differ in any way, in the new grade's order, then the old one's.
        counts: The diagnostic numbers that differ, as (old, new); None where a grade has none.
    """

    old: Grade
    new: Grade
    parts: tuple[PartChange, ...]
    counts: Mapping[str, tuple[float | None, float | None]]

    @property
    def score(self) -> float:
        """New score minus old score."""
        return self.new.score - self.old.score

    @property
    def same(self) -> bool:
        """Whether scores, parts with their events, and counts are all equal."""
        return not (self.parts or self.counts or self.has_moved())

    @property
    def causes(self) -> tuple[str, ...]:
        """
        Possible causes of the difference.

        ``rubric`` (the rubrics differ), ``events`` (the events differ), or, if both are equal,
        ``code`` (of the measures).
        """
        found = []
        if self.old.rubric != self.new.rubric:
            found.append("rubric")
        if self.old.episode_digest != self.new.episode_digest:
            found.append("events")
        return tuple(found) or ("code",)

    def has_moved(self, tolerance: float = 0.0) -> bool:
        """Return whether the score, or a part's points, changed by more than *tolerance*."""
        changes = (self.score, *(part.points for part in self.parts))
        return any(abs(change) > tolerance + ROUNDING_ERROR for change in changes)


def compare_grades(old: Grade, new: Grade) -> GradeChange:
    """Return how *new* differs from *old*, two grades of the same episode."""
    if old == new:  # the usual case by far: nothing needs to be compared part by part
        return GradeChange(new, new, (), {})  # one object twice is pickled once
    return GradeChange(old, new, tuple(_part_changes(old, new)), _count_changes(old, new))


def _part_changes(old: Grade, new: Grade) -> Iterator[PartChange]:
    before, after = ({part.name: part for part in grade.parts} for grade in (old, new))
    for name in dict.fromkeys((*after, *before)):
        if before.get(name) != after.get(name):
            yield PartChange(name, before.get(name), after.get(name))


def _count_changes(old: Grade, new: Grade) -> dict[str, tuple[float | None, float | None]]:
    return {
        name: (old.counts.get(name), new.counts.get(name))
        for name in dict.fromkeys((*new.counts, *old.counts))
        if old.counts.get(name) != new.counts.get(name)
    }


def _points(part: Part | None) -> float:
    return part.points if part else 0.0


def _seqs_only_in(part: Part | None, other: Part | None) -> tuple[int, ...]:
    known = set(other.seqs if other else ())
    return tuple(seq for seq in (part.seqs if part else ()) if seq not in known)
