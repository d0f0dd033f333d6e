"""Commands with ``--jobs 2``: the CPU time of each worker, against that of one process alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.processes import run_command
from bench.regrading import write_log, write_rubrics
from bench.rows import Bar, Row
from bench.timing import spread

JOBS = 2
SHARE = Bar("ratio", most=0.55)


def sharing_rows(folder: Path, rounds: int, episodes: int) -> Iterator[Row]:
    """Yield a row for each command that goes through a log of so many *episodes*."""
    log = write_log(folder / "shared.db", episodes)
    commands: Mapping[str, list[str]] = {
        "verify": ["verify"],
        "grade": ["grade", "--rubric", str(write_rubrics(folder))],
        "regrade": ["regrade", "--rubric", str(write_rubrics(folder))],
    }
    for name, words in commands.items():
        command = [*words, "--log", str(log), "--jobs"]
        pairs = [
            (run_command([*command, "1"]), run_command([*command, str(JOBS)]))
            for _ in range(rounds)
        ]
        memory = max(shared.worker_peak for _, shared in pairs)
        rates = [episodes / shared.wall for _, shared in pairs]
        yield Row(
            work=f"{name}, {JOBS} processes of {memory:.0f} MB",
            value=median(rates),
            unit="episodes/s (wall)",
            control="CPU of one alone",
            ratio=median(shared.workers / JOBS / alone.own for alone, shared in pairs),
            spread=spread(rates),
            bar=SHARE,
        )
