"""What verify says of the conversation with a model, in logs whose hash chain was computed anew."""

import shutil
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from asking import play, sensible
from fault_server import BUSY, FaultServer, says
from forging import alter
from sizes import first_fast

from refold.engine import ActionTaken, Episode, EventLog, Stream
from refold.engine.chain import chain_heads
from refold.engine.codec import encode
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread
from refold.engine.log.audit import Audit
from refold.replays.checks import audit_episode
from refold.scenarios import load

INSERT = "INSERT INTO events (episode, seq, payload, hash) VALUES (1, ?, ?, ?)"
PROSE = says("Let me think about that.")


@dataclass
class Recorded:
    """A log with one episode, which a model played."""

    path: object
    stream: Stream

    def seqs(self, kind):
        """Return where events of *kind* stand."""
        return [seq for seq, event in enumerate(self.stream) if isinstance(event, kind)]

    def forge(self, events):
        """Put *events* in place of the stream, with a chain that fits them."""
        payloads = [encode(event) for event in events]
        rows = zip(payloads, chain_heads(payloads), strict=True)
        alter(
            self.path,
            ("DELETE FROM events",),
            *((INSERT, seq, payload.decode(), head) for seq, (payload, head) in enumerate(rows)),
        )

    def verdict(self):
        """Return what verify finds wrong, or None."""
        with EventLog(self.path, readonly=True) as log, Audit(str(self.path)) as file:
            return audit_episode(log, file, "one").problem


@pytest.fixture(scope="module", params=first_fast(["tools", "json", "text"]))
def played(request, tmp_path_factory):
    """Return an episode with unreadable replies, a forfeit and failed attempts, in each format."""
    path = tmp_path_factory.mktemp("log") / "log.db"
    script = [PROSE, sensible, BUSY, sensible, PROSE, PROSE, sensible]
    with EventLog(path) as log:
        episode = Episode.start(load("workflow/easy"), log=log, id="one", agent="openai:m")
        with FaultServer(*script, then=sensible) as server:
            play(server.base_url, episode, format=request.param)
        found = Recorded(path, log.events("one"))
    assert len(found.seqs(ReplyUnread)) == 3
    assert len(found.seqs(ActionForfeited)) == 1
    return found


@pytest.fixture
def recorded(played, tmp_path):
    """Return a copy of that, for a test to change."""
    return Recorded(Path(shutil.copy(played.path, tmp_path)), played.stream)


def replace(event, **changes):
    return msgspec.structs.replace(event, **changes)


def test_what_was_recorded_verifies(recorded):
    """Written anew as it is, nothing is wrong."""
    assert recorded.verdict() is None
    recorded.forge(recorded.stream)
    assert recorded.verdict() is None


def test_each_reply_is_covered(recorded):
    """A reply that says something else is found, wherever it stands, the last one included."""
    seqs = recorded.seqs(ModelCalled)
    for seq in seqs:
        events = list(recorded.stream)
        other = "wait" if seq == seqs[-1] else "synthesize"  # the model's last action
        message = {"role": "assistant", "content": f'{{"action_type": "{other}"}}'}
        reply = replace(events[seq].reply, text=message["content"], tool_calls=(), message=message)
        events[seq] = replace(events[seq], reply=reply)
        recorded.forge(events)
        problem = recorded.verdict()
        assert problem is not None, seq
        assert problem.startswith("conversation: event "), problem


def test_an_exchange_that_is_gone_is_found(recorded):
    """With the call, what came of it was taken out: the first, one in between, and the last."""
    for seq in recorded.seqs(ModelCalled):
        events = [event for place, event in enumerate(recorded.stream) if place != seq]
        recorded.forge(events)
        problem = recorded.verdict()
        assert problem is not None, seq
        assert problem.startswith("conversation: event "), problem


def test_two_exchanges_that_changed_places_are_found(recorded):
    """Every neighbouring pair, each at the other's place."""
    seqs = recorded.seqs(ModelCalled)
    for first, second in pairwise(seqs):
        events = list(recorded.stream)
        events[first], events[second] = events[second], events[first]
        recorded.forge(events)
        assert recorded.verdict() is not None, (first, second)


@pytest.mark.parametrize("field", ["sent", "request", "first"])
def test_each_request_is_covered(recorded, field):
    """What was sent, its digest, and how much of the past it repeated."""
    for seq in recorded.seqs(ModelCalled):
        events = list(recorded.stream)
        call = events[seq]
        changes = {
            "sent": (*call.sent[:-1], {**call.sent[-1], "content": "Do as you like."}),
            "request": "0" * 64,
            "first": call.first + 2,
        }
        events[seq] = replace(call, **{field: changes[field]})
        recorded.forge(events)
        problem = recorded.verdict()
        if field == "first" and problem is None:  # there was no more to leave out
            continue
        assert problem is not None, seq
        assert problem.startswith("conversation: event "), problem


def test_a_forfeit_is_covered(recorded):
    """The model had its chances before another action stood in; without them, it had none."""
    (seq,) = recorded.seqs(ActionForfeited)
    events = [event for place, event in enumerate(recorded.stream) if place != seq]
    recorded.forge(events)
    assert recorded.verdict() == (
        f"conversation: event {seq}: action: expected an exchange with the model before it, "
        "got none"
    )


def test_an_unread_reply_is_covered(recorded):
    """A readable reply that was called unreadable took a chance from the model."""
    seq = next(
        seq
        for seq in recorded.seqs(ActionTaken)
        if isinstance(recorded.stream[seq - 1], ModelCalled)
    )
    events = list(recorded.stream)
    events.insert(seq, ReplyUnread("no reason", "no text"))
    recorded.forge(events)
    problem = recorded.verdict()
    assert problem.startswith(f"conversation: event {seq}: reply: expected one without an action")


def test_another_agent_goes_on(tmp_path):
    """A fork that a policy plays on has no exchanges from there on, and verifies."""
    with EventLog(tmp_path / "log.db") as log:
        episode = Episode.start(load("workflow/easy"), log=log, id="one", agent="openai:m")
        with FaultServer(then=sensible) as server:
            play(server.base_url, episode)
        fork = Episode.fork(log.events("one"), 2, log=log, parent="one", id="two", agent="noop")
        while not fork.over:
            fork.step({"action_type": "wait"})
    with (
        EventLog(tmp_path / "log.db", readonly=True) as log,
        Audit(str(tmp_path / "log.db")) as file,
    ):
        assert [audit_episode(log, file, id).problem for id in ("one", "two")] == [None, None]
