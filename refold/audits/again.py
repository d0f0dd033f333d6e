"""Runs that are graded and decided once more, whoever played them."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from refold.audits.findings import Measurement
from refold.audits.lines import GradedRun
from refold.engine import ActionTaken, Stream
from refold.engine.definition import header_of
from refold.graders import Grade, Grader
from refold.replays.verification import Divergence, verify
from refold.scenarios import recorded_rubric
from refold.scenarios.criteria import find_criteria

_TIMES = 3


def several_grades(runs: Sequence[GradedRun]) -> Iterator[Measurement]:
    """Measure how many of *runs* have more than one grade when they are graded again."""
    found = [
        run for run in runs if len({fresh_grade(run.stream).to_json() for _ in range(_TIMES)}) > 1
    ]
    about = f"{len(runs)} runs were graded {_TIMES} times each, {len(found)} have several grades"
    yield Measurement("", float(len(found)), 0.0, about, found[0].episode if found else None)


def otherwise_decided(runs: Sequence[GradedRun]) -> Iterator[Measurement]:
    """Measure how many of *runs* the rules do not decide again as they were recorded."""
    found = [(run, parted) for run in runs if (parted := verify(run.stream)) is not None]
    about = f"of {len(runs)} runs, the rules decide {len(found)} differently than recorded"
    yield differing(about, found)


def differing(about: str, found: Sequence[tuple[GradedRun, Divergence]]) -> Measurement:
    """Return how many runs were *found* to differ, with the first value that does."""
    if not found:
        return Measurement("", 0.0, 0.0, about)
    run, first = found[0]
    return Measurement("", float(len(found)), 0.0, f"{about}; the first: {first}", run.episode)


def first_difference(run: Stream, again: Stream) -> Divergence | None:
    """Return the first event of *again* that is not as in *run*, None if all are."""
    pairs = zip_longest(run.payloads, again.payloads, fillvalue=b"")
    for seq, (was, now) in enumerate(pairs):
        if was != now:
            step = sum(isinstance(event, ActionTaken) for event in run[: seq + 1]) - 1
            return Divergence(seq, step, recorded=now, expected=was)
    return None


def fresh_grade(stream: Stream) -> Grade:
    """Return the grade of *stream* by a grader that has graded nothing else."""
    header = header_of(stream.scenario)
    grader = Grader(recorded_rubric(stream.scenario), find_criteria(header.family, header.rules))
    return grader(stream)
