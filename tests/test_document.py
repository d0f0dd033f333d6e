import json
from functools import reduce

import msgspec
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from viewing import asked, golden, shown

from refold.engine import Episode, EventLog, Stream, fold
from refold.engine.codec import encode
from refold.engine.exchanges import ModelConfigured, ReplyUnread
from refold.engine.folding import step_ranges
from refold.engine.presentation import PLAIN
from refold.graders import grade
from refold.replays.golden import find_goldens, read_golden
from refold.scenarios import load, scenario_names
from refold.viewer.deltas import apply_delta, make_delta
from refold.viewer.episode_document import document, drop_sent_messages

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
VIEWS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def texts(made):
    """Return *made* as the JSON text that a page holds."""
    return encode(made).decode()


@given(before=VIEWS, after=VIEWS)
def test_delta_leads_from_one_value_to_the_next(before, after):
    """Merging a delta gives exactly the later value; there is none where a key vanished."""
    change = make_delta(before, after)
    if change is not None:
        assert encode(apply_delta(before, change)) == encode(after)
    assert make_delta(after, after) == {}
    assert make_delta({"a": {"b": 1}}, {"a": {}}) is None


@pytest.mark.parametrize("name", scenario_names())
def test_every_prefix_is_in_it(name, random_episode):
    """The first view with the deltas up to any position is the view of the state there."""
    for seed in range(2):
        stream = random_episode(name, seed, steps=30).events
        made = document(stream)
        ends = [seqs.stop for seqs in step_ranges(stream)]
        assert len(made["steps"]) == len(ends) - 1
        for position, end in enumerate(ends):
            changes = (step["delta"] for step in made["steps"][:position])
            state = fold(stream[:end], family=stream.family)
            view = msgspec.to_builtins(stream.family.view(state))
            assert reduce(apply_delta, changes, made["start"]) == view


@pytest.mark.parametrize("path", [*find_goldens()], ids=lambda path: path.name)
def test_golden(path):
    """Of each golden: events by seq in words, whole steps, and only events that exist in grades."""
    stream = read_golden(path)
    made = shown(stream)
    assert [event[0] for event in made["events"]] == list(range(len(stream)))
    assert all(event[4] for event in made["events"])
    assert [made["events"][step["seq"][0]][1] for step in made["steps"]] == [
        *range(len(made["steps"]))
    ]
    for part in made["grade"]["parts"]:
        assert all(0 <= seq < len(stream) for seq in part["seqs"])
        assert part["seqs"] == sorted(part["seqs"])
    assert made["grade"]["score"] == grade(stream).score == made["episode"]["score"]
    assert made["steps"][-1]["total"] == made["episode"]["total_reward"]
    assert texts(made) == texts(shown(read_golden(path)))


def test_whole_document(snapshot):
    """What readers of version 1 rely on, to the letter."""
    assert json.dumps(shown(golden("inbox-easy-baseline")), indent=1) == snapshot


def test_spans_and_marks_of_the_worked_example():
    """Who worked at what, how it ended, and what is worth a look, each at its position."""
    made = shown(golden("workflow-hard-worked-example"))
    assert ["investigator_alpha", "enrich_logs", 2, 3, "permanent", 1] in made["spans"]
    assert ["investigator_beta", "enrich_logs", 4, 5, "done", 2] in made["spans"]
    assert ["deployer", None, 13, None, "offline", 0] in made["spans"]
    assert [mark[:2] for mark in made["marks"]] == [[3, "permanent"], [13, "world"]]


def test_missed_deadlines_and_refusals_are_marks():
    """A deadline is missed at the position that it names, whether or not the work comes later."""
    made = shown(golden("workflow-hard-greedy"))
    marks = [mark[:2] for mark in made["marks"]]
    assert [11, "sla"] in marks
    assert [17, "sla"] in marks
    assert sum(kind == "refused" for _, kind in marks) == sum(
        step["error"] is not None for step in made["steps"]
    )


def test_running_inbox_tells_no_answers():
    """Until the end, neither the words to look for nor what was due is anywhere in it."""
    episode = Episode.start(load("inbox/medium"))
    words = {word for words in episode.state.keywords.values() for word in words}
    episode.step({"type": "archive"})
    made = document(episode.events, grade=grade(episode.events))
    text = texts({key: made[key] for key in made if key not in ("legal", "scenario")})
    assert made["grade"] is None
    assert made["episode"]["ended"] == "running"
    assert words
    assert "expected" not in texts(made)
    assert "was due" not in texts(made)
    assert "keywords" not in texts(made)
    assert not any(f'"{word}"' in text for word in words)
    assert [each["say"] for each in made["legal"]][:1] == ["respond " + made["start"]["pending"][1]]


def test_running_workflow_tells_no_schedule():
    """What will befall workers, and how they really fare, is left out until the end."""
    episode = Episode.start(load("workflow/hard"))
    running = document(episode.events)["scenario"]["parameters"]
    ended = shown(golden("workflow-hard-greedy"))["scenario"]["parameters"]
    for secret in ("scheduled_events", "reliability_overrides"):
        assert secret not in running
        assert ended[secret]
    assert not any(each["output"] for each in running["subtasks"])


def model_run():
    """Return an episode in which a model was asked twice, and one end without a step."""
    episode = Episode.start(load("workflow/easy"))
    episode.note(ModelConfigured("workflow.1", "json", None, {"model": "model-x"}))
    episode.note(asked("no idea"), ReplyUnread("expected JSON, got words", "no idea"))
    episode.step({"action_type": "wait"}, asked('{"action_type": "wait"}', sent="Again!"))
    episode.note(asked("late"))
    episode.truncate("model_failed")
    return episode.events


def test_exchanges_with_a_model():
    """Each is there once, with its step, new messages only, and why nothing came of it."""
    stream = model_run()
    made = shown(stream)
    assert [
        (each["step"], each["reply"]["text"], each["unread"]) for each in made["exchanges"]
    ] == [
        (0, "no idea", "expected JSON, got words"),
        (0, '{"action_type": "wait"}', None),
        (1, "late", None),
    ]
    assert [[m["content"] for m in each["sent"]] for each in made["exchanges"]][1] == ["Again!"]
    assert [mark[:2] for mark in made["marks"]] == [[1, "parse"]]
    assert made["models"][0]["parameters"] == {"model": "model-x"}


def test_what_follows_the_last_step():
    """An end without a step changes the last position, and counts as no step."""
    made = shown(model_run())
    assert len(made["steps"]) == made["episode"]["steps"] == 1
    assert made["rest"]["delta"]["available"] == []
    assert made["episode"]["reason"] == "model_failed"


def test_without_what_was_sent():
    """It can be left out, and the document says so."""
    spared = drop_sent_messages(shown(model_run()))
    assert "Again!" not in texts(spared)
    assert spared["omitted"][0]["bytes"] > 0
    without = shown(golden("workflow-hard-greedy"))
    assert drop_sent_messages(without) == without


def test_log_is_told(log: EventLog):
    """Id, agent, run and fork come from the log; without it the page knows none."""
    episode = Episode.start(load("inbox/easy"), log=log, agent="openai:model-x", id="one", run="r")
    told = document(log.events("one"), info=log.find("one"))["episode"]
    assert (told["id"], told["labels"]) == ("one", {"run": "r", "epoch": 0})
    assert told["agent"] == {"kind": "openai", "name": "openai:model-x", "model": "model-x"}
    assert document(episode.events)["episode"]["id"] is None


def test_a_family_without_a_timeline():
    """It has the same document, with the marks that all have."""
    plain = golden("workflow-tight-refused-actions")
    other = evolve(plain.family, timeline=PLAIN)
    stream = Stream(other, plain[:], plain.payloads, plain.digest)
    made = document(stream)
    assert made["spans"] == []
    assert {mark[1] for mark in made["marks"]} == {"refused"}
    assert made["steps"] == document(plain)["steps"]
