"""Starting: the command line's help, and one episode out of many."""

import subprocess
import sys
from collections.abc import Iterator
from time import perf_counter

from bench.rows import Bar, Row, time_row
from bench.timing import Work, in_turns

HELP = Bar("value", most=200)
RUN_HELP = "import cli; cli.main(['--help'])"


def help_rows(rounds: int) -> Iterator[Row]:
    """Yield the row of ``refold --help``, in fresh processes."""
    rates = in_turns(_python(RUN_HELP), _python("pass"), rounds=rounds, clock=perf_counter)
    yield time_row("refold --help", "ms wall", "python -c pass", rates, HELP, scale=1e3)


def _python(code: str) -> Work:
    def run() -> int:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        return 1

    return lambda: run
