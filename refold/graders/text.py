"""Grades and their changes as text for review: stable, one line for each part."""

from collections.abc import Callable, Iterator, Sequence

from refold.engine import ActionTaken, Stream
from refold.graders.changes import GradeChange, PartChange
from refold.graders.grading import Grade, Part, RubricName

EVENTS_SHOWN = 8
"""Events listed for each part; of further ones, only the number is given."""

_CAUSES = {
    "rubric": "by another rubric",
    "events": "of other events",
    "code": "by the same rubric, of the same events",
}


def grade_text(grade: Grade) -> str:
    """
    Return *grade* as text: score, rubric, digests, then a line for each part and each count.

    Equal grades give equal text. A part's line has its points, the most they could have been,
    value and gate, and the seqs of the events behind it.
    """
    lines = [
        f"score {grade.score:.4f} of {grade.scenario}{'' if grade.complete else ', not ended'}",
        f"rubric {_rubric_label(grade.rubric)} {grade.rubric.digest}".rstrip(),
        f"events {grade.episode_digest}",
        *(f"  {part.name}: {_part_figures(part)}" for part in grade.parts),
        *(f"  {name}: {number:g} (count)" for name, number in grade.counts.items()),
    ]
    return "\n".join(map(_escape_unprintable, lines))


def change_lines(
    change: GradeChange, say: Callable[[int], str], *, shown: int = EVENTS_SHOWN
) -> Iterator[str]:
    """
    Yield the lines of a report on *change*, each part with the events behind it.

    Args:
        change: The two grades.
        say: Returns the event at a seq in words, as ``describe_event`` does.
        shown: Most events listed for each part, of those that no longer count and of new ones.
    """
    old, new = change.old, change.new
    scores = f"{old.score:.4f} -> {new.score:.4f} ({change.score:+.4f})"
    yield _escape_unprintable(f"score {scores} of {new.scenario}")
    causes = " and ".join(_CAUSES[cause] for cause in change.causes)
    yield _escape_unprintable(f"graded {causes}: {_rubric_labels(old, new)}")
    for part in change.parts:
        yield from _part_lines(part, say, shown)
    for name, (before, after) in change.counts.items():
        yield _escape_unprintable(
            f"  {name}: {_format_count(before)} -> {_format_count(after)} (count)"
        )


def describe_event(events: Stream, seq: int) -> str:
    """Return the event at *seq* in words, as one line of printable characters."""
    if not 0 <= seq < len(events):
        return "not one of these events"
    event = events[seq]
    # The action in words says more than the event that it was taken.
    told = event.action if isinstance(event, ActionTaken) else event
    return _escape_unprintable(events.family.say(told))


def _part_lines(part: PartChange, say: Callable[[int], str], shown: int) -> Iterator[str]:
    before, after = (
        _part_figures(each, seqs=False) if each else "no such part" for each in (part.old, part.new)
    )
    yield _escape_unprintable(f"  {part.name}: {part.points:+.4f}")
    yield f"    was {before}"
    yield f"    is  {after}"
    groups = [("no longer counted", part.lost_seqs), ("counted now", part.gained_seqs)]
    # Points moved although the same events count: the weight, the gate or the measure changed.
    if not part.lost_seqs and not part.gained_seqs:
        groups = [("the same events count", part.kept_seqs)]
    for words, seqs in groups:
        yield from _event_lines(words, seqs, say, shown)


def _event_lines(
    words: str, seqs: Sequence[int], say: Callable[[int], str], shown: int
) -> Iterator[str]:
    if seqs:
        yield f"    {words}:"
    for seq in seqs[:shown]:
        yield f"      event {seq}: {say(seq)}"
    if len(seqs) > shown:
        yield f"      and {len(seqs) - shown} more"


def _part_figures(part: Part, *, seqs: bool = True) -> str:
    figures = f"{part.points:+.4f} of {part.most:.4f}, value {part.value:.4f} x {part.gate:.4f}"
    return figures + (f", events {' '.join(map(str, part.seqs))}" if seqs and part.seqs else "")


def _rubric_labels(old: Grade, new: Grade) -> str:
    names = [
        f"{_rubric_label(each.rubric)} {each.rubric.digest[:8]}".rstrip() for each in (old, new)
    ]
    return " -> ".join(dict.fromkeys(names))


def _rubric_label(rubric: RubricName) -> str:
    return f"{rubric.name} v{rubric.version}"


def _format_count(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _escape_unprintable(text: str) -> str:
    """Return *text* with control characters escaped, so that it cannot steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
