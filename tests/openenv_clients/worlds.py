"""
Records servers of openenv-core in an environment that has refold: directly, and by its clients.

``python worlds.py PYTHON FOLDER``: PYTHON has openenv-core. An episode through ``openenv:`` must be
the one that plain play of the environment gives, and the proxy's the one of ``openenv:``.
"""

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from refold.engine import Episode, EventLog
from refold.environments import Worlds
from refold.replays.live import verify_live
from refold.scenarios import load

HERE = Path(__file__).parent
AMOUNTS = [3, 5, 0, 9, 7, 2]


class Programs:
    """What openenv-core of *python* plays and serves: see ``counter.py``."""

    def __init__(self, python):
        command = [python, HERE / "counter.py", json.dumps(AMOUNTS)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._running = subprocess.Popen(command, text=True, **pipes)
        said = json.loads(self._line())
        self.plain, self.urls = said["plain"], said["urls"]

    def _line(self):
        line = self._running.stdout.readline()
        assert line, "expected a line of counter.py, got its end"
        return line

    def drive(self, kind, url):
        """Play through the proxy at *url* with the clients of openenv-core."""
        print(json.dumps([kind, url]), file=self._running.stdin, flush=True)
        assert self._line() == "done\n"

    def close(self):
        """End it."""
        self._running.stdin.close()
        assert self._running.wait(60) == 0


@contextmanager
def process(command, pattern):
    """Give what the first line that fits *pattern* says there; the process ends with the block."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        lines = iter(running.stderr.readline, "")
        try:
            yield next(found.group(1) for line in lines if (found := re.search(pattern, line)))
        finally:
            running.terminate()


def proxying(url, log):
    """Give the URL of a proxy for the server at *url*."""
    command = ["refold", "proxy", url, "--port", "0", "--log", log]
    return process([str(each) for each in command], r" at (http://\S+);")


def play(url, actions, seed):
    """Return the episode of *actions* in the world that *url* names."""
    world = f"openenv:{url}"
    episode = Episode.start(load(world), seed=seed, open_world=Worlds([world]))
    for action in actions:
        if not episode.over:
            episode.step(action)
    episode.close()
    return episode


def recorded(log, count):
    """Return the streams of *log* by seed, as soon as there are *count* that have ended."""
    for _ in range(600):
        with EventLog(log, readonly=True) as open_log:
            infos = list(open_log.episodes())
            if sum(info.ended is not None for info in infos) == count:
                return {info.seed: open_log.events(info.id) for info in infos}
        time.sleep(0.05)
    raise AssertionError([(info.seed, info.ended, info.steps) for info in infos])


def check_counter(programs, folder):
    """See that counting is the same in process, through openenv:, and through the proxy."""
    adding = [{"amount": amount} for amount in AMOUNTS]
    url = programs.urls["counter"]
    episode = play(url, adding, 4)
    said = [event for event in episode.events if hasattr(event, "observation")]
    for (reward, done, seen), event in zip(programs.plain, said, strict=True):
        seen.pop("metadata")
        assert event.observation == seen
        assert getattr(event, "reward", None) == reward
        assert getattr(event, "terminated", False) == done
    assert episode.end.how == "terminated"
    assert verify_live(episode.events, Worlds([f"openenv:{url}"])).verdict == "same"
    broken = play(url, [{"amount": 9}], 4)
    assert broken.end.reason == "instrument_failed"
    assert "thirteen (EXECUTION_ERROR)" in broken.events.payloads[-3].decode()
    wrong = [{"amount": 10}, *adding]
    expected = {seed: play(url, wrong, seed).events for seed in (4, 6)}
    log = folder / "counter.db"
    with proxying(url, log) as proxy:
        programs.drive("counter", proxy)
        found = recorded(log, 2)
    assert {seed: each.digest for seed, each in found.items()} == {
        seed: each.digest for seed, each in expected.items()
    }


def check_tools(programs, folder):
    """See that calls of tools are recorded alike, whoever sends them."""
    calls = [
        {"tool_calls": [{"name": "add", "arguments": {"amount": amount}}]} for amount in AMOUNTS
    ]
    url = programs.urls["tools"]
    episode = play(url, calls, 4)
    assert [tool["name"] for tool in episode.state.offer.tools] == ["add"]
    assert (episode.end.how, episode.state.reward) == ("terminated", 30.0)
    several = play(url, [{"tool_calls": calls[0]["tool_calls"] * 2}], 4)
    assert (several.state.reward, len(several.state.observation)) == (7.0 + 10.0, 2)
    log = folder / "tools.db"
    with proxying(url, log) as proxy:
        programs.drive("tools", proxy)
        found = recorded(log, 1)
    assert found[4].digest == episode.events.digest


if __name__ == "__main__":
    python, folder = sys.argv[1], Path(sys.argv[2])
    for log in folder.glob("*.db*"):
        log.unlink()
    programs = Programs(python)
    check_counter(programs, folder)
    check_tools(programs, folder)
    programs.close()
    print("servers of openenv-core, recorded directly and through the proxy: ok")
