import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from refold.engine import Episode, EventLog, RefoldError, StepRewarded
from refold.engine.folding import step_ranges
from refold.replays import verify
from refold.scenarios import load

pytestmark = pytest.mark.slow

KILLS = 12

RECORD_FOREVER = """
import sys
from refold.engine import Episode, EventLog
from refold.scenarios import load
scenario = load("workflow/expert")
with EventLog(sys.argv[1]) as log:
    while True:
        episode = Episode.start(scenario, log=log)
        print(episode.id, 0, flush=True)
        while not episode.over:
            actions = episode.legal_actions
            result = episode.step(actions[-1] if len(actions) < 3 else actions[1])
            print(episode.id, result.events[-1].step + 1, flush=True)
"""


def start(program, path, **pipes):
    """Start *program*, a text, in a Python of its own, with *path* as its argument."""
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **pipes)


def record_until_killed(path, acknowledgements):
    """Record into *path*, kill -9 after so many acknowledgements, return all that came out."""
    with start(RECORD_FOREVER, path) as recorder:
        lines = [recorder.stdout.readline() for _ in range(acknowledgements)]
        recorder.kill()
        lines += recorder.stdout.readlines()
    assert recorder.returncode == -signal.SIGKILL
    whole = [line for line in lines if line.endswith("\n")]  # the last may be cut by the kill
    return [(id, int(steps)) for id, steps in map(str.split, whole)]


def check_steps(log, acknowledged):
    """Check chain and steps of every episode acknowledged; return how many steps were not."""
    more = 0
    for id, steps in dict(acknowledged).items():
        stream = log.events(id)
        ranges = step_ranges(stream)
        assert len(ranges) - 1 >= steps
        assert ranges[-1].stop == len(stream)
        assert len(ranges) == 1 or isinstance(stream[-1], StepRewarded)
        assert log.find(id).digest == stream.digest
        assert log.find(id).steps == len(ranges) - 1
        more += len(ranges) - 1 - steps
    return more


def test_a_killed_recorder_loses_nothing_and_leaves_no_half_step(tmp_path):
    """Kill -9 at any moment: each acknowledged step is there, whole, its chain valid."""
    path = tmp_path / "log.db"
    dice = random.Random(12)
    acknowledged = []
    for number in range(1, KILLS + 1):
        acknowledged += record_until_killed(path, dice.randrange(1, 60))
        with EventLog(path, readonly=True) as log:
            more = check_steps(log, acknowledged)
            begun = log.count() - len(dict(acknowledged))
        assert more + begun <= number
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_log_is_carried_on_after_a_kill(tmp_path):
    """A killed recorder leaves no lock and no stale file that would stop the next writer."""
    path = tmp_path / "log.db"
    killed = record_until_killed(path, 5)
    with EventLog(path) as log:
        episode = Episode.start(load("inbox/easy"), log=log, id="after")
        episode.step(episode.legal_actions[0])
        assert log.find("after").steps == 1
        assert check_steps(log, killed) <= 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_log_that_was_killed_at_its_birth_is_made_anew(tmp_path):
    """A database in which nothing has been made yet is no other application's."""
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert path.stat().st_size > 0
    with EventLog(path) as log:
        Episode.start(load("inbox/easy"), log=log, id="one")
        assert log.find("last").id == "one"


RECORD_SOME = """
import sys
from refold.engine import Episode, EventLog
from refold.scenarios import load
scenario = load("workflow/easy")
print("ready", flush=True)
agent = sys.stdin.readline().strip()
with EventLog(sys.argv[1]) as log:
    for _ in range(20):
        episode = Episode.start(scenario, log=log, agent=agent)
        while not episode.over:
            episode.step({"action_type": "wait"})
"""


@pytest.mark.parametrize("round", range(2))
def test_processes_record_into_one_log_at_once(tmp_path, round):
    """Recorders that begin at the same moment, the file not there yet, all get through."""
    path = tmp_path / "log.db"
    names = ["a", "b", "c", "d"]
    recorders = [start(RECORD_SOME, path, stdin=subprocess.PIPE) for _ in names]
    for recorder in recorders:
        assert recorder.stdout.readline() == "ready\n"
    for name, recorder in zip(names, recorders, strict=True):
        recorder.stdin.write(f"{name}\n")
        recorder.stdin.flush()
    for recorder in recorders:
        recorder.communicate()
    assert [recorder.returncode for recorder in recorders] == [0] * len(names)
    with EventLog(path, readonly=True) as log:
        infos = list(log.episodes())
        assert sorted(info.agent for info in infos) == sorted(names * 20)
        assert {info.ended for info in infos} == {"truncated"}
        assert {log.events(info.id).digest for info in infos} == {infos[0].digest}


def test_a_killed_run_leaves_episodes_begun_or_whole(tmp_path):
    """Built-in agents play each episode in one transaction; `resume` plays what is open."""
    path = tmp_path / "log.db"
    options = ("--log", str(path))
    record = ["record", "workflow/expert", "--agent", "greedy", "--epochs", "400", "--name", "run"]
    refold = [sys.executable, "-m", "refold"]
    with subprocess.Popen([*refold, *record, *options], stderr=subprocess.DEVNULL) as recorder:
        while not _some_ended(path):
            assert recorder.poll() is None
        recorder.kill()
    with EventLog(path, readonly=True) as log:
        infos = list(log.episodes())
    assert len(infos) == 400
    ended = {info.id: info.digest for info in infos if info.ended}
    assert 0 < len(ended) < 400
    assert all(info.ended or info.steps == 0 for info in infos)
    subprocess.run([*refold, "resume", "run", *options], check=True, capture_output=True)
    with EventLog(path, readonly=True) as log:
        infos = list(log.episodes())
        assert len({info.digest for info in infos}) == len({info.seed for info in infos}) == 400
        assert all(verify(log.events(info.id)) is None for info in infos[::40])
    assert all(info.ended for info in infos)
    assert ended.items() <= {info.id: info.digest for info in infos}.items()


def _some_ended(path):
    """Return whether an episode of the log at *path* has ended, once there is a log."""
    try:
        with EventLog(path, readonly=True) as log:
            return any(info.ended for info in log.episodes())
    except RefoldError:
        return False
