"""The mock model over real HTTP: it plays as the built-in policies play in process."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from loopback import ask, connect, request
from sizes import SMALLEST_AND_LARGEST, first_fast

from refold.agents import make_policy, play
from refold.agents.mock.model import MockModel
from refold.engine import Episode, RefoldError
from refold.graders import grade
from refold.scenarios import load

FORMATS = ("tools", "json", "text")
POLICY = {
    "workflow": "greedy",
    "inbox": "baseline",
    "workflow@2": "baseline",
    "inbox@2": "baseline",
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "wait", "arguments": "{}"}}


def action(episode, form, message):
    """Return the action that *message* holds in the form that was asked for."""
    fields = episode.family.action.__struct_fields__
    if form == "tools":
        assert message["content"] is None
        (call,) = message["tool_calls"]
        called = call["function"]
        return {fields[0]: called["name"], **json.loads(called["arguments"])}
    if form == "json":
        given = json.loads(message["content"])
        assert given.keys() == set(fields)
        return {key: value for key, value in given.items() if value is not None}
    prose, written, rest = message["content"].split("```")
    assert prose.strip()
    assert not rest.strip()
    return json.loads(written.removeprefix("json"))


@pytest.mark.parametrize("form", first_fast(FORMATS))
@pytest.mark.parametrize("name", SMALLEST_AND_LARGEST)
def test_plays_as_in_process(name, form):
    """In every form and family, actions and score are those of the policy in process."""
    here, there = Episode.start(load(name)), Episode.start(load(name))
    agent = POLICY[here.family.title]
    play(here, make_policy(agent, here.family, seed=0))
    with MockModel() as server, connect(server.base_url) as connection:
        while not there.over:
            status, answer = ask(connection, request(there, form))
            assert status == 200
            (choice,) = answer["choices"]
            assert choice["finish_reason"] == ("tool_calls" if form == "tools" else "stop")
            there.step(action(there, form, choice["message"]))
        assert server.counts == {"answered": len(server.requests)}
    assert there.events.digest == here.events.digest
    assert grade(there.events).score == grade(here.events).score


@pytest.mark.parametrize("form", first_fast(FORMATS))
@pytest.mark.parametrize("name", SMALLEST_AND_LARGEST)
def test_random_takes_any_action(name, form):
    """As random, it answers with actions, now this and now that, until the episode is over."""
    episode = Episode.start(load(name))
    taken = set()
    with MockModel("random") as server, connect(server.base_url) as connection:
        while not episode.over:
            _, answer = ask(connection, request(episode, form))
            result = episode.step(action(episode, form, answer["choices"][0]["message"]))
            taken.add(result.events[0].action)
    assert len(taken) > 2


@pytest.mark.parametrize("name", ["workflow/hard", "inbox/medium"])
def test_random_makes_progress(name):
    """As random, it names what it was shown, so that the rules accept some of its actions."""
    episode = Episode.start(load(name))
    accepted = set()
    with MockModel("random") as server, connect(server.base_url) as connection:
        while not episode.over:
            _, answer = ask(connection, request(episode))
            result = episode.step(action(episode, "text", answer["choices"][0]["message"]))
            taken = result.events[0].action
            if result.error is None and taken != episode.family.wait:
                accepted.add(taken)
    assert len(accepted) > 1


def test_answers_are_complete_and_repeatable():
    """An answer has what clients expect, echoes the model, and is the same when asked again."""
    body = request(Episode.start(load("workflow/easy")), "tools")
    with MockModel() as server, connect(server.base_url) as connection:
        status, answer = ask(connection, body)
        assert ask(connection, body) == (status, answer)
        assert server.requests == [body, body]
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "any/model"
    assert answer["id"].startswith("chatcmpl-")
    usage = answer["usage"]
    assert usage["prompt_tokens"] == sum(len(each["content"]) for each in body["messages"]) // 4
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] > 0


def test_connections_stay_open():
    """A client can send one request after another on the same connection."""
    body = request(Episode.start(load("workflow/easy")))
    with MockModel() as server, connect(server.base_url) as connection:
        ask(connection, body)
        opened = connection.sock
        for path in ("/v1/chat/completions", "/unknown"):
            ask(connection, body, path)
            assert connection.sock is opened is not None


def test_the_newest_turn_counts(random_episode):
    """Of a conversation of several turns, the last is answered."""
    first, last = (request(random_episode("workflow/hard", 2, steps=n)) for n in (0, 9))
    turns = [first["messages"][1], {"role": "assistant", "content": "{}"}, last["messages"][1]]
    with MockModel() as server, connect(server.base_url) as connection:
        whole = ask(connection, {**first, "messages": turns})[1]["choices"]
        assert whole == ask(connection, last)[1]["choices"]
        assert whole != ask(connection, first)[1]["choices"]


def test_models_are_listed():
    """A client can ask which models there are."""
    with MockModel() as server, connect(server.base_url) as connection:
        connection.request("GET", "/v1/models")
        listed = json.loads(connection.getresponse().read())
    assert listed["object"] == "list"
    assert [each["id"] for each in listed["data"]] == ["mock-auto", "mock-random"]


@pytest.mark.parametrize(
    "later",
    [
        [{"role": "assistant", "content": "Hm."}, {"role": "user", "content": "That was none."}],
        [
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "done"},
        ],
        [{"role": "user", "content": [{"type": "text", "text": "Go on."}]}],
    ],
    ids=["correction", "tool", "parts"],
)
def test_the_newest_observation_counts(later):
    """Messages after the observation do not hide it, be they corrections or tool results."""
    body = request(Episode.start(load("workflow/easy")))
    with MockModel() as server, connect(server.base_url) as connection:
        _, first = ask(connection, body)
        _, second = ask(connection, {**body, "messages": [*body["messages"], *later]})
    assert second["choices"] == first["choices"]


def test_many_at_once():
    """Many clients at the same time each get their answer, and every request is kept."""
    body = request(Episode.start(load("inbox/hard")), "json")
    with MockModel(latency_ms=5) as server:

        def one(number):
            with connect(server.base_url) as connection:
                return [ask(connection, {**body, "seed": number})[0] for _ in range(3)]

        with ThreadPoolExecutor(32) as pool:
            assert list(pool.map(one, range(32))) == [[200] * 3] * 32
        assert sorted(each["seed"] for each in server.requests) == sorted([*range(32)] * 3)
        assert server.counts == {"answered": 96}


def test_it_need_not_keep_requests():
    """Without keeping, requests are only counted."""
    with MockModel(keep=False) as server, connect(server.base_url) as connection:
        ask(connection, request(Episode.start(load("inbox/easy"))))
        assert (server.requests, server.counts) == ([], {"answered": 1})


def test_it_listens_on_loopback_alone():
    """Nobody reaches it by another address, not even another one of this machine."""
    with MockModel() as server:
        url = urlsplit(server.base_url)
        assert url.hostname == "127.0.0.1"
        other = http.client.HTTPConnection("127.0.0.2", url.port, timeout=5)
        with closing(other), pytest.raises(OSError, match=r"refused|assign"):
            other.connect()


def test_a_taken_port_is_refused():
    """Two cannot listen on one port; the second says so."""
    with MockModel() as server:
        port = urlsplit(server.base_url).port
        other = MockModel(port=port)
        with pytest.raises(RefoldError, match=rf"port {port}: expected a free one"), other:
            pass
