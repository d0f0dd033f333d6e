"""``refold regrade`` by another rubric: the report on many episodes, against grading them once."""

import contextlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.points import Point, run_point
from bench.rows import Bar, Row, rate_row
from bench.timing import in_turns
from bench.worlds import MAILS, played
from refold import cli
from refold.engine import EpisodeInfo, EventLog
from refold.graders import grade
from refold.scenarios import scenario_source

REGRADE = Bar("value", least=3_000)
SCENARIOS = {MAILS: "random", "workflow/easy": "greedy", "workflow/medium": "greedy"}
DICE = 50
"""Random episodes that are played; logs hold copies of them as other worlds."""


def regrade_rows(folder: Path, rounds: int, episodes: int) -> Iterator[Row]:
    """Yield the row of a report on *episodes* episodes."""
    rubrics, log = write_rubrics(folder), write_log(folder / "regraded.db", episodes)
    rates = in_turns(
        lambda: lambda: regrade(log, rubrics), lambda: lambda: grade_once(log), rounds=rounds
    )
    work = "regrade by other rubrics, with the report"
    yield rate_row(work, "episodes/s", "grading them once", rates, REGRADE)


def regrade_growth(folder: Path, sizes: Sequence[int]) -> Iterator[Point]:
    """Yield a point for each number of episodes, graded again in a process of its own."""
    rubrics = write_rubrics(folder)
    for size in sizes:
        log = write_log(folder / f"regraded-{size}.db", size)
        yield run_point("regrade", log, rubrics)


def write_rubrics(folder: Path, scenario: str = MAILS) -> Path:
    """Write a folder with a rubric that moves the episodes of one *scenario*; return its path."""
    path = folder / "rubrics"
    path.mkdir(exist_ok=True)
    source = scenario_source(scenario).replace("weight = 0.55", "weight = 0.45")
    (path / "other.toml").write_text(source.replace("weight = 0.25", "weight = 0.35"))
    return path


def write_log(path: Path, episodes: int) -> Path:
    """Write a log of so many *episodes* of three scenarios and two agents; return its path."""
    streams = [
        (name, agent, played(name, agent, dice))
        for name, agent in SCENARIOS.items()
        for dice in range(DICE if agent == "random" else 1)
    ]
    with EventLog(path) as log, log.transaction():
        for number in range(episodes):
            name, agent, stream = streams[number % len(streams)]
            info = EpisodeInfo(f"{number}", name, number // len(streams), agent)
            log.begin(info, stream.payloads, end=True)
    return path


def regrade(log: Path, rubrics: Path) -> int:
    """Run ``refold regrade`` and return the number of episodes, which it tells last."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        cli.run(["regrade", "--jobs", "1", "--rubric", str(rubrics), "--log", str(log)])
    return int(err.getvalue().splitlines()[-1].split()[0])


def grade_once(log: Path) -> int:
    """Grade each episode as it was recorded, and return their number."""
    with EventLog(log, readonly=True) as opened:
        return sum(grade(opened.events(info.id)).complete for info in opened.episodes())
