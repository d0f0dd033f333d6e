"""What the driver of a fleet does for an episode, against playing it: how many workers it feeds."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bench.rows import Bar, Row, rate_row
from bench.timing import Work, in_turns
from bench.worlds import MAILS, TASKS, short
from refold.agents.players import PolicyPlayer
from refold.commands.shared.model_options import USUAL_CHOICES
from refold.engine import Episode, EventLog
from refold.environments import Worlds
from refold.fleet.ledger import Ledger
from refold.fleet.player import BatchPlayer, Setup
from refold.graders import grade, save_grade
from refold.scenarios import load

DRIVER = Bar("value", least=1000)
BATCH = 16
AGENT = "random"  # whose episodes differ, so that bundles are not smaller than they really are


def fleet_rows(folder: Path, rounds: int, batches: int) -> Iterator[Row]:
    """Yield a row for each task; each measurement is of so many *batches* of 16 episodes."""
    paths = (folder / f"fleet-{number}.db" for number in count())
    for name in (*TASKS, MAILS):
        ids = [f"e{number}" for number in range(batches * BATCH)]
        parts = [ids[first : first + BATCH] for first in range(0, len(ids), BATCH)]
        bundles = asyncio.run(_bundles(folder, name, parts))
        rates = in_turns(
            _driving(paths, name, parts, bundles),
            _playing(paths, name, ids),
            rounds=rounds,
        )
        size = sum(map(len, bundles)) / len(ids)
        work = f"driver of a fleet, {short(name)}, {size:.0f} B each"
        yield rate_row(work, "episodes/s", "one process that plays", rates, DRIVER)


def _begun(path: Path, name: str, ids: Sequence[str]) -> EventLog:
    log = EventLog(path)
    scenario = load(name)
    with log.transaction():
        for epoch, id in enumerate(ids):
            seed = scenario.seed + epoch
            Episode.start(scenario, log=log, agent=AGENT, id=id, epoch=epoch, seed=seed)
    return log


def _driving(
    paths: Iterator[Path],
    name: str,
    parts: Sequence[Sequence[str]],
    bundles: Sequence[bytes],
) -> Work:
    """Return the work of dealing out episodes and taking in what came of them."""

    def prepare() -> Callable[[], int]:
        ids = [id for part in parts for id in part]
        log = _begun(next(paths), name, ids)
        infos = [log.find(id) for id in ids]

        def run() -> int:
            ledger = Ledger(log, infos, lambda _: None)
            done = 0
            for part, bundle in zip(parts, bundles, strict=True):
                ledger.jobs(part)
                done += len(ledger.take(bundle).done)
            log.close()
            return done

        return run

    return prepare


def _playing(paths: Iterator[Path], name: str, ids: Sequence[str]) -> Work:
    """Return the work of playing and grading the same episodes, as ``refold record`` does."""

    def prepare() -> Callable[[], int]:
        log = _begun(next(paths), name, ids)
        infos = [log.find(id) for id in ids]

        async def play() -> None:
            player = PolicyPlayer(AGENT)
            for info in infos:
                episode = Episode.resume(log, info.id)
                await player.play(episode, info)
                save_grade(log, info.id, grade(episode.events))

        def run() -> int:
            asyncio.run(play())
            log.close()
            return len(ids)

        return run

    return prepare


async def _bundles(folder: Path, name: str, parts: Sequence[Sequence[str]]) -> list[bytes]:
    """Return what a worker makes of the episodes."""
    path = folder / f"fleet-{short(name).replace('/', '-')}.db"
    ids = [id for part in parts for id in part]
    setup = Setup("bench", [AGENT], (), USUAL_CHOICES, Worlds(), str(folder), 1)
    with _begun(path, name, ids) as log, _disk(folder):
        ledger = Ledger(log, [log.find(id) for id in ids], lambda _: None)
        worker = BatchPlayer(setup)
        await worker.open()
        return [(await worker.play(ledger.jobs(part)))[0] for part in parts]


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Have temporary files, such as shards, go into *folder* meanwhile."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
