import pytest
from asking import KEY, of_kind, play, played, sensible
from attrs import evolve
from fault_server import BUSY, DROP, FaultServer, Sent, refuses, says

from refold.agents.client import AccessDenied
from refold.agents.configuration import model_configuration
from refold.agents.prompting import ModelOptions
from refold.engine import ActionTaken, Episode, RefoldError
from refold.engine.codec import Codec
from refold.engine.exchanges import Attempt, ModelCalled, ModelConfigured, ReplyUnread
from refold.replays import verify
from refold.scenarios import load

EASY = load("workflow/easy")
MAIL = load("inbox/easy")
NO = refuses(400, "no such form")
PROSE = says("Let me think.\nThen I act.")
GARBAGE = Sent(body=b"{")


@pytest.mark.parametrize("name", ["workflow/easy", "inbox/hard"])
def test_a_model_plays_to_the_end(log, name):
    """Each step stands behind the exchange that led to it, and nothing else is recorded."""
    episode = played(load(name), log=log)
    stream = log.events(episode.id)
    steps = of_kind(ActionTaken, stream)
    calls = of_kind(ModelCalled, stream)
    assert episode.end.how == "terminated"
    assert len(calls) == len(steps) == log.find(episode.id).steps == len(episode.asked)
    assert [stream[stream.index(call) + 1] for call in calls] == steps
    assert {(call.reply.model, call.reply.usage.output > 0) for call in calls} == {("m", True)}
    assert len(of_kind(ModelConfigured, stream)) == 1
    assert verify(stream) is None


def test_faults_in_between_leave_the_episode_as_it_is():
    """What the API did stands in the log; what the model did is the same as without."""
    faults = [BUSY, sensible, refuses(500), sensible, GARBAGE, sensible, DROP, BUSY]
    episode = played(EASY, *faults, max_retries=2)
    calls = of_kind(ModelCalled, episode.events)
    assert [[(each.fault, each.status) for each in call.faults] for call in calls[:4]] == [
        [("status", 429)],
        [("status", 500)],
        [("body", None)],
        [("connection", None), ("status", 429)],
    ]
    assert all(call.reply for call in calls)
    assert of_kind(ActionTaken, episode.events) == of_kind(ActionTaken, played(EASY).events)


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("fault", [BUSY, DROP, GARBAGE], ids=["status", "connection", "body"])
def test_faults_that_win_cut_the_episode_off(log, fault, steps):
    """That is no failure of the model, and is kept apart from those."""
    episode = played(EASY, *[sensible] * steps, then=fault, log=log)
    stream = log.events(episode.id)
    assert (episode.end.how, episode.end.reason) == ("truncated", "instrument_failed")
    assert stream[-2].reply is None
    assert len(stream[-2].faults) == 2
    assert (log.find(episode.id).steps, verify(stream)) == (steps, None)
    assert not of_kind(ReplyUnread, stream)


@pytest.mark.parametrize("status", [400, 422, 501])
def test_an_api_without_tools_is_asked_another_way(status):
    """Tools, then structured output, then text: each change is recorded, no step is lost."""
    no = refuses(status)
    events = played(EASY, no, no).events
    assert [each.format for each in of_kind(ModelConfigured, events)] == ["tools", "json", "text"]
    refused = of_kind(ModelCalled, events)[:2]
    assert [(call.reply, call.faults) for call in refused] == [
        (None, (Attempt("status", status, "unsupported", "no"),))
    ] * 2
    assert of_kind(ActionTaken, events) == of_kind(ActionTaken, played(EASY).events)


def test_the_forms_of_a_request():
    """Tools are named by kind of action, structured output has a schema, text neither."""
    tools, form, text = played(EASY, NO, NO).asked[:3]
    kinds = ["delegate", "retry", "wait", "synthesize", "abort"]
    assert sorted(each["function"]["name"] for each in tools["tools"]) == sorted(kinds)
    assert (tools["tool_choice"], "response_format" in tools) == ("required", False)
    schema = form["response_format"]["json_schema"]["schema"]
    assert sorted(schema["properties"]["action_type"]["enum"]) == sorted(kinds)
    assert ("tools" in form, "tool_choice" in form) == (False, False)
    assert set(text) == {"model", "messages", "temperature"}


def test_what_an_api_refuses_is_not_tried_again():
    """Later episodes of a run begin with the form that worked."""
    later = [Episode.start(EASY) for _ in range(3)]
    for episode in later[1:]:
        episode.note(model_configuration(episode.family, ModelOptions("m", max_tokens=5), "tools"))
    with FaultServer(NO, NO, then=sensible) as server:
        play(server.base_url, *later)
    formats = [[each.format for each in of_kind(ModelConfigured, e.events)] for e in later]
    assert formats == [["tools", "json", "text"], ["tools", "text"], ["tools", "text"]]
    assert {body.get("max_tokens") for body in server.requests} == {None, 5}


def test_what_was_begun_in_one_form_goes_on_in_it():
    """An API that has answered in a form is asked in it, whatever it says to others meanwhile."""
    begun = Episode.fork(played(EASY).events, 2)
    with FaultServer(NO, then=sensible) as server:
        play(server.base_url, Episode.start(EASY), begun)
    assert begun.over
    assert [each.format for each in of_kind(ModelConfigured, begun.events)] == ["tools"]


@pytest.mark.parametrize(("form", "asked"), [("tools", 1), ("json", 1), ("text", 1), (None, 3)])
def test_a_form_that_was_chosen_is_kept(form, asked):
    """If the API takes none of those it may be asked in, that is the API's failure."""
    episode = played(EASY, then=NO, format=form)
    assert episode.end.reason == "instrument_failed"
    assert len(episode.asked) == asked
    assert of_kind(ModelConfigured, episode.events)[0].format == (form or "tools")


def test_a_refusal_in_the_middle_is_met_by_plainer_turns():
    """What was said is repeated without unknown fields, then as text; then the next form comes."""
    episode = played(EASY, sensible, then=NO)
    assert episode.end.reason == "instrument_failed"
    asked = of_kind(ModelConfigured, episode.events)
    assert [(each.format, each.turns) for each in asked] == [
        ("tools", "whole"),
        ("tools", "plain"),
        ("tools", "text"),
        ("json", "text"),
        ("text", "text"),
    ]
    assert not of_kind(ReplyUnread, episode.events)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_denial_leaves_the_episode_open(log, status):
    """It can be resumed with another key; the failed request is not in the log, nor is the key."""
    episode = Episode.start(EASY, log=log)
    script = [sensible, refuses(status, KEY)]
    with FaultServer(*script) as server, pytest.raises(AccessDenied, match=str(status)):
        play(server.base_url, episode)
    assert (log.find(episode.id).steps, log.find(episode.id).ended) == (1, None)
    assert KEY.encode() not in b"".join(log.events(episode.id).payloads)


def test_another_prompt_is_not_gone_on_with():
    """An episode that was begun with other words cannot be resumed with these."""
    episode = Episode.start(EASY)
    episode.note(model_configuration(episode.family, ModelOptions("m"), "text"))
    family = evolve(episode.family, prompt=evolve(episode.family.prompt, version=99))
    other = Episode(
        "x", episode.events, episode.events.payloads, codec=Codec(family), log=None, tail=None
    )
    with (
        FaultServer() as server,
        pytest.raises(RefoldError, match=r"expected prompt workflow\.99, got"),
    ):
        play(server.base_url, other)
    assert server.requests == []
