import json
import re

import msgspec
import pytest
import serving
from openenv_worlds import ACTION, count, counting, error, observation, vanish
from serving import actions, running
from shell import Shell
from sizes import SMALLEST_AND_LARGEST

from refold.engine import Episode, EventLog, RefoldError
from refold.engine.errors import NoWorld
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.environments import Worlds
from refold.environments.openenv import sockets as openenv_sockets
from refold.environments.openenv.servers import read_address, reset_arguments, split_arguments
from refold.replays import verify
from refold.replays.live import verify_live
from refold.scenarios import load, scenario_names, world_names
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan
from refold.scenarios.answered.parameters import AnsweredParameters

server = serving.server
TOKEN = "a token of 16 letters".replace(" ", "-")


@pytest.fixture
def refold(tmp_path):
    """Return the command line in an empty folder."""
    return Shell(tmp_path)


def play(url, given, *, log=None, seed=None):
    """Return the episode of the actions *given* in the world that *url* names."""
    episode = Episode.start(
        load(f"openenv:{url}"), log=log, seed=seed, open_world=Worlds([f"openenv:{url}"])
    )
    try:
        for action in given:
            if not episode.over:
                episode.step(action)
        episode.begin()
    finally:
        episode.close()
    return episode


def answers(episode):
    """Return what the world answered, the beginning first."""
    kinds = (EnvironmentBegan, EnvironmentAnswered)
    return [event for event in episode.events if isinstance(event, kinds)]


@pytest.mark.parametrize("task", SMALLEST_AND_LARGEST)
def test_an_episode_over_a_server_is_the_plain_one(server, task):
    """Action for action, rewards, observations, end and sum are those of play in process."""
    plain, given = Episode.start(load(task), seed=11), actions(task)
    seen = [plain.observation]
    rewards = []
    for action in given:
        if not plain.over:
            result = plain.step(action)
            seen.append(result.observation)
            rewards.append(result.reward)
    episode = play(f"{server.url}?task={task}", given, seed=11)
    said = answers(episode)
    assert [each.reward for each in said[1:]] == rewards
    for own, other in zip(msgspec.json.decode(msgspec.json.encode(seen)), said, strict=True):
        assert {**other.observation, **own} == other.observation
    assert episode.over == plain.over
    assert plain.end is None or episode.end.how == plain.end.how
    assert episode.state.total == plain.events[-1].total
    assert verify(episode.events) is None


def test_runs_against_other_ports_pair(server, tmp_path):
    """The same play of two servers has one digest, and no address is in it."""
    with running(tmp_path) as other:
        urls = [f"{each.url}?task=inbox/easy" for each in (server, other)]
        one, two = (play(url, actions("inbox/easy")) for url in urls)
    assert one.events.digest == two.events.digest
    body = b"".join(one.events.payloads)
    assert b"127.0.0.1" not in body
    assert str(server.url.rpartition(":")[2]).encode() not in body


def test_an_address_stands_for_the_tasks_that_its_server_lists(server):
    """Without a task, a server is all of its tasks, each with its own title and seed."""
    names = world_names(f"openenv:{server.url}")
    assert [load(name).parameters.task for name in names] == scenario_names()
    hard = load(f"openenv:{server.url}?task=workflow/hard")
    own = load("workflow/hard")
    assert (hard.title, hard.seed) == (own.title, own.seed)
    assert hard.name == "openenv:refold/workflow/hard"
    assert load(f"openenv:{server.url}?task_id=workflow/hard") == hard


def test_a_wrong_action_is_an_answer(server):
    """What the server refuses as no action is told to the agent, and the episode goes on."""
    episode = play(f"{server.url}?task=inbox/easy", [{"type": "shout"}, {"type": "archive"}])
    began, refused, taken = answers(episode)
    assert refused.observation["error"]["code"] == "VALIDATION_ERROR"
    assert refused.fault is refused.reward is None
    assert taken.observation["history"]
    assert began.offer.schema["properties"]["type"]


def reply(text):
    """Return how a server answers every step with *text*."""

    def answer(connection, frame, steps):
        count(connection, frame, steps) if frame["type"] == "reset" else connection.send(text)

    return answer


def leave(how):
    """Return how a server behaves that does *how* with its connection at a step."""

    def answer(connection, frame, steps):
        count(connection, frame, steps) if frame["type"] == "reset" else how(connection)

    return answer


FAULTS = {
    "killed": (leave(vanish), "connection to the server was lost"),
    "closed": (leave(lambda each: each.close(1011, "broken")), r"closed .* \(1011 broken\)"),
    "failed": (reply(error("EXECUTION_ERROR", "KeyError: 'x'")), "failed: KeyError: 'x'"),
    "full": (reply(error("CAPACITY_REACHED")), "CAPACITY_REACHED"),
    "nan": (reply(observation({}, float("nan"))), "reward: expected a finite number, got nan"),
    "reward": (reply(observation({}, "much")), "reward: expected a number, got 'much'"),
    "text": (reply("hello"), "other than a JSON object"),
    "list": (reply("[1]"), "other than a JSON object"),
    "state": (reply('{"type":"state","data":{}}'), "sent 'state' in place of an observation"),
    "large": (reply("x" * 5000), "message of more than 4000 bytes"),
    "silent": (leave(lambda each: None), r"no answer within 0\.5 s"),
}


@pytest.mark.parametrize("way", FAULTS)
def test_a_broken_server_is_a_failure_of_the_instrument(monkeypatch, way):
    """However a server fails, the episode ends, not counted, and says how, without an address."""
    monkeypatch.setattr(openenv_sockets, "LARGEST_FRAME", 4000)
    monkeypatch.setattr(openenv_sockets, "ANSWER_SECONDS", 0.5)
    answer, match = FAULTS[way]
    with counting(answer) as url:
        episode = play(url, [{"add": 1}, {"add": 1}])
    assert episode.end.reason == INSTRUMENT_FAILED
    fault = answers(episode)[-1].fault
    assert re.search(match, fault), fault
    assert "127.0.0.1" not in fault
    assert verify(episode.events) is None


def test_what_cannot_begin_says_why():
    """No WebSocket, a refused reset, and a server that is gone are failures as the world begins."""
    with counting(sockets=False) as url:
        (fault,) = [each.fault for each in answers(play(url, []))]
        assert fault.startswith("expected a WebSocket at /ws, got HTTP 404")
    with counting(lambda each, *_: each.send(error("EXECUTION_ERROR", "no such task"))) as url:
        (fault,) = [each.fault for each in answers(play(url, []))]
        assert fault == "the server failed: no such task (EXECUTION_ERROR)"
        scenario = load(f"openenv:{url}")
    episode = Episode.start(scenario, open_world=Worlds([f"openenv:{url}"]))
    episode.begin()
    assert answers(episode)[0].fault == "expected an OpenEnv server, got Connection refused"
    assert episode.end.reason == INSTRUMENT_FAILED


def test_only_a_named_server_that_is_the_same_is_opened():
    """A scenario opens no server by itself, and none that calls itself otherwise."""
    with counting() as url, counting(name="other") as other:
        episode = play(url, [{"add": 1}])
        scenario = load(f"openenv:{url}")
        with pytest.raises(NoWorld, match="add --world openenv:http://HOST:PORT"):
            Worlds()(scenario.body)
        with pytest.raises(NoWorld, match="expected a server of 'counter', got 'other' at http"):
            Worlds([f"openenv:{other}"])(scenario.body)
        named = [f"openenv:{each}" for each in (other, url)]
        assert verify_live(episode.events, Worlds(named)).verdict == "same"


def test_live_verification_finds_the_step_that_differs():
    """A server that rewards otherwise is told by step and path."""

    def richer(connection, frame, steps):
        if steps == 2:
            connection.send(observation({"steps": 2, "said": frame["data"]}, 9.0))
        else:
            count(connection, frame, steps)

    with counting() as url, counting(richer) as other:
        episode = play(url, [{"add": 1}] * 5)
        verdict = verify_live(episode.events, Worlds([f"openenv:{other}"]))
    assert (verdict.verdict, verdict.step) == ("differs", 2)
    assert (verdict.difference.path, verdict.difference.b) == ("$.reward", 9.0)
    assert episode.end.how == "terminated"


def test_a_server_that_dies_is_played_again(refold):
    """`record` exits with 1 and says so; `resume --failed` on another port plays to the end."""
    (refold.at / "five.jsonl").write_text('{"add":1}\n' * 5)
    record = "record --agent script:five.jsonl --name night --log log.db"

    def die(connection, frame, steps):
        vanish(connection) if steps == 3 else count(connection, frame, steps)

    with counting(die) as url:
        ran = refold(record, f"openenv:{url}?level=2", code=1)
    assert "1 not counted: the environment kept failing" in ran.err
    assert "kept failing (the connection to the server was lost)" in ran.err
    with counting() as url:
        world = f"openenv:{url}"
        again = refold("resume night --failed --log log.db --json --world", world).json
        assert [each["ended"] for each in again["episodes"]] == ["terminated"]
        live = refold("verify last --live --log log.db --json --world", world).json
        assert [each["verdict"] for each in live["episodes"]] == ["same"]
    with EventLog(refold.at / "log.db", readonly=True) as log:
        assert [info.scenario for info in log.episodes()] == ["openenv:counter?level=2"] * 2
        began = next(e for e in log.events("last") if isinstance(e, EnvironmentBegan))
    assert began.observation["said"] == {"seed": 0, "level": 2}
    assert (began.by, began.offer.schema) == ({"counter": "1.2"}, ACTION)


def test_a_token_is_sent_and_not_recorded(refold, monkeypatch):
    """A server that asks for a token gets REFOLD_TOKEN, of which the log holds nothing."""
    with running(refold.at / "..", token=TOKEN) as locked:
        world = f"openenv:{locked.url}?task=inbox/easy"
        refused = refold("record --agent random --log log.db", world, code=2)
        assert "REFOLD_TOKEN holds the token" in refused.err
        refold("record --agent random --log log.db", world, REFOLD_TOKEN=TOKEN)
        odd = refold("record --agent random --log log.db", world, code=2, REFOLD_TOKEN=f"{TOKEN}\n")
        assert "REFOLD_TOKEN: expected printable ASCII letters" in odd.err
    assert TOKEN.encode() not in (refold.at / "log.db").read_bytes()


@pytest.mark.slow
def test_a_server_with_room_for_one_plays_one_after_the_other(refold):
    """A session is free again when its episode is over."""
    with running(refold.at / "..", max_sessions=1) as small:
        world = f"openenv:{small.url}?task=inbox/easy"
        refold("record --epochs 4 --agent random --log log.db", world)


@pytest.mark.parametrize(
    ("address", "match"),
    [
        ("ftp://host:1", "expected http://HOST:PORT, got 'ftp://host:1'"),
        ("localhost:8000", "expected http://HOST:PORT"),
        ("http://", "expected http://HOST:PORT"),
        ("http://me:secret@host:1", "without a password; set REFOLD_TOKEN"),
        ("http://host:port", "expected http://HOST:PORT"),
        ("http://127.0.0.1:9?task", "expected NAME.key=value"),
    ],
)
def test_a_wrong_address_is_one_line(refold, address, match):
    """Nothing is recorded where no server can be."""
    refold.refuses("record --agent random --log log.db", f"openenv:{address}", match=match)


def test_what_is_no_openenv_server_is_one_line(refold, server):
    """Nothing there, another kind of server, and an unknown task are told before any episode."""
    record = "record --agent random --log log.db"
    refold.refuses(record, "openenv:http://127.0.0.1:9", match="got Connection refused")
    refold.refuses(record, f"openenv:{server.url}/nowhere", match="got HTTP 404 .*for /metadata")
    refold.refuses(
        record, f"openenv:{server.url}?task=nope", match="got HTTP 404 .*'nope'.*/schema"
    )
    https = server.url.replace("http:", "https:")
    refold.refuses(record, f"openenv:{https}", match="got no TLS")


def test_addresses_of_sockets_are_those_of_their_servers():
    """ws: and wss: are http: and https:, and what follows the question mark is for the reset."""
    assert read_address("wss://host/env/?task=7&level=7") == (
        "https://host/env",
        {"level": 7, "task": "7"},
    )


@pytest.mark.parametrize(
    ("arguments", "split"),
    [
        ({"seed": 3, "task": "a"}, ("a", {}, 3)),
        ({"seed": 3, "task": "a", "task_id": "a"}, ("a", {}, 3)),
        ({"task": "a", "task_id": "b"}, ("", {"task": "a", "task_id": "b"}, None)),
        ({"task": 5}, ("", {"task": 5}, None)),
        ({"seed": None, "task_id": "a"}, ("a", {"seed": None}, None)),
        ({"seed": -1, "x": [1, {}]}, ("", {"seed": -1, "x": [1, {}]}, None)),
        ({"seed": True}, ("", {"seed": True}, None)),
    ],
)
def test_resets_are_split_without_loss(arguments, split):
    """Task, options and seed say again what the reset said, but for a task's second name."""
    assert split_arguments(arguments) == split
    task, options, seed = split
    parameters = load_parameters(task, options)
    again = reset_arguments(parameters, 0 if seed is None else seed)
    for name, value in arguments.items():
        assert json.dumps(again.get(name)) == json.dumps(value)


def load_parameters(task, options):
    """Return parameters with *task* and *options*."""
    return AnsweredParameters(environment="openenv", name="x", task=task, options=options)


def test_a_step_without_a_world_is_refused(server):
    """An episode whose world was never opened says so."""
    episode = Episode.start(load(f"openenv:{server.url}?task=inbox/easy"))
    with pytest.raises(RefoldError, match="expected one that answers, got none; name it"):
        episode.step({"type": "archive"})
