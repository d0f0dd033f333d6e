import asyncio
import json

import pytest
from asking import of_kind, play, sensible
from attrs import evolve
from fault_server import BUSY, FaultServer, refuses, says
from msgspec.structs import replace
from shell import Shell

from refold.agents.conversation import request_digest
from refold.agents.players import PolicyPlayer
from refold.engine import Episode, EventLog
from refold.engine.exchanges import ModelCalled
from refold.engine.folding import step_ranges
from refold.graders import saved_grades
from refold.scenarios import load

NO = refuses(400)
PROSE = says("Let me think about that.")
CALLS = says("", ("wait", "{}"), ("dance", "{}"))
EPISODES = {
    "tools": ("workflow/easy", {}, [CALLS, PROSE, BUSY, sensible, PROSE, PROSE, CALLS], sensible),
    "json": ("workflow/easy", {"history": 1}, [NO, BUSY, PROSE, sensible, PROSE, PROSE], sensible),
    "text": ("inbox/easy", {"history": 0}, [NO, NO, PROSE, PROSE, sensible, PROSE], sensible),
    "failed": ("workflow/easy", {}, [NO, sensible, PROSE], BUSY),
    "refused": ("inbox/easy", {}, [], NO),
}


class WatchedLog(EventLog):
    """A log that keeps the number of events in an episode after each append."""

    def __init__(self, path):
        super().__init__(path)
        self.cuts = []

    def append(self, tail, payloads, **more):
        """Append *payloads*, and take note."""
        self.cuts.append(tail.seq)
        return super().append(tail, payloads, **more)


class Memory:
    """Answers each request as it was answered the first time, attempt by attempt."""

    def __init__(self, script, then, requests):
        answers = [*script, *[then] * len(requests)]
        self.answers = {}
        for request, answer in zip(requests, answers, strict=False):
            self.answers.setdefault(request_digest(request), []).append(answer)

    def __call__(self, request):
        """Return what came next."""
        answer = self.answers[request_digest(request)].pop(0)
        return answer(request) if callable(answer) else answer


def timeless(events):
    """Return *events* without the time that the API took."""
    return [replace(e, latency_ms=0) if isinstance(e, ModelCalled) else e for e in events]


def attempts(events):
    """Return how many requests the exchanges in *events* took."""
    return sum(len(e.faults) + (e.reply is not None) for e in of_kind(ModelCalled, events))


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each == "text" else pytest.mark.slow) for each in EPISODES],
)
def test_an_episode_goes_on_wherever_it_was_cut(tmp_path, name):
    """After each thing that is recorded: the rest is the same, and nothing is asked for again."""
    scenario, options, script, then = EPISODES[name]
    with WatchedLog(tmp_path / "whole.db") as log:
        whole = Episode.start(load(scenario), log=log)
        with FaultServer(*script, then=then) as server:
            play(server.base_url, whole, **options)
        info, stream = log.find(whole.id), log.events(whole.id)
    assert len(log.cuts) > 5
    for cut in log.cuts:
        with EventLog(tmp_path / f"{cut}.db") as log:
            log.begin(info, stream.payloads[:cut])
            episode = Episode.resume(log, whole.id)
            memory = Memory(script, then, server.requests)
            with FaultServer(then=memory) as again:
                play(again.base_url, episode, **options)
            assert timeless(log.events(whole.id)) == timeless(stream)
            assert again.requests == server.requests[attempts(stream[:cut]) :]


@pytest.fixture
def script(tmp_path):
    """Return an agent that gives the actions of a file."""
    actions = [{"action_type": kind} for kind in ("wait", "dance", "wait", "synthesize", "wait")]
    actions[1] = {"action_type": "abort", "subtask_id": "nothing"}
    (tmp_path / "actions.jsonl").write_text("\n".join(map(json.dumps, actions)))
    return f"script:{tmp_path / 'actions.jsonl'}"


@pytest.mark.parametrize(
    ("agent", "scenario"),
    [
        ("noop", "workflow/easy"),
        ("greedy", "workflow/easy"),
        ("script", "workflow/easy"),
        ("random", "workflow/expert"),
        ("random", "inbox/hard"),
        ("baseline", "inbox/hard"),
    ],
)
def test_a_built_in_agent_goes_on_as_if_never_stopped(tmp_path, script, agent, scenario):
    """Cut after each of its steps, dice and scripts stand where they stood: the same bytes."""
    agent = script if agent == "script" else agent
    with EventLog(tmp_path / "log.db") as log:
        whole = Episode.start(load(scenario), log=log, agent=agent, id="whole", epoch=3)
        asyncio.run(PolicyPlayer(agent).play(whole, log.find("whole")))
        info, stream = log.find("whole"), log.events("whole")
        for seqs in step_ranges(stream):
            id = f"cut-{seqs.stop}"
            log.begin(evolve(info, id=id), stream.payloads[: seqs.stop])
            asyncio.run(PolicyPlayer(agent).play(Episode.resume(log, id), log.find(id)))
            assert log.find(id).digest == info.digest


class CountingLog(EventLog):
    """A log that counts its appends."""

    appends = 0

    def append(self, *given, **named):
        """Append and count."""
        self.appends += 1
        return super().append(*given, **named)


@pytest.mark.parametrize(
    ("agent", "more", "once"),
    [
        ("greedy", {}, True),
        ("random", {}, True),
        ("greedy", {"durable": True}, False),
        ("greedy", {"watch": lambda result: None}, False),
        ("script", {}, False),
    ],
)
def test_built_in_agents_play_an_episode_in_one_transaction(tmp_path, script, agent, more, once):
    """Steps that someone watches, or that are to survive a power cut, are stored one by one."""
    agent = script if agent == "script" else agent
    with CountingLog(tmp_path / "log.db") as log:
        episode = Episode.start(load("workflow/easy"), log=log, agent=agent, id="one")
        asyncio.run(PolicyPlayer(agent, **more).play(episode, log.find("one")))
        steps = log.find("one").steps
        assert log.appends == (1 if once else steps)
        assert steps > 1


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def test_a_run_is_resumed_as_a_whole(shell):
    """Open episodes are played on, ended ones left as they are; each has its grade in the end."""
    shell("record workflow/easy inbox --agent random --epochs 2 --name dice --log whole.db")
    with EventLog(shell.at / "whole.db") as log, EventLog(shell.at / "refold.db") as cut:
        infos = list(log.episodes())
        grades = [saved_grades(log, info.id) for info in infos]
        for place, info in enumerate(infos):
            payloads = log.events(info.id).payloads
            stop = step_ranges(log.events(info.id))[place % 3].stop if place % 4 else len(payloads)
            cut.begin(info, payloads[:stop], end=stop == len(payloads))
    ran = shell("resume dice --json")
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert [info.digest for info in log.episodes()] == [info.digest for info in infos]
        assert [saved_grades(log, info.id) for info in infos] == grades
    assert [row["digest"] for row in ran.json["episodes"]] == [info.digest for info in infos]
    again = shell("resume dice").err
    assert again.startswith(
        "dice: nothing to do, every episode has ended\nnext: refold report dice\n"
    )


def test_what_is_not_in_the_log_is_not_resumed(shell):
    """Neither episode nor run, nor log: one line that says where to look."""
    shell.refuses("resume nobody", match="expected a log, got no such file")
    shell("record workflow/easy --agent random")
    shell.refuses("resume nobody", match="'nobody': expected .*; `refold runs` lists runs")
