"""A log that several processes use: the locks of one hold, whatever else it does with the file."""

import pytest
from serving import actions, running
from shell import Shell

from refold.engine import Episode, EventLog
from refold.replays import verify
from refold.scenarios import load

pytestmark = pytest.mark.slow

STEPS = 5


def record(path):
    """Let another process record an episode into the log at *path*, and end."""
    Shell(path.parent).program("record workflow/easy --agent random --log", path)


def all_sound(path):
    """Return how many episodes the log holds, all of which can be read and decided again."""
    with EventLog(path, readonly=True) as log:
        infos = list(log.episodes())
        for info in infos:
            assert verify(log.events(info.id)) is None
    return len(infos)


def peek(path):
    """Read the log as another part of the process does: open, look, close."""
    with EventLog(path, readonly=True) as log:
        assert log.count() == 1


def test_a_writer_keeps_its_locks(tmp_path):
    """After its process has read the log as well, nobody else removes what it writes into."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        episode = Episode.start(load("workflow/hard"), log=log)
        peek(path)
        record(path)
        assert (tmp_path / "log.db-wal").exists()
        for _ in range(STEPS):
            episode.step({"action_type": "wait"})
        seen = Shell(tmp_path).program("episodes --json --log", path).json["episodes"]
        assert STEPS in [each["steps"] for each in seen]
    assert all_sound(path) == 2


def test_a_server_loses_nothing_to_another_process(tmp_path):
    """Steps that were answered after another process had recorded are in the log."""
    with running(tmp_path) as server:
        server.post("/reset", {"task": "workflow/hard", "episode_id": "one"})
        assert server.get("/episodes")["episodes"][0]["id"] == "one"
        record(server.log)
        for action in actions("workflow/hard")[:STEPS]:
            server.post("/step", {"action": action})
        server.post("/reset", {"task": "inbox/easy", "episode_id": "two"})
        assert server.get("/api/episodes/two")["episode"]["steps"] == 0
        assert server.get("/episodes/one")["episode"]["steps"] == STEPS
    assert all_sound(tmp_path / "log.db") == 3
