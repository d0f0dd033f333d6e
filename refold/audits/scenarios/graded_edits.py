"""
Edits of a graded run, one event at a time, and what its grader makes of them.

A grade rests on the events that its criteria cite. Without them nothing may be paid; an edit of
one of them has to be noticed; an edit of any other event has to change nothing. An edit leaves an
event out or changes one of its values. Actions and rewards that are not cited are never left out,
since steps begin and end with them.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from refold.audits.again import fresh_grade
from refold.audits.edits import edits_of
from refold.audits.findings import Measurement
from refold.audits.played import Played
from refold.audits.running import stop_at
from refold.audits.scenarios.case import ScenarioCase
from refold.engine import ActionTaken, RefoldError, StepRewarded, Stream
from refold.engine.folding import step_ranges
from refold.graders import Grade
from refold.graders.grading import Part
from refold.replays.verification import RULE_ERRORS

MOST_EDITED = 200
"""Events that are edited; of more, so many from the first to the last."""


def mutation(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many edits of the best run the grader takes in the wrong way."""
    run = case.best.runs[0]
    paid = [part for part in run.grade.parts if part.points > 0]
    for part, told, found in (
        ("", "pay the same without the events that its grade rests on", _unmoved(run, paid)),
        ("one event", "are moved by no edit of one event that they cite", _blind(case, run, paid)),
    ):
        about = f"of the best run, {len(found)} of {len(paid)} criteria {told}"
        yield _count(run, part, found, about)
    edited, moving = _read_in_secret(case, run)
    about = f"{len(moving)} of {edited} events that the grade does not cite move it when edited"
    yield _count(run, "uncited events", moving, about)


def _count(run: Played, part: str, found: Sequence[str], about: str) -> Measurement:
    listed = f": {', '.join(dict.fromkeys(found))}" if found else ""
    return Measurement(part, float(len(found)), 0.0, about + listed, run.episode)


def _unmoved(run: Played, paid: Sequence[Part]) -> list[str]:
    """Return the names of those of *paid* that pay the same without all that is cited."""
    left = _regraded(_without(run.stream, _cited(run)))
    return [each.name for each in paid if left and left.breakdown[each.name] >= each.points]


def _blind(case: ScenarioCase, run: Played, paid: Sequence[Part]) -> list[str]:
    """Return the names of those of *paid* that no edit of one event moves that they cite."""
    left = {part.name: part for part in paid}
    for seq in _some(sorted(_cited(run))):
        for edited in _edits(run.stream, seq, cited=True) if left else ():
            stop_at(case.limits)
            grade = _regraded(edited)
            for name, part in list(left.items()):
                if seq in part.seqs and (grade is None or grade.breakdown[name] != part.points):
                    del left[name]
    return list(left)


def _read_in_secret(case: ScenarioCase, run: Played) -> tuple[int, list[str]]:
    """Return how many events were edited that are not cited, and the types of those that count."""
    cited, first = _cited(run), step_ranges(run.stream)[0].stop
    others = _some([seq for seq in range(first, len(run.stream)) if seq not in cited])
    moving = []
    for seq in others:
        for edited in _edits(run.stream, seq, cited=False):
            stop_at(case.limits)
            grade = _regraded(edited)
            if grade is None or grade.breakdown != run.grade.breakdown:
                moving.append(type(run.stream[seq]).__name__)
                break
    return len(others), moving


def _cited(run: Played) -> set[int]:
    return {seq for part in run.grade.parts for seq in part.seqs}


def _some(seqs: Sequence[int]) -> Sequence[int]:
    return seqs[:: -(-len(seqs) // MOST_EDITED)] if seqs else ()


def _regraded(stream: Stream) -> Grade | None:
    """Return the grade of an edited *stream*; None if its grader refuses it."""
    try:
        return fresh_grade(stream)
    except (RefoldError, *RULE_ERRORS):
        return None


def _edits(stream: Stream, seq: int, *, cited: bool) -> Iterator[Stream]:
    """Yield *stream* without the event *seq*, then with each of its values changed."""
    event = stream[seq]
    kind: Any = type(event)
    if kind is ActionTaken:
        kind = ActionTaken[stream.family.action]  # type: ignore[name-defined]  # known at run time
    if cited or not isinstance(event, ActionTaken | StepRewarded):
        yield _without(stream, {seq})
    for fields in edits_of(msgspec.to_builtins(event)):
        try:
            changed = msgspec.convert(fields, kind)
        except msgspec.ValidationError:  # its type, or its field, takes no such value
            continue
        events = [*stream[:seq], changed, *stream[seq + 1 :]]
        yield Stream(stream.family, events, stream.payloads, stream.digest)


def _without(stream: Stream, seqs: Collection[int]) -> Stream:
    left = [seq for seq in range(len(stream)) if seq not in seqs]
    events, payloads = [stream[seq] for seq in left], [stream.payloads[seq] for seq in left]
    return Stream(stream.family, events, payloads, stream.digest)
