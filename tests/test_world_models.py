"""Models in worlds outside: asked by what the world offers, and every request is in the log."""

import json

import pytest
from asking import of_kind, play
from fault_server import BUSY, FaultServer, refuses, says
from msgspec.structs import replace
from serving import running
from shell import Shell
from sizes import first_fast

from refold.agents.action_parser import UnreadableReply
from refold.agents.client import AccessDenied
from refold.agents.configuration import model_configuration
from refold.agents.conversation import rebuild_requests, request_digest
from refold.agents.mock.model import MockModel
from refold.agents.prompting import ModelOptions
from refold.agents.world_actions import read_world_action
from refold.engine import ActionTaken, Episode, EventLog, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)
from refold.environments import Worlds
from refold.replays import verify
from refold.replays.conversations import find_conversation_problem
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered, Offer

WORLDS = '''
"""Two worlds: a shop that is spoken to and has tools, and a dial that is turned."""

FIND = {
    "name": "find",
    "description": "Find a book.",
    "parameters": {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
    },
}
BUY = {"name": "buy", "description": "Buy a book."}


class Shop:
    tools = (FIND, BUY)
    text = True
    instructions = "You buy books for a customer."

    def reset(self, seed=None):
        self.turn = 0
        return {"messages": [{"role": "user", "content": f"A book please, no. {seed}."}]}, {}

    def step(self, action):
        self.turn += 1
        calls = action.get("tool_calls", [])
        told = [{"role": "tool", "content": f"{each['name']}: done"} for each in calls]
        if not calls:
            told = [{"role": "user", "content": f"Go on, {self.turn}."}]
        return {"messages": told}, 0.25, self.turn == 4, False, {}


class Counter:
    """The same tools, but it says what can be seen, and is not spoken to."""

    tools = (FIND, BUY)

    def reset(self, seed=None):
        self.turn = 0
        return {"turn": 0}, {}

    def step(self, action):
        self.turn += 1
        return {"turn": self.turn, "was": action}, 1.0, self.turn == 4, False, {}


class Dial:
    action_schema = {"type": "integer", "minimum": 0, "maximum": 9}
    instructions = "Turn the dial to 7."

    def reset(self, seed=None):
        self.at = 0
        return f"at {self.at}", {}

    def step(self, action):
        self.at = (self.at + action) % 10
        return f"at {self.at}", float(self.at == 7), self.at == 7, False, {}


class Form(Dial):
    action_schema = {
        "type": "object",
        "properties": {"by": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["by"],
    }

    def step(self, action):
        return super().step(action["by"])
'''
PROSE = says("Let me think about that.")
FIND = says(None, ("find", '{"title": "Emma"}'))
BOTH = says("One moment.", ("find", '{"title": "Emma"}'), ("buy", "{}"))
BROKEN = says(None, ("find", "{'title'"))
NO = refuses(400)


@pytest.fixture
def world(tmp_path):
    """Return what makes an episode of one of the worlds, in a log or in memory."""
    file = tmp_path / "shop.py"
    file.write_text(WORLDS)

    names = ("Shop", "Counter", "Dial", "Form")

    def begin(name, log=None, **more):
        scenario = load(f"python:{file}:{name}")
        return Episode.start(scenario, log=log, open_world=begin.open, **more)

    begin.open = Worlds([f"python:{file}:{name}" for name in names])
    return begin


def asked(episode, *script, then, **options):
    """Return the requests of a model that plays *episode*, answered by *script*."""
    with FaultServer(*script, then=then) as server:
        play(server.base_url, episode, **options)
        return server.requests


def actions(episode):
    return [event.action for event in of_kind(ActionTaken, episode.events)]


def check_requests(stream, requests):
    """Check that *stream* holds every one of *requests*, in order and to the byte."""
    sent = []
    for seq, body in rebuild_requests(stream):
        assert stream[seq].request == request_digest(body)
        sent += [body] * (len(stream[seq].faults) + (stream[seq].reply is not None))
    assert list(map(encode, sent)) == list(map(encode, requests))
    assert find_conversation_problem(stream, agent="openai:m") is None
    assert verify(stream) is None


def check_order(messages):
    """Check that the answers to tool calls stand right after these, and that there are no more."""
    answered = 0
    for place, message in enumerate(messages, 1):
        ids = [call["id"] for call in message.get("tool_calls", [])]
        assert [each.get("tool_call_id") for each in messages[place : place + len(ids)]] == ids
        answered += len(ids)
    assert answered == [each["role"] for each in messages].count("tool")


def test_a_world_is_asked_about_in_its_own_words(world):
    """Tools and instructions are the world's, verbatim; its messages follow as they are."""
    episode = world("Shop", seed=3)
    (first, *_) = asked(episode, then=says("Which one?"))
    functions = [tool["function"] for tool in first["tools"]]
    assert functions[0]["parameters"]["required"] == ["title"]
    assert functions[1] == {"name": "buy", "description": "Buy a book."}
    assert first["tool_choice"] == "auto"
    system, *rest = first["messages"]
    assert system["content"].startswith("You buy books for a customer.\n\n")
    assert rest == [{"role": "user", "content": "A book please, no. 3."}]


def test_a_reply_is_an_action_verbatim(world):
    """Several calls are one action, text without a call is one too, and both go together."""
    episode = world("Shop")
    asked(episode, says("Which one?"), BOTH, FIND, then=says("Bye."))
    find = {"name": "find", "arguments": {"title": "Emma"}}
    buy = {"name": "buy", "arguments": {}}
    assert actions(episode) == [
        {"content": "Which one?"},
        {"content": "One moment.", "tool_calls": [find, buy]},
        {"tool_calls": [find]},
        {"content": "Bye."},
    ]


def test_what_a_world_says_is_recorded_once(world):
    """Its own events hold it, and the requests are made of them."""
    episode = world("Shop")
    requests = asked(episode, says("Which one?"), BOTH, FIND, then=says("Bye."))
    stream = episode.events
    assert [len(call.sent) for call in of_kind(ModelCalled, stream)] == [1, 0, 0, 0]
    assert sum(payload.count(b"Go on, 1.") for payload in stream.payloads) == 1
    last = requests[-1]["messages"]
    check_order(last)
    assert [(each["role"], each["content"]) for each in last if each["role"] != "assistant"][
        1:
    ] == [
        ("user", "A book please, no. 0."),
        ("user", "Go on, 1."),
        ("tool", "find: done"),
        ("tool", "buy: done"),
        ("tool", "find: done"),
    ]
    check_requests(stream, requests)


@pytest.mark.parametrize("history", first_fast([None, 0, 1]))
@pytest.mark.parametrize("name", ["Shop", "Counter"])
@pytest.mark.parametrize(
    "script",
    [[BROKEN, BOTH, BUSY, BROKEN, PROSE], [NO, BUSY, PROSE], [FIND, NO, NO, NO, BUSY]],
    ids=["unread", "unsupported", "refused later"],
)
def test_every_request_can_be_made_again(world, log, name, script, history):
    """Whatever went wrong: as the server got it, to the byte, calls always answered in order."""
    episode = world(name, log)

    def acts(request):
        if "tools" in request:
            return BOTH
        return says('{"name": "find", "arguments": {"title": "Emma"}}')

    requests = asked(episode, *script, then=acts, history=history, extra={"top_p": 0.5})
    assert episode.over
    check_requests(log.events(episode.id), requests)
    for body in requests:
        system, *messages = body["messages"]
        assert system["role"] == "system"
        check_order(messages)
        if history == 0:
            assert messages[0]["role"] == "user"


def test_text_is_no_action_where_a_world_is_not_spoken_to(world):
    """The model is asked again, with the reason, and then the episode ends without an action."""
    episode = world("Counter")
    requests = asked(episode, FIND, then=PROSE, format="tools")
    assert episode.end.reason == "no_action"
    assert len(of_kind(ReplyUnread, episode.events)) == 2
    (forfeited,) = of_kind(ActionForfeited, episode.events)
    assert forfeited.reason == "expected a call of a tool, got text without one"
    assert forfeited.reason in requests[-1]["messages"][-1]["content"]
    assert requests[0]["tool_choice"] == "required"
    check_requests(episode.events, requests)


def test_what_can_be_seen_answers_the_first_call(world):
    """An observation that is no list of messages is its canonical JSON; other calls had none."""
    episode = world("Counter")
    requests = asked(episode, BOTH, then=FIND)
    first, second = (body["messages"] for body in requests[:2])
    assert first[1] == {"role": "user", "content": '{"turn":0}'}
    assert json.loads(second[3]["content"])["turn"] == 1
    assert second[4]["content"] == "(no answer of its own)"


@pytest.mark.parametrize(
    ("name", "form", "reply", "action"),
    [
        ("Dial", "tools", says(None, ("act", '{"action": 7}')), 7),
        ("Dial", "json", says('{"action": 7}'), 7),
        ("Dial", "text", says('<think>{"action": 1}</think>I turn.\n{"action": 7}'), 7),
        ("Form", "tools", says(None, ("act", '{"by": 7}')), {"by": 7}),
        ("Form", "json", says('{"by": 7}'), {"by": 7}),
        ("Form", "text", says('It fits.\n```json\n{"by": 7}\n```'), {"by": 7}),
    ],
)
def test_a_world_with_a_schema(world, name, form, reply, action):
    """One tool or one object stands for its schema; the action is what it holds."""
    episode = world(name)
    (request,) = asked(episode, then=reply, format=form)
    assert actions(episode) == [action]
    assert episode.end.reason == "world"
    kind = type(action)
    if form == "tools":
        (tool,) = request["tools"]
        shown = tool["function"]["parameters"]
    elif form == "json":
        shown = request["response_format"]["json_schema"]["schema"]
    else:
        shown = json.loads(request["messages"][0]["content"].splitlines()[-1])
    assert list(shown["properties"]) == (["by"] if kind is dict else ["action"])
    assert request["messages"][1]["content"] == "at 0"
    check_requests(episode.events, [request])


@pytest.mark.parametrize(
    ("name", "reply", "why"),
    [
        ("Dial", says(None, ("act", '{"action": 12}')), "action: expected a number from 0 to 9"),
        ("Dial", says(None, ("act", '{"action": "7"}')), "action: expected integer"),
        ("Form", says(None, ("act", '{"by": 0}')), "action.by: expected a number from 1 to 9"),
        ("Form", says(None, ("act", "{}")), "action: expected 'by', got nothing"),
        ("Counter", says(None, ("find", "{'x'")), "arguments of tool 'find' as JSON"),
        ("Counter", says(None, ("find", "[1]")), "as a JSON object"),
        ("Counter", says(None, ("", "{}")), "the name of a tool in each call"),
        ("Counter", says("I wait."), "a call of a tool, got text"),
        ("Counter", says(None), "the answer was empty"),
    ],
)
def test_what_is_no_action_is_told_to_the_model(world, name, reply, why):
    """With a reason that it can act on, before the world is asked; nothing is out of its bounds."""
    episode = world(name)
    asked(episode, then=reply, format="tools")
    assert why in of_kind(ReplyUnread, episode.events)[0].reason


@pytest.mark.parametrize("text", ["null", '{"action": null}', '{"action": 1} {"action": 2}', "7"])
def test_a_text_without_one_action_is_unreadable(text):
    """Null is none, and of two different ones neither is chosen."""
    reply = Reply("m", text, (), "stop", None, 0)
    with pytest.raises(UnreadableReply, match="expected"):
        read_world_action(reply, Offer(schema={"type": "integer"}), "text")


def test_an_episode_is_gone_on_with_where_it_stopped(world, log):
    """A key that fails in the middle changes nothing: the requests are the same, and all there."""
    episode = world("Shop", log)
    with (
        FaultServer(says("Which one?"), BOTH, refuses(401)) as server,
        pytest.raises(AccessDenied),
    ):
        play(server.base_url, episode)
    begun = server.requests[:2]
    again = Episode.resume(log, episode.id, open_world=world.open)
    rest = asked(again, then=FIND)
    check_requests(log.events(episode.id), [*begun, *rest])
    whole = asked(world("Shop"), says("Which one?"), BOTH, then=FIND)
    assert [*begun, *rest] == whole


def test_a_fork_goes_on_from_the_shared_conversation(world, log):
    """Another model is told what was said so far, and the world's last answer."""
    parent = world("Shop", log)
    before = asked(parent, says("Which one?"), then=BOTH)
    fork = Episode.fork(parent.events, 2, log=log, parent=parent.id, open_world=world.open)
    fork.note(model_configuration(fork.family, ModelOptions("other"), "tools"))
    requests = asked(fork, then=says("Bye."))
    stream = log.events(fork.id)
    check_requests(stream, [*before[:2], *requests])
    assert requests[0]["model"] == "other"
    assert requests[0]["messages"] == before[2]["messages"]
    assert requests[0]["tools"] == before[2]["tools"]


def test_what_a_world_answered_is_covered(world):
    """An answer that is altered, or a reply that says something else, is found."""
    episode = world("Shop")
    asked(episode, then=BOTH)
    stream = episode.events
    for seq, event in enumerate(stream):
        if isinstance(event, EnvironmentAnswered) and seq < len(stream) - 3:
            told = {"messages": [{"role": "tool", "content": "sold out"}]}
            forged = forge(stream, seq, replace(event, observation=told))
            assert "request: expected digest" in find_conversation_problem(forged)
        if isinstance(event, ActionTaken):
            forged = forge(stream, seq, ActionTaken({"content": "One moment."}))
            assert "as the reply says" in find_conversation_problem(forged)


def forge(stream, seq, event):
    """Return *stream* with *event* at *seq*, in a chain that fits it."""
    events = [*stream[:seq], event, *stream[seq + 1 :]]
    return Stream.read([encode(each) for each in events], episode="x")


FORMS = ("tools", "json", "text")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_mock_model_plays_any_world(tmp_path, form):
    """It answers in each form; the log verifies, and plays again from the log without a model."""
    (tmp_path / "shop.py").write_text(WORLDS)
    shell = Shell(tmp_path)
    worlds = "python:shop.py:Shop python:shop.py:Counter python:shop.py:Dial python:shop.py:Form"
    with MockModel() as server:
        given = f"--agent openai:mock --base-url {server.base_url} --api-key none"
        ran = shell(f"record {worlds} {given} --action-format {form} --name first --json")
        assert all(each["ended"] == "terminated" for each in ran.json["episodes"])
        requests = server.requests
    rebuilt = []
    with EventLog(tmp_path / "refold.db", readonly=True) as log:
        for info in log.episodes():
            stream = log.events(info.id)
            rebuilt += [body for _, body in rebuild_requests(stream)]
            opening, configured = of_kind(ModelConfigured, stream)[:1], stream[1]
            assert opening == [configured]
    assert list(map(encode, rebuilt)) == list(map(encode, requests))
    shell("verify")
    again = shell(
        f"record {worlds} --agent openai:mock --offline --action-format {form} --name again --json"
    )
    digests = {run: digests_of(tmp_path, run) for run in ("first", "again")}
    assert len(again.json["episodes"]) == 4
    assert digests["first"] == digests["again"]


def digests_of(folder, run):
    with EventLog(folder / "refold.db", readonly=True) as log:
        return [log.events(info.id).digest for info in log.episodes(run=run)]


@pytest.mark.slow
def test_commands_that_ask_a_model_in_a_world(tmp_path):
    """A fork and what-if ask through the world's tools; resume needs the world named."""
    (tmp_path / "shop.py").write_text(WORLDS)
    shell = Shell(tmp_path)
    world = "--world python:shop.py:Dial"
    (tmp_path / "turn.jsonl").write_text("1\n2\n")
    shell("record python:shop.py:Dial --agent script:turn.jsonl --name open")
    with MockModel() as server:
        given = f"--agent openai:mock --base-url {server.base_url} --api-key none"
        forked = shell(f"fork last --at 1 {world} {given} --json").json["episodes"]
        assert forked[0]["ended"] == "terminated"
        tried = shell(f"what-if {forked[0]['id']} --at 1 {world} {given} --json").json["outcomes"]
        assert [each["action"] for each in tried] == list(range(10))
        assert {each["score"] for each in tried} == {1.0}
        tools = [body["tools"][0]["function"]["name"] for body in server.requests]
    assert set(tools) == {"act"}
    shell("verify")


def test_a_model_plays_a_gymnasium_environment(tmp_path):
    """CartPole, where Gymnasium is installed: a number is the action, an array is seen as JSON."""
    pytest.importorskip("gymnasium")
    pytest.importorskip("refold.environments.gymnasium.worlds")
    shell = Shell(tmp_path)
    with MockModel() as server:
        given = f"--agent openai:mock --base-url {server.base_url} --api-key none"
        ran = shell(f"record gymnasium:CartPole-v1 {given} --json")
        (body, *_) = server.requests
    assert ran.json["episodes"][0]["ended"] in ("terminated", "truncated")
    assert len(json.loads(body["messages"][1]["content"])) == 4
    shell("verify --live last")


def test_a_model_plays_an_openenv_server(tmp_path):
    """By the schema that the server tells; what it is told is the server's own observation."""
    with running(tmp_path) as served, MockModel() as model:
        shell = Shell(tmp_path)
        given = f"--agent openai:mock --base-url {model.base_url} --api-key none"
        world = f"openenv:{served.url}?task=inbox/easy"
        (row,) = shell(f"record {world} {given} --log mine.db --json").json["episodes"]
        requests = model.requests
    with EventLog(tmp_path / "mine.db", readonly=True) as log:
        check_requests(log.events(row["id"]), requests)
    (tool,) = requests[0]["tools"]
    assert "email_id" in tool["function"]["parameters"]["properties"]
    assert "current" in json.loads(requests[0]["messages"][1]["content"])
