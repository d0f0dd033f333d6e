import json
from unicodedata import category

import pytest
from asking import of_kind, play, sensible
from fault_server import FaultServer, Sent, says
from shell import Shell
from sizes import first_fast

from refold.agents.completions import LONGEST_TEXT
from refold.engine import ActionTaken, Episode
from refold.engine.exchanges import ModelCalled, ReplyUnread
from refold.replays import verify
from refold.scenarios import load

STEERING = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m \x00\x08\r\nFORGED \u202eback\u200b\u2028 [bold red]x[/] :boom:"
)
UNREAD = {
    "steering": STEERING,
    "endless": "x" * 10_000_000,
    "braces": "{" * 1_000_000,
    "nested": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "quotes": '{"' + '\\"' * 500_000,
    "steering-json": json.dumps({"action_type": STEERING}),
    "half-a-pair": "\ud800 {\udfff}",
    "lines": "\n" * 1_000_000,
    "nothing": "",
}
NO_REPLY = {
    "bomb": b'{"choices":' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}",
    "objects": b'{"choices":[{"message":{"content":' + b'{"a":' * 100_000 + b"1}",
    "not-unicode": b"\xff\xfe" * 1000,
    "lines": b"\n" * 10_000_000,
}


def said(content):
    """Return a completion with *content*, which may hold halves of surrogate pairs."""
    return says(content, model=f"m{STEERING}", system_fingerprint=STEERING)


@pytest.fixture
def shown(tmp_path):
    """Return a function that returns what a command prints about the last episode of the log."""
    shell = Shell(tmp_path)
    return lambda command: shell(f"{command} last --log log.db").out


def is_harmless(text):
    """Return whether no terminal could be steered by *text*."""
    return all(
        each == "\n" or category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in set(text)
    )


def check_shown(shown, stream):
    """Check that the commands that show an episode show this one, harmlessly and in few words."""
    for command in ("show", "replay", "replay --step 1"):
        text = shown(command)
        assert is_harmless(text)
        assert len(text) < 50_000
    rows = shown("replay --json")
    assert is_harmless(rows)
    events = [row["event"] for step in json.loads(rows)["steps"] for row in step["events"]]
    assert events == [json.loads(payload) for payload in stream.payloads]


@pytest.mark.parametrize("name", first_fast(UNREAD))
def test_a_hostile_reply_is_recorded_and_shown_harmlessly(log, shown, name):
    """Bounded in size, what was cut counted; the step is forfeited, the episode goes on."""
    episode = Episode.start(load("workflow/easy"), log=log)
    with FaultServer(*[said(UNREAD[name])] * 2, then=sensible) as server:
        play(server.base_url, episode)
    stream = log.events(episode.id)
    first = of_kind(ModelCalled, stream)[0].reply
    text = UNREAD[name].encode("utf-8", "replace").decode().replace("?", "\ufffd")
    assert (first.text, first.cut) == (text[:LONGEST_TEXT], max(0, len(text) - LONGEST_TEXT))
    assert [unread.text for unread in of_kind(ReplyUnread, stream)] == [first.text] * 2
    assert max(len(unread.reason) for unread in of_kind(ReplyUnread, stream)) < 600
    assert sum(map(len, stream.payloads)) < 12 * LONGEST_TEXT
    assert (episode.end.how, verify(stream)) == ("terminated", None)
    check_shown(shown, stream)


@pytest.mark.parametrize("name", first_fast(NO_REPLY, 2))
def test_a_hostile_body_is_no_answer(log, name):
    """What is no completion is not looked at any further, however large or deep."""
    episode = Episode.start(load("workflow/easy"), log=log)
    with FaultServer(Sent(body=NO_REPLY[name]), then=sensible) as server:
        play(server.base_url, episode)
    (fault,) = of_kind(ModelCalled, log.events(episode.id))[0].faults
    assert fault.fault == "body"
    assert episode.end.how == "terminated"


def test_hostile_fields_of_an_action_are_data(log, shown):
    """Text that a model puts into an action is taken literally and printed visibly."""
    current = Episode.start(load("inbox/easy")).observation.current.id
    fields = {"action_type": "respond", "email_id": current, "content": STEERING, "rationale": "x"}
    calls = [("respond", json.dumps(fields))] * 1000
    episode = Episode.start(load("inbox/easy"), log=log)
    with FaultServer(says(STEERING, *calls), then=sensible) as server:
        play(server.base_url, episode)
    stream = log.events(episode.id)
    assert of_kind(ActionTaken, stream)[0].action.content == STEERING
    assert len(of_kind(ModelCalled, stream)[0].reply.tool_calls) == 32
    check_shown(shown, stream)
