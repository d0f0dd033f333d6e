import json

import pytest
import serving
from hypothesis import given
from hypothesis import strategies as st
from serving import actions, raw, say, talk
from sizes import SMALLEST_AND_LARGEST
from websockets.exceptions import ConnectionClosed

from refold.agents import make_policy, play
from refold.engine import Episode, EventLog
from refold.graders import grade
from refold.replays import verify
from refold.scenarios import load

server = serving.server

WAIT = {"action_type": "wait"}


@pytest.fixture
def socket(server):
    """Return a connection of its own."""
    with server.socket() as socket:
        yield socket


@pytest.mark.parametrize("task", SMALLEST_AND_LARGEST)
def test_an_episode_over_the_wire_is_that_of_in_process_play(server, socket, task):
    """Score, sum of rewards and digest are those of the same actions played in process."""
    episode = Episode.start(load(task))
    name = "greedy" if task.startswith("workflow") else "baseline"
    play(episode, make_policy(name, episode.family, seed=0))
    id = f"same-{task.replace('/', '-').replace('@', '-')}"
    reply = talk(socket, "reset", {"task_id": task, "episode_id": id})
    rewards = [reply["reward"]]
    for action in actions(task):
        assert not reply["done"]
        reply = talk(socket, "step", action)
        rewards.append(reply["reward"])
    expected, seen = grade(episode.events), reply["observation"]
    assert reply["done"]
    assert (seen["terminated"], seen["truncated"]) != (False, False)
    assert seen["grade"]["score"] == expected.score
    assert seen["grade"]["digest"] == expected.episode_digest
    total = talk(socket, "state")["total_reward"]
    assert sum(rewards) == pytest.approx(total, abs=1e-12)
    assert seen["total_reward"] == total == episode.events[-1].total
    with EventLog(server.log, readonly=True) as log:
        stream = log.events(id)
        assert stream.digest == expected.episode_digest
        assert verify(stream) is None


def test_observations_carry_what_belongs_to_a_step(socket):
    """Reward parts sum to the reward, a refusal is named, nothing is graded before the end."""
    talk(socket, "reset", {"task_id": "workflow/hard"})
    refused = {"action_type": "delegate", "subtask_id": "x", "agent_name": "y"}
    reply = talk(socket, "step", refused)
    seen = reply["observation"]
    assert seen["error"] == "unknown_subtask"
    assert sum(seen["reward_parts"].values()) == pytest.approx(reply["reward"])
    assert reply["reward"] < 0
    assert seen["grade"] is seen["end_reason"] is None
    assert "reward" not in seen
    assert "done" not in seen


def test_state_is_that_of_the_episode(socket):
    """Name and seed are those that were asked for, and steps are counted; null before a reset."""
    assert talk(socket, "state")["episode_id"] is None
    asked = {"task": "hard", "seed": 7, "episode_id": "named by its player/1"}
    talk(socket, "reset", asked)
    for steps in range(3):
        state = talk(socket, "state")
        assert state["step_count"] == steps
        assert state["episode_id"] == "named by its player/1"
        assert (state["seed"], state["task_id"]) == (7, "workflow/hard")
        talk(socket, "step", WAIT)


def test_nothing_on_the_wire_is_volatile(server):
    """The same seed and actions give the same bytes, in another session and with the same id."""

    def conversation(**named):
        with server.socket() as socket:
            sent = [raw(socket, "reset", {"task_id": "workflow/expert", "seed": 5, **named})]
            for action in actions("workflow/expert"):
                sent += [raw(socket, "step", action), raw(socket, "state")]
            return sent

    assert conversation() == conversation()
    assert conversation(episode_id="twice") == conversation(episode_id="twice")


def test_another_seed_is_another_world(socket):
    """The seed counts: e-mails get other ids."""
    first = talk(socket, "reset", {"task_id": "inbox/hard", "seed": 1})
    second = talk(socket, "reset", {"task_id": "inbox/hard", "seed": 2})
    assert first["observation"]["inbox"] != second["observation"]["inbox"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "INVALID_JSON"),
        ("{", "INVALID_JSON"),
        ("NaN", "INVALID_JSON"),
        ('{"type": "step", "data": {"action_type": "\\ud800"}}', "INVALID_JSON"),
        ("[1]", "VALIDATION_ERROR"),
        ("1", "VALIDATION_ERROR"),
        ("null", "VALIDATION_ERROR"),
        ("{}", "UNKNOWN_TYPE"),
        ('{"type": 3}', "UNKNOWN_TYPE"),
        ('{"type": ["reset"]}', "UNKNOWN_TYPE"),
        ('{"type": "dance"}', "UNKNOWN_TYPE"),
        ('{"type": "step"}', "VALIDATION_ERROR"),
        ('{"type": "mcp"}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": null}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": [1]}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": {}}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": {"action_type": "dance"}}', "VALIDATION_ERROR"),
        ('{"type": "step", "data": {"action_type": "wait", "x": 1}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"seed": "abc"}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"seed": -1}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"seed": true}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"seed": 1e400}}', "INVALID_JSON"),
        ('{"type": "reset", "data": {"episode_id": ""}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"task_id": 3}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "extra": 1}', "VALIDATION_ERROR"),
        ('{"type": "state", "data": {}}', "VALIDATION_ERROR"),
        ('{"type": "reset", "data": {"task_id": "nope"}}', "EXECUTION_ERROR"),
        ('{"type": "reset", "data": {"task_id": "../../etc/passwd"}}', "EXECUTION_ERROR"),
        (b"\xff\xfe", "INVALID_JSON"),
        ("[" * 100_000, "INVALID_JSON"),
        (
            '{"type": "step", "data": {"action_type": "' + "x" * 1_100_000 + '"}}',
            "VALIDATION_ERROR",
        ),
    ],
)
def test_a_malformed_frame_gets_its_code_and_changes_nothing(socket, frame, code):
    """The session lives on, just where it was."""
    talk(socket, "reset", {"task_id": "workflow/easy"})
    talk(socket, "step", WAIT)
    before = talk(socket, "state")
    error = json.loads(say(socket, frame))
    assert error["type"] == "error"
    assert error["data"]["code"] == code
    assert ("errors" in error["data"]) == (code == "VALIDATION_ERROR")
    assert talk(socket, "state") == before


@pytest.mark.slow
@given(data=st.data())
def test_no_frame_kills_a_session(server, data):
    """Any JSON, and any text, gets one reply; the session goes on."""
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=8,
    )
    kinds = st.sampled_from(["reset", "step", "state", "mcp"])
    shaped = st.fixed_dictionaries({"type": kinds}, optional={"data": values})
    with server.socket() as socket:
        for frame in data.draw(st.lists(shaped | values, max_size=4)):
            assert json.loads(say(socket, json.dumps(frame)))["type"] in (
                *("error", "observation", "state", "mcp"),
            )
        assert json.loads(say(socket, data.draw(st.text(max_size=50))))["type"] == "error"
        talk(socket, "reset", {})
        assert talk(socket, "step", WAIT)["reward"] < 0


def test_steps_need_an_episode_that_goes_on(socket):
    """Before the first reset, and after the end, a step is refused in words without an id."""
    assert talk(socket, "step", WAIT)["code"] == "EXECUTION_ERROR"
    talk(socket, "reset", {"task_id": "inbox/easy", "episode_id": "over"})
    for action in actions("inbox/easy"):
        talk(socket, "step", action)
    error = talk(socket, "step", {"type": "archive"})
    assert error["code"] == "EXECUTION_ERROR"
    assert "after the end (terminated: inbox_empty)" in error["message"]


def test_typed_clients_may_send_metadata(socket):
    """What the clients' own Action classes add is ignored; nulls stand for nothing."""
    talk(socket, "reset", {"task_id": "workflow/easy", "prompt": "what trainers add"})
    action = {"action_type": "wait", "subtask_id": None, "agent_name": None, "metadata": {"a": 1}}
    assert talk(socket, "step", action)["observation"]["time_elapsed"] == 1


def test_close(socket):
    """The server closes with 1000, and says nothing before."""
    socket.send('{"type": "close"}')
    with pytest.raises(ConnectionClosed, match="1000"):
        socket.recv(timeout=30)
