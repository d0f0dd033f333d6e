import subprocess
import sys
from collections import Counter
from threading import Barrier

import pytest
from asking import of_kind, sensible
from fault_server import FaultServer
from shell import SCRIPT, Shell
from sizes import SMALLEST

from refold.agents import make_policy, play
from refold.agents.conversation import request_digest
from refold.agents.mock.model import MockModel
from refold.engine import ActionTaken, Episode, EventLog, StepRewarded
from refold.engine.exchanges import ModelCalled, ModelConfigured
from refold.graders import grade
from refold.replays import verify
from refold.scenarios import load, scenario_names

PATIENCE = 60
PARALLEL = 8
MANY = 64


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def recorded(shell):
    """Return the infos of all episodes of the log, and their streams by id."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        infos = list(log.episodes())
        return infos, {info.id: log.events(info.id) for info in infos}


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("json", SMALLEST),
        pytest.param("text", SMALLEST, marks=pytest.mark.slow),
        pytest.param("tools", scenario_names(), marks=pytest.mark.slow),
    ],
)
def test_a_policy_behind_an_api_is_the_same_policy(shell, form, names):
    """Same actions, rewards and score as in process, through prompt and HTTP."""
    with MockModel(agent="auto") as server:
        run = f"record --agent openai:mock --action-format {form} --parallel 4"
        shell(run, "--base-url", server.base_url, *names)
    infos, streams = recorded(shell)
    assert sorted(info.scenario for info in infos) == sorted(names)
    for info in infos:
        stream = streams[info.id]
        agent = "greedy" if stream.family.title == "workflow" else "baseline"
        episode = Episode.start(load(info.scenario))
        play(episode, make_policy(agent, episode.family, seed=info.seed))
        for kind in (ActionTaken, StepRewarded):
            assert of_kind(kind, stream) == of_kind(kind, episode.events)
        assert grade(stream).score == grade(episode.events).score
        assert [each.format for each in of_kind(ModelConfigured, stream)] == [form]
        assert {len(call.faults) for call in of_kind(ModelCalled, stream)} == {0}


def killed(shell, words, server, *, after):
    """Run the program, and kill -9 it after *server* has received so many more requests."""
    command = [sys.executable, "-c", SCRIPT, *words.split(), "--base-url", server.base_url]
    with subprocess.Popen(command, cwd=shell.at, stderr=subprocess.PIPE) as run:
        for _ in range(after):
            assert server.asked.acquire(timeout=PATIENCE)
        run.kill()


@pytest.mark.slow
def test_a_killed_run_goes_on_and_pays_for_nothing_twice(shell):
    """
    Kill -9 in the middle of 40 episodes, twice, then resume.

    Each episode is whole, what had ended is unchanged, and of all requests only those are made
    again that were under way when the process died.
    """
    with FaultServer(then=sensible) as server:
        words = f"record workflow/easy inbox --epochs 10 --parallel {PARALLEL} --name r"
        killed(shell, f"{words} --agent openai:m", server, after=70)
        before, _ = recorded(shell)
        killed(shell, f"resume r --parallel {PARALLEL}", server, after=50)
        shell(f"resume r --parallel {PARALLEL}", "--base-url", server.base_url)
    infos, streams = recorded(shell)
    assert len(infos) == 40
    ended = {info.id: info.digest for info in before if info.ended}
    assert 0 < len(ended) < 40
    assert ended.items() <= {info.id: info.digest for info in infos}.items()
    assert {info.ended for info in infos} == {"terminated"}
    assert {verify(stream) for stream in streams.values()} == {None}
    calls = [call for stream in streams.values() for call in of_kind(ModelCalled, stream)]
    asked = Counter(map(request_digest, server.requests))
    asked.subtract(call.request for call in calls)
    assert min(asked.values()) == 0
    assert asked.total() <= 2 * PARALLEL
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert all(log.grades(info.id) for info in infos)


@pytest.mark.slow
def test_many_episodes_wait_for_the_api_together(shell):
    """
    With 64 in parallel there are 64 requests under way at once, again and again.

    The API answers none before it has them all, so this ends only if the client asks on while it
    waits: the time that an API takes is spent 64 times over.
    """
    together = Barrier(MANY, timeout=PATIENCE)

    def patient(request):
        together.wait()
        return sensible(request)

    with FaultServer(then=patient) as server:
        run = f"record inbox/easy --same-seed --epochs {MANY} --parallel {MANY} --max-retries 0"
        shell(run, "--agent", "openai:m", "--base-url", server.base_url)
        asked = len(server.requests)
    infos, streams = recorded(shell)
    assert asked == sum(info.steps for info in infos) == MANY * infos[0].steps
    assert {info.ended for info in infos} == {"terminated"}
    assert {verify(stream) for stream in streams.values()} == {None}
