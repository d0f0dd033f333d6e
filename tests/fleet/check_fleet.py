"""A fleet on a real Ray cluster stores what one process stores, whatever is killed meanwhile."""

import random
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import REFOLD, SECONDS, TwoNodes, kill, two_nodes, until

from refold.agents.mock.model import MockModel
from refold.engine import EventLog, NotALog
from refold.engine.exchanges import ModelCalled

KEY = f"sk-{secrets.token_hex(24)}"
PLAN = ("workflow/easy", "inbox/easy", "workflow/hard", "--agent", "random", "--name", "run")
EPOCHS = 400
COUNTER = """
class Counter:
    action_schema = {"type": "integer", "minimum": 1, "maximum": 3}

    def reset(self, seed=None):
        self.total = 0
        return {"total": 0, "seed": seed}

    def step(self, action):
        self.total += action
        return {"total": self.total}, float(action), self.total >= 20, False, {}


def make():
    return Counter()
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[TwoNodes]:
    """Return a cluster for all tests, the last of which break it."""
    with two_nodes({"OPENAI_API_KEY": KEY}) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, subprocess.Popen[str]]":
    """Begin to play in one process what a fleet is to play at the end, since others mostly wait."""
    log = tmp_path_factory.mktemp("alone") / "one.db"
    return log, started(None, log, "record", *PLAN, "--epochs", str(EPOCHS))


@pytest.fixture
def alone(reference: "tuple[Path, subprocess.Popen[str]]") -> Path:
    """Return the log of one process that plays the same, once it has."""
    log, driver = reference
    ended(driver)
    return log


def refold(*words: str, log: Path, code: int = 0) -> str:
    """Run refold on *log*, and return what it prints on stdout and stderr."""
    ran = subprocess.run(
        [REFOLD, *words, "--log", log],
        cwd=log.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == code, ran.stdout
    return ran.stdout


def stored(path: Path) -> list[tuple[object, ...]]:
    """Return what the log at *path* has of each episode, but for times and names, in order."""
    with EventLog(path, readonly=True) as log:
        return [
            (
                *(info.scenario, info.seed, info.epoch, info.agent, info.run, info.digest),
                *log.grades(info.id),
            )
            for info in log.episodes()
        ]


def count_ended(path: Path) -> int:
    """Return how many episodes of the log at *path* have ended; 0 before there is a log."""
    try:
        with EventLog(path, readonly=True) as log:
            found = log.database.execute("SELECT count(ended_at) FROM episodes").fetchone()
    except NotALog:
        return 0
    return int(found[0])


def started(fleet: TwoNodes | None, log: Path, *words: str) -> "subprocess.Popen[str]":
    """Start refold on the *fleet*, if any."""
    place = [] if fleet is None else ["--fleet", f"ray={fleet.address}"]
    return subprocess.Popen(
        [REFOLD, *words, *place, "--log", log],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def ended(driver: "subprocess.Popen[str]") -> str:
    """Return what the *driver* has said, once it is done and nothing went wrong."""
    said, _ = driver.communicate(timeout=SECONDS)
    assert driver.returncode == 0, said
    return said


def wait_for(number: int, log: Path, driver: "subprocess.Popen[str]") -> None:
    """Wait until so many episodes of *log* have ended; fail with the *driver*'s words if it has."""
    until(lambda: driver.poll() is not None or count_ended(log) >= number, "episodes")
    assert driver.poll() is None, driver.communicate()[0]


def calls(path: Path) -> int:
    """Return how many requests the log at *path* has."""
    with EventLog(path, readonly=True) as log:
        streams = [log.events(info.id) for info in log.episodes()]
    return sum(isinstance(event, ModelCalled) for stream in streams for event in stream)


def test_models_are_asked_once(cluster: TwoNodes, tmp_path: Path) -> None:
    """Each request that the model got is recorded, episode for episode as in one process."""
    plan = ("workflow/easy", "inbox/easy", "--agent", "openai:mock", "--epochs", "12")
    options = (*plan, "--name", "run", "--parallel", "8", "--base-url")
    with MockModel(latency_ms=5) as first, MockModel(latency_ms=5) as second:
        alone = started(None, tmp_path / "one.db", "record", *options, first.base_url)
        fleet = (second.base_url, "--fleet", f"ray={cluster.address}")
        said = refold("record", *options, *fleet, log=tmp_path / "fleet.db")
        ended(alone)
    counts = [each.counts["answered"] for each in (first, second)]
    assert "each with a key" in said
    assert counts == [calls(tmp_path / "one.db"), calls(tmp_path / "fleet.db")]
    assert counts[0] == counts[1]
    grades = [grade for row in stored(tmp_path / "fleet.db") for grade in row[6:]]
    assert [row[:5] for row in stored(tmp_path / "fleet.db")] == [
        row[:5] for row in stored(tmp_path / "one.db")
    ]
    assert len(grades) == 24
    assert "24 episodes checked, 0 wrong" in refold("verify", log=tmp_path / "fleet.db")


@pytest.mark.usefixtures("reference")  # begun now
def test_what_was_paid_for_is_paid_for_once(cluster: TwoNodes, tmp_path: Path) -> None:
    """Only requests under way are lost when a worker is killed, and when Ctrl-C ends the driver."""
    log = tmp_path / "fleet.db"
    plan = ("record", "workflow/easy", "--agent", "openai:mock", "--epochs", "16", "--name", "run")
    with MockModel(latency_ms=100) as model:
        more = ("--base-url", model.base_url, "--parallel", "8", "--workers", "4")
        driver = started(cluster, log, *plan, *more)
        until(lambda: model.counts.get("answered", 0) > 20, "requests")
        assert cluster.kill_a_worker(random.Random(1)) is not None
        before = model.counts["answered"]
        until(lambda: model.counts["answered"] > before + 20, "requests")
        driver.send_signal(signal.SIGINT)
        said, _ = driver.communicate(timeout=SECONDS)
        assert driver.returncode == 130, said
        assert f"`refold resume run --fleet ray={cluster.address}` continues" in said
        assert "Traceback" not in said
        # The same command continues as well; another one is refused.
        fleet = ("--fleet", f"ray={cluster.address}")
        said = refold(*plan, *more, *fleet, "--seed", "1", log=log, code=2)
        assert "expected a new name, or the command that began this run" in said
        model.latency_ms = 0
        refold(*plan, *more, *fleet, log=log)
        asked = model.counts["answered"]
    assert count_ended(log) == 16
    # Two episodes at once for each of four workers: so many requests may have been under way.
    assert calls(log) <= asked <= calls(log) + 2 + 8
    assert "16 episodes checked, 0 wrong" in refold("verify", log=log)


def test_all_workers_keep_one_limit(cluster: TwoNodes, tmp_path: Path) -> None:
    """However many ask at once, no more requests begin than may; repeated ones count as well."""
    log = tmp_path / "fleet.db"
    limit = ("--parallel", "8", "--requests-per-minute", "600")
    with MockModel(faults=["rate-limit:3"]) as model:
        options = ("--agent", "openai:mock", "--epochs", "8", "--base-url", model.base_url)
        driver = started(cluster, log, "record", "workflow/easy", *options, *limit)
        until(lambda: model.counts, "requests")
        first = time.monotonic()
        ended(driver)
        took, asked = time.monotonic() - first, sum(model.counts.values())
    with EventLog(log, readonly=True) as read:
        streams = [read.events(info.id) for info in read.episodes()]
    answered = [event for stream in streams for event in stream if isinstance(event, ModelCalled)]
    assert sum(1 + len(event.faults) for event in answered) == asked
    # Ten a second, after a second's worth at once. Unlimited, they take a second altogether.
    assert took >= 0.9 * (asked - 10) / 10


def test_a_cap_on_the_cost_holds_for_all(cluster: TwoNodes, tmp_path: Path) -> None:
    """Once the run has cost enough, it stops, and continues when more may be spent."""
    log = tmp_path / "fleet.db"
    plan = ("record", "workflow/easy", "--agent", "openai:mock", "--epochs", "12", "--name", "run")
    with MockModel(latency_ms=300) as model:
        more = ("--base-url", model.base_url, "--parallel", "4", "--price", "10,10")
        fleet = ("--fleet", f"ray={cluster.address}", "--workers", "2")
        said = refold(*plan, *more, *fleet, "--max-cost", "0.5", log=log, code=1)
        ended = count_ended(log)
        again = f"`refold resume run --fleet ray={cluster.address} --max-cost 1` continues"
        model.latency_ms = 0
        refold("resume", "run", *more, *fleet, "--max-cost", "100", log=log)
        assert calls(log) <= model.counts["answered"] <= calls(log) + 4
    assert f"{12 - ended} episodes left open: $" in said
    assert "of --max-cost 0.5 spent" in said
    assert again in said
    assert ended < 12
    assert count_ended(log) == 12


def test_an_episode_that_kills_workers_is_named(cluster: TwoNodes, tmp_path: Path) -> None:
    """The others are played to their end, and that one stays open."""
    log = tmp_path / "fleet.db"
    file = tmp_path / "agent.py"
    file.write_text(
        "import os\n\n\ndef play(seen, legal, turn):\n"
        "    if turn.seed == 45:\n        os._exit(1)\n    return legal[0]\n"
    )
    options = ("--agent", f"{file}:play", "--epochs", "6", "--workers", "2")
    fleet = ("--fleet", f"ray={cluster.address}")
    said = refold("record", "workflow/easy", *options, *fleet, log=log, code=1)
    with EventLog(log, readonly=True) as read:
        (left,) = [info for info in read.episodes() if info.ended is None]
    assert left.seed == 45
    assert f"1 episode left open, since workers die over it: {left.id}" in said
    assert count_ended(log) == 5


def test_environments_of_ones_own(cluster: TwoNodes, tmp_path: Path) -> None:
    """An environment in a file, named from the current folder, is played as in one process."""
    (tmp_path / "counter.py").write_text(COUNTER)
    plan = ("record", "python:counter.py:make", "--agent", "random", "--name", "run")
    refold(*plan, "--epochs", "40", log=tmp_path / "one.db")
    fleet = ("--epochs", "40", "--fleet", f"ray={cluster.address}", "--workers", "2")
    refold(*plan, *fleet, log=tmp_path / "fleet.db")
    assert len(stored(tmp_path / "fleet.db")) == 40
    assert stored(tmp_path / "fleet.db") == stored(tmp_path / "one.db")


def test_a_refused_key_stops_the_run(cluster: TwoNodes, tmp_path: Path) -> None:
    """The first answer that the key is refused ends the run, in a line that says what next."""
    log = tmp_path / "fleet.db"
    with MockModel(faults=["unauthorized"]) as model:
        options = ("--agent", "openai:mock", "--base-url", model.base_url, "--epochs", "20")
        fleet = ("--name", "run", "--fleet", f"ray={cluster.address}", "--workers", "2")
        said = refold("record", "workflow/easy", *options, *fleet, log=log, code=2)
        assert model.counts["unauthorized"] <= 4
    last = said.strip().splitlines()[-1]
    assert "refused the key" in last
    assert f"then `refold resume run --fleet ray={cluster.address}` continues" in last
    assert "Traceback" not in said


def test_the_key_is_found_nowhere(cluster: TwoNodes) -> None:
    """Neither Ray's session folder nor the tables of the cluster hold the key of the nodes."""
    tables = cluster.tables()
    assert all(tables.values())
    assert any(b"Worker" in row for row in tables["actors"])
    assert {
        name for name, rows in tables.items() if any(KEY.encode() in row for row in rows)
    } == set()
    found = [path for path in cluster.session.rglob("*") if path.is_file()]
    assert any(path.name == "raylet.out" for path in found)
    assert [str(path) for path in found if KEY.encode() in path.read_bytes()] == []


def test_whatever_is_killed(cluster: TwoNodes, alone: Path, tmp_path: Path) -> None:
    """
    1,200 episodes are those of one process, digest for digest and grade for grade, in order.

    Meanwhile workers are killed, a node with its disk, and the driver; half of the CPUs do not come
    back.
    """
    log, dice, kills = tmp_path / "fleet.db", random.Random(17), 0
    driver = started(cluster, log, "record", *PLAN, "--epochs", str(EPOCHS), "--workers", "4")
    for share in (40, 140, 240):
        wait_for(share, log, driver)
        kills += cluster.kill_a_worker(dice) is not None
    wait_for(320, log, driver)
    cluster.nodes[1].die()
    wait_for(440, log, driver)
    kill(driver.pid)
    driver.wait()
    assert count_ended(log) < 3 * EPOCHS
    driver = started(cluster, log, "resume", "run", "--workers", "4")
    for share in (560, 720, 880):
        wait_for(share, log, driver)
        kills += cluster.kill_a_worker(dice) is not None
    ended(driver)
    assert kills >= 5
    assert stored(log) == stored(alone)
    assert "1200 episodes checked, 0 wrong" in refold("verify", log=log)
