"""Starting: the command line's help, and one episode out of many."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.points import run_point
from bench.rows import Bar, Row, time_row
from bench.timing import Work, in_turns, spread

SHOW = Bar("value", most=10)
HELP = Bar("value", most=200)
RUN_HELP = "from refold import cli; cli.main(['--help'])"


def help_rows(rounds: int) -> Iterator[Row]:
    """Yield the row of ``refold --help``, in fresh processes."""
    rates = in_turns(_python(RUN_HELP), _python("pass"), rounds=rounds, clock=perf_counter)
    yield time_row("refold --help", "ms wall", "python -c pass", rates, HELP, scale=1e3)


def show_row(path: Path, episodes: int, rounds: int) -> Row:
    """Return the row of opening the log at *path* and showing one episode, in fresh processes."""
    points = [run_point("show", path) for _ in range(rounds)]
    firsts = [point["ms to open and show"] for point in points]
    return Row(
        work=f"open and show one of {episodes:,}",
        value=median(firsts),
        unit="ms wall",
        control="sqlite3 selecting it",
        ratio=median(first / point["ms raw"] for first, point in zip(firsts, points, strict=True)),
        spread=spread(firsts),
        bar=SHOW,
    )


def _python(code: str) -> Work:
    def run() -> int:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        return 1

    return lambda: run
