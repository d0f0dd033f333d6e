import signal
import subprocess
import sys

import pytest
from asking import of_kind, sensible
from fault_server import HANG, FaultServer
from shell import SCRIPT, Shell

from refold.engine import EventLog
from refold.engine.exchanges import ModelCalled
from refold.replays import verify

pytestmark = pytest.mark.slow

PATIENCE = 30
PARALLEL = 3


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def start(shell, words, server):
    """Start the program with *words* and a model at *server*."""
    command = [sys.executable, "-c", SCRIPT, *words.split(), "--base-url", server.base_url]
    return subprocess.Popen(
        command, cwd=shell.at, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(server, requests):
    """Wait until *server* has received so many more requests."""
    for _ in range(requests):
        assert server.asked.acquire(timeout=PATIENCE)


def interrupted(shell, words, *, answers, presses=1):
    """Press Ctrl-C while the program waits for answers; return it, ended, and what it said."""
    with (
        FaultServer(*[sensible] * answers, then=HANG) as server,
        start(shell, words, server) as run,
    ):
        wait_for(server, answers + PARALLEL)
        for _ in range(presses):
            run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=PATIENCE)
    return run, out, err


def test_an_interrupted_run_ends_cleanly_and_goes_on(shell):
    """Exit 130, a hint how to go on, no traceback; nothing that was answered is asked again."""
    words = f"record workflow/easy inbox --agent openai:m --name r --parallel {PARALLEL}"
    run, out, err = interrupted(shell, words, answers=8)
    hint = "interrupted; `refold resume r` continues where it stopped\n\nrefold: interrupted\n"
    assert (run.returncode, out, err) == (130, "", hint)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        before = [log.events(info.id) for info in log.episodes(run="r")]
        assert [verify(stream) for stream in before] == [None] * 4
        assert sum(len(of_kind(ModelCalled, stream)) for stream in before) == 8
    run, out, err = interrupted(shell, f"resume r --parallel {PARALLEL}", answers=4)
    assert (run.returncode, out, err) == (130, "", hint)
    with FaultServer(then=sensible) as server:
        shell("resume r --base-url", server.base_url)
        asked = len(server.requests)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        after = [log.events(info.id) for info in log.episodes(run="r")]
        assert {info.ended for info in log.episodes(run="r")} == {"terminated"}
    assert sum(len(of_kind(ModelCalled, stream)) for stream in after) == 8 + 4 + asked
    for stream, longer in zip(before, after, strict=True):
        assert longer.payloads[: len(stream)] == stream.payloads


def test_a_second_time_ends_it_at_once(shell):
    """Whoever presses twice does not wait, and gets no traceback; the log is whole."""
    words = f"record workflow/easy inbox --agent openai:m --name r --parallel {PARALLEL}"
    run, _, err = interrupted(shell, words, answers=8, presses=2)
    assert run.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in err
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert [verify(log.events(info.id)) for info in log.episodes(run="r")] == [None] * 4


def test_an_interrupted_inference_ends_what_it_started(shell):
    """The END line comes, whatever happens."""
    words = "inference workflow --agent openai:m"
    with FaultServer(sensible, then=HANG) as server, start(shell, words, server) as run:
        wait_for(server, 2)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert [line.split()[0] for line in out.splitlines()] == ["[START]", "[STEP]", "[END]"]
