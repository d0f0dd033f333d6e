import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

import pytest
from asking import KEY, of_kind, sensible
from fault_server import BUSY, FaultServer
from shell import SCRIPT, Shell

from refold.engine import EventLog
from refold.engine.exchanges import ModelCalled
from refold.graders import grade

EPISODES = 3
RUN = f"record inbox/easy --agent openai:m --epochs {EPISODES} --max-retries 0"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def on_a_terminal(shell, *words, code=0):
    """Run the program with a terminal as stderr, and return what was written there."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "OPENAI_API_KEY": KEY}
    command = [sys.executable, "-c", SCRIPT, *words]
    with subprocess.Popen(
        command, cwd=shell.at, env=env, stdout=subprocess.DEVNULL, stderr=theirs
    ) as run:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # that is how Linux says that nobody writes any more
            while chunk := os.read(ours, 65536):
                shown += chunk
    os.close(ours)
    assert run.returncode == code, shown
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())


@pytest.mark.slow
def test_the_bar_shows_how_far_a_run_is(shell):
    """Episodes done of all, the mean so far, tokens and what they cost; in the end it is gone."""
    with FaultServer(then=sensible) as server:
        url = ["--base-url", server.base_url]
        shown = on_a_terminal(shell, *RUN.split(), "--price", "1000,3000", "--name", "r", *url)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        streams = [log.events(info.id) for info in log.episodes()]
    usages = [call.reply.usage for stream in streams for call in of_kind(ModelCalled, stream)]
    read, written = sum(each.input for each in usages), sum(each.output for each in usages)
    mean = sum(grade(stream).score for stream in streams) / EPISODES
    cost = (read * 1000 + written * 3000) / 1e6
    last = [line for line in re.split("[\r\n]", shown) if line.startswith("run r ")][-1]
    assert f" {EPISODES}/{EPISODES} " in last
    assert f"mean {mean:.3f}, {(read + written) / 1000:.0f}k tokens, ${cost:.2f}" in last


@pytest.mark.slow
def test_what_does_not_count_is_not_in_the_mean(shell):
    """An episode that the API cut off is done, but has no score."""
    with FaultServer(BUSY, then=sensible) as server:
        shown = on_a_terminal(shell, *RUN.split(), "--base-url", server.base_url, code=1)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        failed, *others = [log.events(info.id) for info in log.episodes()]
    assert failed[-1].reason == "instrument_failed"
    assert f"mean {sum(grade(each).score for each in others) / len(others):.3f}" in shown
    assert f" {EPISODES}/{EPISODES} " in shown


def test_a_pipe_gets_no_bar(shell):
    """Where nobody watches, nothing is written but what to do next."""
    with FaultServer(then=sensible) as server:
        assert shell(RUN, "--base-url", server.base_url).err.startswith("next: refold report ")
