"""What exports hold, format by format: turns, thoughts, calls, results, usage and scores."""

import json
import zipfile
from io import BytesIO
from typing import Any

import exporting
import pytest
import talks

from refold.engine import Episode
from refold.environments import answered_scenario, began
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.transcripts.exports.chat import chat_line
from refold.transcripts.exports.formats import WRITERS
from refold.transcripts.exports.otlp import otlp_line
from refold.transcripts.exports.runs import Run, read_run
from refold.transcripts.exports.session_trace import session_file


def entries(*runs: Run) -> dict[str, Any]:
    """Return the entries of an ``.eval`` archive of *runs*, by name."""
    with zipfile.ZipFile(BytesIO(exporting.archive(*runs))) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def spans_of(run: Run) -> list[dict[str, Any]]:
    """Return the spans of *run*, each with its attributes by name."""
    (resource,) = json.loads(otlp_line(run)[0])["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    return [{**span, "attributes": named(span["attributes"])} for span in scope["spans"]]


def named(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return OTLP attributes by name."""
    return {each["key"]: next(iter(each["value"].values())) for each in attributes}


def test_atif(log):
    """A turn is a step with thought, calls, what it observed and what it used."""
    document = exporting.atif(exporting.shop(log))
    steps = document["steps"]
    assert document["schema_version"] == "ATIF-v1.8"
    assert [step["step_id"] for step in steps] == list(range(1, len(steps) + 1))
    assert [step["source"] for step in steps[:3]] == ["system", "user", "agent"]
    turn = steps[2]
    assert turn["reasoning_content"].startswith("I look the order up first.")
    assert [call["function_name"] for call in turn["tool_calls"]] == ["get_order", "get_customer"]
    assert [each["source_call_id"] for each in turn["observation"]["results"]] == ["c0", "c1"]
    assert turn["metrics"] == {"prompt_tokens": 900, "completion_tokens": 40, "cost_usd": 0.001}
    assert document["final_metrics"]["total_prompt_tokens"] == 4500
    assert [step.get("llm_call_count") for step in steps if "tool_calls" in step][-1] == 0


def test_inspect(log):
    """A sample has messages, an event for each turn, and usage; the header what is of all."""
    found = entries(exporting.shop(log), exporting.inbox(log))
    sample = found["samples/mine:shop_epoch_1.json"]
    turns = [each for each in sample["messages"] if each["role"] == "assistant"]
    assert turns[0]["content"][0]["reasoning"].startswith("I look the order up first.")
    assert turns[0]["tool_calls"][0]["arguments"] == {"id": 7}
    errors = [each["error"]["type"] for each in sample["messages"] if "error" in each]
    assert errors == ["unknown"]
    assert sample["model_usage"]["model-x"]["input_tokens"] == 4500
    assert len(sample["events"]) == len(turns)
    header = found["header.json"]
    assert header["eval"]["dataset"]["sample_ids"] == ["mine:shop", "easy"]
    scores = {
        each["name"]: each["metrics"]["mean"]["value"] for each in header["results"]["scores"]
    }
    assert scores["satisfied"] == 0.9
    assert len(found["summaries.json"]) == 2


def test_chat(log):
    """Messages are as an API takes them: each call is answered, and nothing else is."""
    for run in (exporting.shop(log), exporting.inbox(log)):
        line = json.loads(chat_line(run)[0])
        assert line["messages"][0]["role"] == "system"
        waiting: list[str] = []
        for message in line["messages"]:
            if message["role"] == "tool":
                waiting.remove(message["tool_call_id"])
            else:
                assert waiting == []
                waiting = [call["id"] for call in message.get("tool_calls", [])]
        assert line["refold"]["score"] == run.grade.score


def test_chat_of_a_policy(log):
    """An agent that is no model says what a model would have: rules, tools, calls of them."""
    line = json.loads(chat_line(exporting.inbox(log))[0])
    assert "You triage an inbox" in line["messages"][0]["content"]
    tools = [tool["function"]["name"] for tool in line["tools"]]
    called = [
        call["function"]["name"]
        for message in line["messages"]
        for call in message.get("tool_calls", [])
    ]
    assert called == ["escalate", "respond", "archive"]
    assert set(called) <= set(tools)
    assert "e1_3201" in line["messages"][1]["content"]


def test_session_trace(log):
    """A header comes first, then each message, thoughts and calls under the format's names."""
    head, *lines = map(json.loads, session_file(exporting.shop(log))[0].splitlines())
    assert (head["type"], head["harness"], head["id"]) == ("session", "refold", "e1")
    assert head["scores"] == {"satisfied": 0.9, "refold": 1.0}
    messages = [line["message"] for line in lines]
    assert {line["type"] for line in lines} == {"message"}
    turn = next(each for each in messages if each["role"] == "assistant")
    assert turn["reasoningContent"].startswith("I look the order up first.")
    assert turn["toolCalls"][0] == {
        "id": "c0",
        "function": {"name": "get_order", "arguments": '{"id":7}'},
    }
    assert next(each for each in messages if each["role"] == "tool")["toolCallId"] == "c0"


def test_spans(log):
    """Spans of turns and calls lie in that of the agent, in order, each with what it was."""
    root, *others = spans_of(exporting.shop(log))
    assert root["name"] == "invoke_agent openai:model-x"
    assert {span["parentSpanId"] for span in others} == {root["spanId"]}
    assert len({span["spanId"] for span in (root, *others)}) == len(others) + 1
    starts = [int(span["startTimeUnixNano"]) for span in others]
    assert starts == sorted(starts)
    assert int(root["endTimeUnixNano"]) >= int(others[-1]["endTimeUnixNano"])
    chats = [span for span in others if span["attributes"]["gen_ai.operation.name"] == "chat"]
    assert len(chats) == 5  # one call was no model's
    took = int(chats[0]["endTimeUnixNano"]) - int(chats[0]["startTimeUnixNano"])
    assert took == 800_000_000
    assert chats[0]["attributes"]["gen_ai.usage.input_tokens"] == "900"
    failed = [span["name"] for span in others if span.get("status")]
    assert failed == ["execute_tool refund"]


def test_evaluations(log):
    """Each score is an event with its name and value, and refold's with its rubric."""
    run = exporting.shop(log)
    events = [named(event["attributes"]) for event in spans_of(run)[0]["events"]]
    assert [each["gen_ai.evaluation.name"] for each in events] == ["satisfied", "refold"]
    assert [each["gen_ai.evaluation.score.value"] for each in events] == [0.9, 1.0]
    rubric = run.grade.rubric
    told = [events[1][f"refold.grader.{name}"] for name in ("name", "version", "digest")]
    assert told == [rubric.name, str(rubric.version), rubric.digest[:12]]


def test_equal_runs_are_traces_of_their_own(log):
    """Two episodes with one digest do not share a trace."""
    one = exporting.store(log, talks.hostile_shop(), "one")
    other = exporting.store(log, talks.hostile_shop(), "other")
    assert one.digest == other.digest
    assert spans_of(one)[0]["traceId"] != spans_of(other)[0]["traceId"]


@pytest.mark.parametrize("name", WRITERS)
def test_hostile_text_breaks_no_file(log, name):
    """Whatever a model says, each line is JSON in UTF-8 without bare control characters."""
    data, _ = WRITERS[name](exporting.store(log, talks.hostile_shop()))
    documents = [data] if name == "atif" else data.splitlines()
    assert all(json.loads(each.decode()) for each in documents)
    assert not any(byte < 32 and byte != 10 for byte in data)


@pytest.mark.parametrize("name", WRITERS)
def test_exports_are_reproducible(log, name):
    """The same episode gives the same bytes each time."""
    info = exporting.shop(log).info
    assert WRITERS[name](read_run(log, info)) == WRITERS[name](read_run(log, info))


def test_an_archive_is_reproducible(log):
    """The same episodes give the same archive, since no clock is in it."""
    run = exporting.shop(log)
    assert exporting.archive(run) == exporting.archive(run)


@pytest.mark.parametrize("name", WRITERS)
def test_an_episode_that_has_not_begun(log, name):
    """An episode without a turn is exported all the same."""
    Episode.start(load("inbox/easy"), log=log, id="new", agent="me")
    data, _ = WRITERS[name](read_run(log, log.find("new")))
    assert data.endswith(b"\n")


def test_what_has_no_place_is_counted(log):
    """Fields that a format does not have, and events of the rules, are counted by name."""
    run = exporting.inbox(log)
    _, left = chat_line(run)
    assert left["how"] == 1
    assert run.trial.left["event email_handled"] == 3
    _, left = session_file(exporting.shop(log))
    assert left["turns[].usage.input"] == 5


def test_an_instrument_failure_has_no_grade(log):
    """An episode that a world's failure cut off has no score of refold's, and tells the fault."""
    parameters = AnsweredParameters("mine", "shop")
    episode = Episode.start(answered_scenario("mine:shop", parameters), log=log, id="cut")
    episode.note(began({"messages": [{"role": "user", "content": "Hi"}]}))
    episode.step({"content": "Hi"}, answers=[EnvironmentAnswered(fault="it is gone")])
    run = read_run(log, log.find("cut"))
    assert run.scores == []
    assert spans_of(run)[0]["status"] == {"code": 2, "message": "it is gone"}
    (sample,) = (each for name, each in entries(run).items() if name.startswith("samples/"))
    assert sample["error"]["message"] == "it is gone"
