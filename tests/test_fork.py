import json

import pytest
from shell import Shell
from sizes import first_fast
from worlds import WORKED_EXAMPLE, action, play

from refold.agents.mock.model import MockModel
from refold.engine import ActionTaken, Episode, EventLog, Reseeded, Stream
from refold.engine.errors import EpisodeExists, UnknownStep
from refold.engine.exchanges import ModelConfigured
from refold.engine.folding import step_ranges
from refold.replays import verify
from refold.replays.golden import find_goldens, read_golden
from refold.scenarios import load

GOLDENS = {path.name: path for path in find_goldens()}
ONE_ID = ("--new-id", "branch")


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds the worked example, called ``parent``."""
    shell = Shell(tmp_path)
    with EventLog(shell.at / "refold.db") as log:
        episode = Episode.start(load("workflow/hard"), log=log, id="parent", agent="hand", run="r")
        play(episode, WORKED_EXAMPLE)
    return shell


def stream_of(shell, id):
    """Return the stream of an episode of the shell's log."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.events(id)


def info_of(shell, id):
    """Return what the shell's log knows of an episode."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return log.find(id)


def actions_of(stream):
    """Return the actions of *stream* in their order."""
    return [event.action for event in stream if isinstance(event, ActionTaken)]


def script(shell, words):
    """Write the actions *words* as a script of the shell's folder; return the agent's name."""
    lines = [json.dumps(action(each)) + "\n" for each in words]
    (shell.at / "rest.jsonl").write_text("".join(lines))
    return "script:rest.jsonl"


@pytest.mark.parametrize("name", first_fast(GOLDENS, 5))
def test_a_fork_that_goes_on_as_its_parent_did_is_the_same_to_the_byte(log, name):
    """At steps from the first to the last of every golden: its own actions give its own digest."""
    parent = read_golden(GOLDENS[name])
    actions, ranges = actions_of(parent), step_ranges(parent)
    for at in {*range(0, len(actions), 1 + len(actions) // 8), len(actions)}:
        fork = Episode.fork(parent, at, log=log, parent="golden")
        assert log.events(fork.id).payloads == parent.payloads[: ranges[at].stop]
        for each in actions[at:]:
            fork.step(each)
        assert fork.over
        assert fork.events.digest == log.events(fork.id).digest == parent.digest
        info = log.find(fork.id)
        assert (info.parent, info.fork_at, info.digest) == ("golden", at, parent.digest)
        assert info.ended_at is not None


@pytest.mark.parametrize("at", [0, 1, 7, 13])
def test_the_command_with_the_rest_as_a_script(shell, at):
    """``refold fork --agent script:FILE`` with the parent's other actions gives its digest."""
    agent = script(shell, WORKED_EXAMPLE[at:])
    (row,) = shell("fork parent --json --at", at, "--agent", agent, *ONE_ID).json["episodes"]
    parent = info_of(shell, "parent")
    assert row["digest"] == parent.digest
    assert (row["id"], row["parent"], row["fork_at"]) == ("branch", "parent", at)
    assert (row["agent"], row["run"], row["score"]) == (agent, "", 0.7929)
    assert "digests equal" in shell("diff parent branch").out
    assert shell("verify").code == 0


def test_a_fork_differs_from_the_step_on_where_it_left(shell):
    """What came before is shared, the first difference is the step after it, by an action."""
    shell("fork parent --at 3 --agent greedy", *ONE_ID)
    found = shell("diff parent branch --json", code=1).json
    assert (found["cause"], found["shared"]) == ("action", 4)
    parent, branch = stream_of(shell, "parent"), stream_of(shell, "branch")
    end = step_ranges(parent)[3].stop
    assert branch.payloads[:end] == parent.payloads[:end]
    assert verify(branch) is None
    (graded,) = shell("grade branch --json").json["grades"]
    assert graded["score"] == found["scores"][1] == info_score(shell, "branch")


def info_score(shell, id):
    """Return the score that was saved for an episode."""
    (row,) = [row for row in shell("episodes --json").json["episodes"] if row["id"] == id]
    return row["score"]


def test_a_fork_of_a_fork(shell):
    """Forks can be forked, below, at and before the step where they left themselves."""
    shell("fork parent --at 3 --agent greedy", *ONE_ID)
    for at in (2, 3, 5):
        id = f"twig-{at}"
        shell("fork branch --agent greedy --at", at, "--new-id", id)
        twig, branch = stream_of(shell, id), stream_of(shell, "branch")
        end = step_ranges(branch)[at].stop
        assert twig.payloads[:end] == branch.payloads[:end]
        assert (info_of(shell, id).parent, info_of(shell, id).fork_at) == ("branch", at)
    assert stream_of(shell, "twig-5").digest == stream_of(shell, "branch").digest
    assert shell("verify").code == 0


def test_other_chance_from_there_on(shell):
    """``--seed`` changes what is left to chance after the fork, and nothing before it."""
    agent = script(shell, WORKED_EXAMPLE[1:])
    digests = set()
    for seed in range(6):
        id = f"seed-{seed}"
        shell("fork parent --at 1 --seed", seed, "--agent", agent, "--new-id", id)
        stream = stream_of(shell, id)
        assert [event for event in stream if isinstance(event, Reseeded)] == [Reseeded(seed)]
        assert stream[step_ranges(stream)[1].stop] == Reseeded(seed)
        assert verify(stream) is None
        assert shell("diff parent --json", id, code=1).json["cause"] == "seed"
        digests.add(b"".join(stream.payloads[step_ranges(stream)[2].start + 1 :]))
    assert len(digests) > 1
    shell("fork seed-0 --at 4 --agent", script(shell, WORKED_EXAMPLE[4:]), "--new-id", "again")
    assert stream_of(shell, "again").digest == stream_of(shell, "seed-0").digest


def test_at_the_end_nothing_is_left_to_play(shell):
    """A fork at the last step is its parent again, graded; a seed has nothing to change."""
    ran = shell("fork parent --at 14 --agent greedy --seed 3", *ONE_ID)
    assert "the episode is over after step 14: nothing is left to play" in ran.err
    assert stream_of(shell, "branch").digest == stream_of(shell, "parent").digest
    assert info_score(shell, "branch") == 0.7929
    assert info_of(shell, "branch").ended == "terminated"


def test_at_the_start(shell):
    """A fork at 0 is a new episode of the same world."""
    shell("fork parent --at 0 --agent greedy", *ONE_ID)
    shell("record workflow/hard --agent greedy")
    assert stream_of(shell, "branch").digest == stream_of(shell, "last").digest


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("parent --at 15 --agent greedy", "step: expected 0 to 14 .*, got 15"),
        ("parent --at -1 --agent greedy", "step: expected 0 to 14 .*, got -1"),
        ("parent --at 3 --agent nobody", "agent: expected"),
        ("parent --at 3 --agent baseline", "agent 'baseline': expected a scenario of family"),
        ("parent --at 3 --agent script:no.jsonl", "no.jsonl: expected a script"),
        ("parent --at 3 --agent greedy --new-id parent", "episode 'parent': expected a new id"),
        ("parent --at 3 --agent greedy --new-id last", "episode id: expected"),
        ("nobody --at 3 --agent greedy", "episode 'nobody': expected an id"),
        ("parent --at 3", "missing option '--agent'"),
        ("parent --agent greedy", "missing option '--at'"),
        ("parent --at 3 --agent greedy --log no.db", "no.db"),
    ],
)
def test_what_is_refused(shell, words, match):
    """A wrong step, agent, id or log is bad input: exit 2, one line, nothing written."""
    shell.refuses(f"fork {words}", match=match)
    assert shell.ids() == ["parent"]


def test_a_running_episode_can_be_left_too(shell):
    """Whatever stands after its last whole step stays with the parent."""
    agent = script(shell, WORKED_EXAMPLE[:2])
    shell("record workflow/hard --agent", agent)
    running = shell.ids()[-1]
    shell(f"fork {running} --at 2 --agent greedy", *ONE_ID)
    assert (info_of(shell, running).ended, info_of(shell, "branch").steps > 2) == (None, True)
    assert verify(stream_of(shell, "branch")) is None
    shell(f"fork {running} --at 1 --new-id short --agent", agent)
    assert info_of(shell, "short").steps == 3


def test_a_fork_can_be_resumed(shell):
    """A fork whose recorder died goes on as it would have."""
    shell("fork parent --at 3 --agent greedy --new-id whole")
    shell("fork parent --at 3 --agent random --new-id dice")
    with EventLog(shell.at / "refold.db") as log:
        for agent, id in (("greedy", "cut-whole"), ("random", "cut-dice")):
            parent = log.events("parent")
            Episode.fork(parent, 3, log=log, parent="parent", agent=agent, id=id)
    for id in ("whole", "dice"):
        shell("resume", f"cut-{id}")
        assert stream_of(shell, f"cut-{id}").digest == stream_of(shell, id).digest


def test_another_model_plays_on(shell):
    """A fork of a model's episode asks the new model, in the conversation so far."""
    with MockModel() as server:
        words = ("--base-url", server.base_url)
        shell("record workflow/easy --agent openai:first", *words)
        parent = shell.ids()[-1]
        asked = len(server.requests)
        second = "--agent openai:second --temperature 0.5"
        shell(f"fork {parent} --at 2 {second}", *ONE_ID, *words)
        ours = server.requests[asked:]
    assert {body["model"] for body in ours} == {"second"}
    assert {body["temperature"] for body in ours} == {0.5}
    assert len(ours[0]["messages"]) > 5
    branch = stream_of(shell, "branch")
    models = [e.parameters["model"] for e in branch if isinstance(e, ModelConfigured)]
    assert models == ["first", "second"]
    assert verify(branch) is None
    end = step_ranges(branch)[2].stop
    assert branch.payloads[:end] == stream_of(shell, parent).payloads[:end]
    shell(f"fork {parent} --at 2 --agent greedy --new-id policy")
    assert verify(stream_of(shell, "policy")) is None


def test_stored_bytes_are_shared_not_written_again(log):
    """What a release wrote in other bytes than this one would stays as it was written."""
    payloads = read_golden(GOLDENS["workflow-easy-greedy.jsonl"]).payloads
    odd = [each.replace(b'"reward":0.13', b'"reward":0.130') for each in payloads]
    assert odd != list(payloads)
    fork = Episode.fork(Stream.read(odd, episode="odd"), 2, log=log)
    assert log.events(fork.id).payloads == tuple(odd[: len(fork.events)])


def test_in_memory_and_by_hand(shell):
    """Without a log nothing is stored; positions and ids are checked all the same."""
    stream = stream_of(shell, "parent")
    fork = Episode.fork(stream, 4)
    assert (fork.state.t, fork.over, len(fork.events)) == (4, False, step_ranges(stream)[4].stop)
    for at in (-1, 15):
        with pytest.raises(UnknownStep, match="expected 0 to 14"):
            Episode.fork(stream, at)
    with EventLog(shell.at / "refold.db") as log:
        with pytest.raises(EpisodeExists, match="'parent'"):
            Episode.fork(stream, 4, log=log, id="parent")
        assert log.count() == 1
