"""
Measure this checkout beside another one, such as that of an earlier release.

Both do the same work in turns, each in a process of its own; figures are medians of CPU time.
``python -m bench.releases CHECKOUT PYTHON`` takes the other's folder, and the interpreter of an
environment in which it is installed with the same dependencies.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.worlds import MAILS, TASKS

WORK = Path(__file__).with_name("work.py")
ROOT = Path(__file__).parents[2]
EASY, HARD, EXPERT = TASKS[0], TASKS[2], TASKS[3]
ROWS = [
    *(("record", name) for name in (*TASKS, MAILS)),
    *(("commit", name) for name in (*TASKS, MAILS)),
    *((kind, name) for kind in ("steps", "walk") for name in TASKS),
    *(("dag", size) for size in ("10x10", "1000x100")),
    *(("read", name) for name in (*TASKS, MAILS)),
    *(("grade", name) for name in (*TASKS, MAILS)),
    *(("verify", name) for name in TASKS),
]


class Release:
    """A process of a release that does what it is asked to; close it when done."""

    def __init__(self, checkout: Path, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(WORK)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seconds(self, kind: str, name: str) -> float:
        """Return the CPU seconds of a unit of this work."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(kind, name, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """Measure and print a line for each kind of work."""
    parser = argparse.ArgumentParser(prog="python -m bench.releases", description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("python")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--only", nargs="*", help="kinds of work, such as read and grade")
    given = parser.parse_args()
    ours, theirs = Release(ROOT, sys.executable), Release(given.checkout, given.python)
    for kind, name in ROWS:
        if given.only and kind not in given.only:
            continue
        print(_line(kind, name, _measure(ours, theirs, kind, name, given.rounds)), flush=True)
    ours.close()
    theirs.close()


def _measure(
    ours: Release, theirs: Release, kind: str, name: str, rounds: int
) -> list[tuple[float, float]]:
    """Return the seconds of both in each round, after one that warms both up."""
    pairs = []
    for number in range(rounds + 1):
        first, second = (ours, theirs) if number % 2 else (theirs, ours)
        figures = {each: each.seconds(kind, name) for each in (first, second)}
        pairs.append((figures[ours], figures[theirs]))
    return pairs[1:]


def _line(kind: str, name: str, pairs: list[tuple[float, float]]) -> str:
    """Return rate and ratios: that of the medians, and that of the best rounds, in brackets."""
    new, old = zip(*pairs, strict=True)
    middle, best = median(old) / median(new), min(old) / min(new)
    return f"{kind:7} {name:16} {1 / median(new):10,.0f}/s {middle:6.2f} ({best:.2f})"


if __name__ == "__main__":
    main()
