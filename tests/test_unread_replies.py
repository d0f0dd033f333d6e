import json

import pytest
from asking import of_kind, play, played, sensible
from attrs import evolve
from fault_server import FaultServer, says
from worlds import subtask, worker, workflow

from refold.agents.client import AccessDenied
from refold.engine import ActionRefused, ActionTaken, Episode
from refold.engine.codec import Codec
from refold.engine.exchanges import ActionForfeited, ModelCalled, ReplyUnread
from refold.replays import verify
from refold.scenarios import load

EASY = load("workflow/easy")
MAIL = load("inbox/easy")
WAIT = Episode.start(EASY).family.wait
PROSE = says("Let me think.\nThen I act.")


def test_a_model_is_told_once_what_was_wrong():
    """An unread reply is recorded with its text; the next request says what was the matter."""
    episode = played(EASY, PROSE)
    (unread,) = of_kind(ReplyUnread, episode.events)
    assert unread == ReplyUnread("no JSON object was found", "Let me think.\nThen I act.")
    *_, before, told = episode.asked[1]["messages"]
    assert before == {"role": "assistant", "content": unread.text}
    assert told["content"].startswith(f"No action could be read from your answer: {unread.reason}")
    assert not of_kind(ActionForfeited, episode.events)


def test_unread_arguments_of_tools_are_recorded():
    """Where a reply has no text, its arguments are what could not be read."""
    (unread,) = of_kind(ReplyUnread, played(EASY, says(None, ("dance", '{"x"'))).events)
    assert unread.text == '{"x"'
    assert "arguments of tool 'dance'" in unread.reason


def test_a_second_failure_forfeits_a_step_of_a_workflow():
    """It is a wait, marked as the model's failure, and the next step is asked for as usual."""
    events = played(EASY, PROSE, PROSE, sensible, format="tools").events
    kinds = [type(event) for event in events[2:7]]
    assert kinds == [ModelCalled, ReplyUnread, ModelCalled, ReplyUnread, ActionForfeited]
    assert events[6] == ActionForfeited("no JSON object was found")
    assert events[7] == ActionTaken(WAIT)
    assert not isinstance(events[8], ActionRefused)
    assert verify(events) is None


def test_a_second_failure_loses_a_step_of_an_inbox():
    """What stands in is refused, so that the current e-mail stays; the failure is the model's."""
    episode = Episode.start(MAIL)
    current = episode.observation.current
    with FaultServer(PROSE, PROSE) as server, pytest.raises(AccessDenied, match="404"):
        play(server.base_url, episode, format="tools")
    events = episode.events
    place = events.index(of_kind(ActionForfeited, events)[0])
    assert isinstance(events[place + 2], ActionRefused)
    assert episode.observation.current == current
    assert verify(events) is None


def without_stand_in(stream, events=None):
    """Return an episode of the first *events* of *stream*, in a family without a stand-in."""
    codec = Codec(evolve(stream.family, wait=None, forfeit=None))
    begun = stream[:events], stream.payloads[:events]
    return Episode("x", *begun, codec=codec, log=None, tail=None)


def test_without_a_stand_in_a_second_failure_ends_the_episode():
    """It is cut off, for the model's failure; and so it is if the recorder died in the middle."""
    episode = without_stand_in(Episode.start(MAIL).events)
    with FaultServer(PROSE, PROSE) as server:
        play(server.base_url, episode, format="tools")
    whole = episode.events
    assert (episode.end.how, episode.end.reason) == ("truncated", "no_action")
    assert whole[-2] == ActionForfeited("no JSON object was found")
    for events in (len(whole) - 1, len(whole) - 2):
        resumed = without_stand_in(whole, events)
        play(server.base_url, resumed, format="tools")
        assert resumed.events.digest == whole.digest
    assert len(server.requests) == 2


def test_an_action_that_the_rules_refuse_is_the_model_s_own():
    """It is a step like any other: nothing is unread, nobody asks again."""
    refused = says('{"action_type": "delegate", "subtask_id": "nothing", "agent_name": "nobody"}')
    events = played(EASY, refused).events
    assert isinstance(events[4], ActionRefused)
    assert not of_kind(ReplyUnread, events)


def test_ids_are_mended_where_just_one_can_be_meant(tmp_path):
    """Wrong case is no failure of a model; but an id that exists is never taken for another."""
    scenario = workflow(
        tmp_path,
        [subtask("Plan", "x"), subtask("a", "x"), subtask("A", "x")],
        [worker("One", "x"), worker("Two", "x")],
    )
    asked = [("PLAN", "one"), ("a", "Two"), ("A", "Two"), ("Nobody", "tWO ")]
    fields = [{"subtask_id": subtask, "agent_name": worker} for subtask, worker in asked]
    calls = [says("", ("delegate", json.dumps(each))) for each in fields]
    actions = [each.action for each in of_kind(ActionTaken, played(scenario, *calls).events)]
    taken = [(each.subtask_id, each.agent_name) for each in actions[: len(asked)]]
    assert taken == [("Plan", "One"), ("a", "Two"), ("A", "Two"), ("Nobody", "Two")]
