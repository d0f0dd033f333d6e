"""
Run the benchmarks: ``python -m bench`` from the root of a checkout, about three minutes.

Tables go to stdout, progress to stderr. No figure makes it fail: machines differ, and a timed
test is a test of the machine.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from attrs import frozen

from bench.fleets import fleet_rows
from bench.growth import episodes_growth, growing, steps_growth, subtasks_growth
from bench.importing import import_rows, samples_growth
from bench.opening import help_rows, show_row
from bench.reading import read_rows
from bench.recording import recorder_rows
from bench.regrading import regrade_growth, regrade_rows
from bench.report import Results, as_json, machine, print_results
from bench.rows import Row
from bench.sharing import sharing_rows
from bench.stepping import step_rows
from bench.storing import store_rows

T = TypeVar("T")


@frozen
class Size:
    """How much is measured: *rounds* of each row, and the work in a round."""

    rounds: int
    steps: int
    stored: int
    read: int
    lengths: tuple[int, ...]
    dags: tuple[tuple[int, int], ...]
    logs: tuple[int, ...]
    graded: int
    samples: tuple[int, ...]


FULL = Size(
    rounds=11,
    steps=8_000,
    stored=60,
    read=400,
    lengths=(10, 100, 1_000, 10_000),
    dags=((10, 10), (100, 10), (100, 100), (300, 100), (1_000, 10), (1_000, 100)),
    logs=(1_000, 10_000, 100_000),
    graded=10_000,
    samples=(1_000, 10_000),
)
QUICK = Size(
    rounds=1,
    steps=300,
    stored=3,
    read=10,
    lengths=(10,),
    dags=((10, 10),),
    logs=(100, 200),
    graded=100,
    samples=(10,),
)


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few seconds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), QUICK if arguments.quick else FULL)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(results), indent=2, ensure_ascii=False))
    print_results(results)


def measure(folder: Path, size: Size) -> Results:
    """Return every figure, measured with files in *folder*."""
    described = machine()
    rows = [
        *_told(store_rows(folder, size.rounds, size.stored)),
        *_told(read_rows(folder, size.rounds, size.read)),
        *_told(step_rows(size.rounds, size.steps)),
        *_told(recorder_rows(folder, size.rounds, size.steps // 2)),
        *_told(import_rows(folder, size.rounds, size.samples[0])),
        *_told(regrade_rows(folder, size.rounds, size.samples[0])),
        *_told(fleet_rows(folder, size.rounds, max(1, size.stored // 4))),
        *_told(sharing_rows(folder, max(1, size.rounds // 4), size.graded)),
        *_told(help_rows(3 * size.rounds)),
    ]
    growth = {
        "Steps of an episode (wait only, 10 × 10)": [*_told(steps_growth(size.lengths))],
        "Subtasks of a DAG": [*_told(subtasks_growth(size.dags))],
        "Episodes of a log (38 events each)": [
            *_told(episodes_growth(folder, size.logs, size.graded))
        ],
        "Samples of an imported archive (20 messages each)": [
            *_told(samples_growth(folder, size.samples))
        ],
        "Episodes graded again by other rubrics, with the report": [
            *_told(regrade_growth(folder, size.samples))
        ],
    }
    rows += _told([show_row(growing(folder), size.logs[-1], size.rounds)])
    return Results(described, rows, growth)


def _told(items: Iterable[T]) -> Iterator[T]:
    """Yield *items* and tell of each on stderr."""
    began = perf_counter()
    for item in items:
        what = item.work if isinstance(item, Row) else item
        print(f"{perf_counter() - began:6.1f} s  {what}", file=sys.stderr)
        yield item


if __name__ == "__main__":
    main()
