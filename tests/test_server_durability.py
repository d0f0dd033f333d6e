import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from refold.engine import EventLog
from refold.replays import verify

pytestmark = pytest.mark.slow

PROGRAM = "from refold.cli import main; main()"


@pytest.fixture
def served(tmp_path):
    """Yield a served process with a log in the folder, and its address."""
    command = [sys.executable, "-c", PROGRAM, "serve", "--port", "0", "--quiet"]
    environment = {key: value for key, value in os.environ.items() if key != "PORT"}
    process = subprocess.Popen(
        [*command, "--log", str(tmp_path / "log.db")],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        said = process.stderr.readline()
        yield process, re.search(r"http://(\S+);", said)[1]
    finally:
        process.kill()
        process.communicate()


class Player(threading.Thread):
    """Plays without pause until the server goes, and counts what was acknowledged."""

    def __init__(self, host, number, enough):
        super().__init__()
        self.url = f"ws://{host}/ws"
        self.id = f"player-{number}"
        self.enough = enough
        self.acknowledged = {}

    def run(self):
        """Play."""
        episodes = 0
        with suppress(ConnectionClosed, OSError), connect(self.url, compression=None) as socket:
            while True:
                id = f"{self.id}-{episodes}"
                episodes += 1
                data = {"task_id": "workflow/hard", "episode_id": id}
                self.tell(socket, "reset", data)
                self.acknowledged[id] = 0
                done = False
                while not done:
                    reply = self.tell(socket, "step", {"action_type": "wait"})
                    self.acknowledged[id] += 1
                    done = reply["done"]
                    if sum(self.acknowledged.values()) > 40:
                        self.enough.release()

    def tell(self, socket, kind, data):
        """Return the reply to a frame."""
        socket.send(json.dumps({"type": kind, "data": data}))
        return json.loads(socket.recv(timeout=30))["data"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_acknowledged_step_is_lost(served, tmp_path, how):
    """Under load, whether the server is asked to end or killed; what it wrote is sound."""
    process, host = served
    enough = threading.Semaphore(0)
    players = [Player(host, number, enough) for number in range(4)]
    for player in players:
        player.start()
    for _ in range(100):
        assert enough.acquire(timeout=30)
    process.send_signal(how)
    for player in players:
        player.join(30)
    assert process.wait(30) in (0, -how)
    with EventLog(tmp_path / "log.db", readonly=True) as log:
        steps = {info.id: info.steps for info in log.episodes()}
        for player in players:
            for id, acknowledged in player.acknowledged.items():
                assert acknowledged <= steps[id] <= acknowledged + 1
        assert all(verify(log.events(id)) is None for id in steps)


def test_the_end_of_a_server_is_quiet(served):
    """Asked to end, it says nothing more, and leaves with 0 or the signal's code."""
    process, _ = served
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)
    assert said == ""
