import json

import pytest
from asking import ask, of_kind, play, played, sensible
from fault_server import BUSY, FaultServer, Sent, refuses, says

import cli
from agents.conversation import requests
from agents.recorded import NotRecorded, Recorded
from engine import Episode, EventLog
from engine.exchanges import ModelCalled
from scenarios import load

NO = refuses(422)
GARBAGE = Sent(body=b"?")
PROSE = says("Let me think about that.")
ROUGH = [NO, PROSE, BUSY, sensible, GARBAGE, sensible, PROSE, PROSE]


@pytest.fixture
def record(tmp_path, capsys, monkeypatch):
    """Return a function that records through the command line, and returns episodes and errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN", "OPENAI_BASE_URL", "API_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments, exit_code=0):
        command = ["record", "--agent", "openai:m", "--log", "log.db", "--json", *arguments]
        assert cli.run([*command, "--max-retries", "1"]) == exit_code
        shown = capsys.readouterr()
        return json.loads(shown.out)["episodes"] if shown.out else shown.err

    return run


def digests(rows):
    """Return the digests of episodes as they are shown."""
    return [row["digest"] for row in rows]


def test_answers_are_taken_from_the_log(record):
    """The same run again: the same bytes, faults and all, and the API is not asked at all."""
    with FaultServer(*ROUGH, then=sensible) as server:
        url = ["--base-url", server.base_url]
        first = record("workflow/easy", "inbox", "--epochs", "2", *url)
        asked = len(server.requests)
        again = record("workflow/easy", "inbox", "--epochs", "2", *url, "--reuse")
        assert len(server.requests) == asked
    assert digests(again) == digests(first)
    assert len(set(digests(first))) == len(first) == 8


def test_offline_needs_neither_server_nor_key(record):
    """All answers come from the log; there is nobody else to ask."""
    with FaultServer(*ROUGH, then=sensible) as server:
        first = record("workflow/easy", "--base-url", server.base_url)
    assert digests(record("workflow/easy", "--offline")) == digests(first)
    assert digests(record("workflow/easy", "--offline", "--parallel", "4")) == digests(first)


def test_what_the_log_does_not_hold_is_asked_for(record):
    """Other requests go to the API, and what it says is in the log from then on."""
    with FaultServer(then=sensible) as server:
        url = ["--base-url", server.base_url]
        first = record("workflow/easy", *url)
        asked = len(server.requests)
        other = record("workflow/easy", *url, "--reuse", "--temperature", "0.5")
        assert len(server.requests) == 2 * asked
    assert digests(other) != digests(first)
    assert digests(record("workflow/easy", "--offline", "--temperature", "0.5")) == digests(other)


@pytest.mark.parametrize("steps", [0, 3])
def test_offline_a_miss_is_an_error_that_names_the_step(record, steps):
    """It never falls through to a live model, also where one is named; the episode stays open."""
    whole = played(load("workflow/easy")).events
    with EventLog("log.db") as log:
        Episode.fork(whole, steps, log=log, agent="openai:m", id="known")
    with FaultServer(then=sensible) as server:
        error = record("workflow/easy", "--offline", "--base-url", server.base_url, exit_code=2)
        assert server.requests == []
    with EventLog("log.db", readonly=True) as log:
        info = log.find("last")
    assert (info.steps, info.ended) == (steps, None)
    where = f"refold: episode {info.id} step {steps + 1}: expected the answer in the log, got none"
    assert error == f"{where} recorded for this request; go on without --offline\n"


def test_a_failure_of_the_api_is_no_answer(log):
    """What a live API may do better is asked again; that it knows no tools is taken as known."""
    failed = Episode.start(load("workflow/easy"), log=log, agent="openai:m")
    with FaultServer(NO, then=BUSY) as server:
        play(server.base_url, failed)
    (_, tools), (_, form) = requests(failed.events)
    with FaultServer(PROSE) as server:
        answers, _ = ask(server.base_url, tools, form, through=lambda live: Recorded(log, live))
        assert server.requests == [form]
    assert [answer.reply is None for answer in answers] == [True, False]
    with pytest.raises(NotRecorded, match="no answer"):
        ask("http://127.0.0.1:9/v1", form, through=lambda live: Recorded(log, None))


def test_of_several_answers_the_oldest_counts(log):
    """So that a run that is repeated twice is still the same."""
    replies = []
    for text in ("one", "two"):
        episode = played(load("workflow/easy"), says(text), log=log, agent="openai:m")
        replies.append(of_kind(ModelCalled, episode.events)[0].reply.text)
    assert replies == ["one", "two"]
    (_, body), *_ = requests(episode.events)
    (answer,), _ = ask("http://127.0.0.1:9/v1", body, through=lambda live: Recorded(log, None))
    assert answer.reply.text == "one"
