from itertools import pairwise
from pathlib import Path

import pytest
from asking import of_kind, play, sensible
from fault_server import BUSY, FaultServer, refuses, says
from sizes import first_fast

from refold.agents.configuration import model_configuration
from refold.agents.conversation import rebuild_requests, request_digest
from refold.agents.prompting import ModelOptions
from refold.engine import Episode, StepRewarded, Stream
from refold.engine.codec import encode
from refold.engine.exchanges import ModelCalled, ModelConfigured, ReplyUnread
from refold.scenarios import load

HISTORIES = [None, 0, 1, 2]
NO = refuses(400)
PROSE = says("Let me think about that.")
TWICE = says("", ("wait", "{}"), ("wait", "{}"))
BAD_CALL = says(None, ("delegate", "{'subtask_id'"), ("dance", "{}"))
SCRIPTS = {
    "tools": [PROSE, BUSY, sensible, TWICE, BAD_CALL, sensible, BAD_CALL, PROSE],
    "json": [NO, PROSE, sensible, BUSY, PROSE, PROSE],
    "text": [NO, BUSY, NO, sensible, PROSE, BUSY, sensible, PROSE, PROSE],
}


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("form", first_fast(SCRIPTS))
def test_the_log_holds_every_request_exactly(log, form, history):
    """Each request can be had again from the log alone: as the server received it, to the byte."""
    episode = Episode.start(load("workflow/easy"), log=log)
    with FaultServer(*SCRIPTS[form], then=sensible) as server:
        play(server.base_url, episode, history=history, max_tokens=99, extra={"top_p": 0.5})
    stream = log.events(episode.id)
    assert episode.over
    assert of_kind(ModelConfigured, stream)[-1].format == form
    sent = []
    for seq, body in rebuild_requests(stream):
        assert stream[seq].request == request_digest(body)
        sent += [body] * (len(stream[seq].faults) + (stream[seq].reply is not None))
    assert sent == server.requests
    assert len(of_kind(ReplyUnread, stream)) >= 3


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("form", first_fast(SCRIPTS))
def test_a_request_repeats_as_many_turns_as_it_should(form, history):
    """
    The system message, the turns asked for and the current one, each from its observation on.

    Answers of tools stand right after their calls, never without them.
    """
    episode = Episode.start(load("workflow/easy"))
    with FaultServer(*SCRIPTS[form], then=sensible) as server:
        play(server.base_url, episode, history=history)
    for seq, body in rebuild_requests(episode.events):
        steps = len(of_kind(StepRewarded, episode.events[:seq]))
        system, *messages = body["messages"]
        shown = [each for each in messages if (each["content"] or "").startswith("## Task\n")]
        assert len(shown) == (steps if history is None else min(steps, history)) + 1
        assert (system["role"], messages[0]) == ("system", shown[0])
        assert messages[0]["role"] == "user"
        roles = [each["role"] for each in messages]
        assert ("tool", "user") not in pairwise(roles)
        assert "system" not in [each["role"] for each in messages]
        check_tools(messages)


def check_tools(messages):
    """Check that the answers to tool calls stand right after these, and that there are no more."""
    answered = 0
    for place, message in enumerate(messages, 1):
        ids = [call["id"] for call in message.get("tool_calls", [])]
        answers = messages[place : place + len(ids)]
        assert [each["tool_call_id"] for each in answers] == ids
        answered += len(ids)
    assert answered == [each["role"] for each in messages].count("tool")


def test_a_tool_call_is_answered_by_what_became_of_it():
    """The next observation, or why it was unreadable; the others were ignored, and nobody else."""
    episode = Episode.start(load("workflow/easy"))
    with FaultServer(TWICE, BAD_CALL, BAD_CALL, then=sensible) as server:
        play(server.base_url, episode)
    said = [
        [each["content"] for each in body["messages"] if each["role"] == "tool"]
        for body in server.requests[:5]
    ]
    ignored = "ignored: one action a turn"
    assert [len(each) for each in said] == [0, 2, 4, 6, 7]
    assert all(each == said[-1][: len(each)] for each in said)
    one, two, three, four, five, six, seven = said[-1]
    assert two == four == six == ignored
    assert three.startswith("No action could be read from your answer: ")
    assert all(each.startswith("## Task\n") for each in (one, five, seven))
    assert "user" not in [each["role"] for each in server.requests[-1]["messages"][2:]]


def test_a_fork_goes_on_with_the_conversation_in_a_form_of_its_own(log):
    """What was said stays; the form is tried anew, and the instructions are those of the form."""
    parent = Episode.start(load("workflow/easy"), log=log)
    with FaultServer(NO, NO, then=sensible) as server:
        play(server.base_url, parent)
    fork = Episode.fork(parent.events, 2, log=log, parent=parent.id)
    fork.note(model_configuration(fork.family, ModelOptions("other"), "tools"))
    with FaultServer(NO, NO, then=sensible) as server:
        play(server.base_url, fork)
    stream = log.events(fork.id)
    assert [body for _, body in rebuild_requests(stream)][
        -len(server.requests) :
    ] == server.requests
    assert {body["model"] for body in server.requests} == {"other"}
    tools, plain, form, later = server.requests[:4]
    assert ["tools" in body for body in server.requests[:4]] == [True, True, False, False]
    assert plain["messages"][1:] == form["messages"][1:] == later["messages"][1:-2]
    assert len(tools["messages"]) == 2 + 2 * 2
    systems = [body["messages"][0]["content"] for body in server.requests]
    assert "call exactly one tool" in systems[0]
    assert all("answer with one JSON object" in system for system in systems[2:])
    assert len(of_kind(ModelCalled, stream)[-1].sent) == 1


@pytest.mark.parametrize("name", ["tools", "history", "json"])
def test_requests_of_the_first_release_are_rebuilt_to_the_byte(name):
    """Logs that name no form of turns go through the old one: their digests stay."""
    path = Path(__file__).parent / "formats" / f"asked-v1-{name}.jsonl"
    stream = Stream.read(path.read_bytes().splitlines(), episode="x")
    requests = list(rebuild_requests(stream))
    assert len(requests) > 8
    assert all(stream[seq].request == request_digest(body) for seq, body in requests)
    assert [encode(event) for event in stream] == list(stream.payloads)
