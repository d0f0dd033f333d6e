"""Runs of other tools: imported from an archive of inspect_ai, and graded by a rubric."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

from bench.points import Point, run_point
from bench.rows import Bar, Row, rate_row
from bench.samples import decode_samples, grade_samples, import_samples, write_samples
from bench.timing import Work, in_turns

IMPORT = Bar("value", least=1_000)
REGRADE = Bar("value", least=2_000)
CONTROL = "unzipping, json"


def import_rows(folder: Path, rounds: int, samples: int) -> Iterator[Row]:
    """Yield the rows of importing and of re-grading, with *samples* in each measurement."""
    archive = write_samples(folder / "samples.eval", samples)
    numbers = count()

    def run_import() -> int:
        return import_samples(archive, folder / f"imported-{next(numbers)}.db")

    def run_grades() -> int:
        return grade_samples(folder / "imported-0.db")

    control = _work(lambda: decode_samples(archive))
    imported, graded = (
        in_turns(_work(run), control, rounds=rounds) for run in (run_import, run_grades)
    )
    yield rate_row("import samples of 20 messages", "samples/s", CONTROL, imported, IMPORT)
    yield rate_row("re-grade them by a rubric", "samples/s", CONTROL, graded, REGRADE)


def _work(run: Callable[[], int]) -> Work:
    return lambda: run


def samples_growth(folder: Path, sizes: Sequence[int]) -> Iterator[Point]:
    """Yield a point for each number of samples in an archive, imported by a process of its own."""
    for size in sizes:
        archive = write_samples(folder / f"growing-{size}.eval", size)
        yield run_point("import", archive, folder / f"growing-{size}.db")
