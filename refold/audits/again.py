"""Runs that are graded and decided once more, whoever played them."""

from collections.abc import Iterator, Sequence

from refold.audits.findings import Measurement
from refold.audits.lines import GradedRun
from refold.engine import Stream
from refold.engine.definition import header_of
from refold.graders import Grade, Grader
from refold.replays.verification import verify
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
    found = [run for run in runs if verify(run.stream) is not None]
    about = f"of {len(runs)} runs, the rules decide {len(found)} differently than recorded"
    yield Measurement("", float(len(found)), 0.0, about, found[0].episode if found else None)


def fresh_grade(stream: Stream) -> Grade:
    """Return the grade of *stream* by a grader that has graded nothing else."""
    header = header_of(stream.scenario)
    grader = Grader(recorded_rubric(stream.scenario), find_criteria(header.family, header.rules))
    return grader(stream)
