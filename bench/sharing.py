"""Commands with ``--jobs 2``: the CPU time of each process, against that of one alone."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from attrs import frozen

from bench.regrading import write_log, write_rubrics
from bench.rows import Bar, Row
from bench.timing import spread

JOBS = 2
SHARE = Bar("ratio", most=0.55)

# A program of its own: workers import what starts them.
_SCRIPT = """
import json, resource, sys
from refold import cli
cli.run(sys.argv[1:])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([each.ru_utime + each.ru_stime for each in used]), file=sys.stderr)
"""


@frozen
class _Taken:
    """Seconds that a command took, CPU of the process itself and of its workers, and wall."""

    own: float
    workers: float
    wall: float


def sharing_rows(folder: Path, rounds: int, episodes: int) -> Iterator[Row]:
    """Yield a row for each command that goes through a log of so many *episodes*."""
    log = write_log(folder / "shared.db", episodes)
    commands: Mapping[str, list[str]] = {
        "verify": ["verify"],
        "grade by other rubrics": ["grade", "--rubric", str(write_rubrics(folder))],
        "regrade by other rubrics": ["regrade", "--rubric", str(write_rubrics(folder))],
    }
    for name, words in commands.items():
        command = [*words, "--log", str(log)]
        pairs = [(_run(command, 1), _run(command, JOBS)) for _ in range(rounds)]
        rates = [episodes / shared.wall for _, shared in pairs]
        yield Row(
            work=f"{name}, by {JOBS} processes",
            value=median(rates),
            unit="episodes/s (wall)",
            control="CPU of one alone",
            ratio=median(shared.workers / JOBS / alone.own for alone, shared in pairs),
            spread=spread(rates),
            bar=SHARE,
        )


def _run(command: list[str], jobs: int) -> _Taken:
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *command, "--jobs", str(jobs)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    own, workers = json.loads(done.stderr.splitlines()[-1])
    return _Taken(own, workers, perf_counter() - began)
