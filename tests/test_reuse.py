import pytest
from asking import ask, of_kind, play, played, sensible
from fault_server import BUSY, FaultServer, Sent, refuses, says
from shell import Shell

from refold.agents.conversation import rebuild_requests
from refold.agents.recorded import NotRecorded, RecordedResponses
from refold.engine import Episode
from refold.engine.exchanges import ModelCalled
from refold.scenarios import load

NO = refuses(422)
GARBAGE = Sent(body=b"?")
PROSE = says("Let me think about that.")
ROUGH = [NO, PROSE, BUSY, sensible, GARBAGE, sensible, PROSE, PROSE]


@pytest.fixture
def record(tmp_path):
    """Return a function that records with a model at *server*, if given, and returns what ran."""
    shell = Shell(tmp_path)

    def run(words, *more, server=None, code=0):
        address = ["--base-url", server.base_url] if server else []
        agent = "record --agent openai:m --log log.db --json --max-retries 1"
        nobody = {"OPENAI_API_KEY": "", "API_KEY": "", "HF_TOKEN": ""}
        return shell(f"{agent} {words}", *more, *address, code=code, **nobody)

    return run


def digests(ran):
    """Return the digests of the episodes that were shown."""
    return [row["digest"] for row in ran.json["episodes"]]


@pytest.mark.slow
@pytest.mark.parametrize("worlds", [[], ["--same-seed"]])
def test_a_run_that_is_repeated_is_the_same(record, worlds):
    """The same bytes, faults and all, also where one request was answered in several ways."""
    run = ["workflow/easy inbox --epochs 2", *worlds]
    with FaultServer(*ROUGH, then=sensible) as server:
        first = record(*run, server=server)
        asked = len(server.requests)
        again = record(*run, "--reuse", "--parallel", "3", server=server)
        assert len(server.requests) == asked
    assert digests(again) == digests(first)
    assert len(digests(first)) == 8


def test_offline_needs_neither_server_nor_key(record):
    """All answers come from the log; there is nobody else to ask."""
    with FaultServer(*ROUGH, then=sensible) as server:
        first = record("workflow/easy", server=server)
    assert digests(record("workflow/easy --offline")) == digests(first)
    assert digests(record("workflow/easy --offline --parallel 4")) == digests(first)


def test_what_the_log_does_not_hold_is_asked_for(record):
    """Other requests go to the API, and what it says is in the log from then on."""
    with FaultServer(then=sensible) as server:
        first = record("workflow/easy", server=server)
        asked = len(server.requests)
        other = record("workflow/easy --reuse --temperature 0.5", server=server)
        assert len(server.requests) == 2 * asked
    assert digests(other) != digests(first)
    twice = record("workflow/easy --offline --temperature 0.5 --same-seed --epochs 2")
    assert digests(twice) == digests(other) * 2


@pytest.mark.parametrize("steps", [0, 3])
def test_offline_a_miss_is_an_error_that_names_the_step(record, log, steps):
    """It never falls through to a live model, also where one is named; the episode stays open."""
    whole = played(load("workflow/easy")).events
    Episode.fork(whole, steps, log=log, agent="openai:m", id="known")
    with FaultServer(then=sensible) as server:
        error = record("workflow/easy --offline", server=server, code=2).err
        assert server.requests == []
    info = log.find("last")
    assert (info.steps, info.ended) == (steps, None)
    where = f"refold: episode {info.id} step {steps + 1}: expected the answer in the log, got none"
    assert error == f"{where} recorded for this request; go on without --offline\n"


def test_a_failure_of_the_api_is_no_answer(log):
    """What a live API may do better is asked again; that it knows no tools is taken as known."""
    failed = Episode.start(load("workflow/easy"), log=log, agent="openai:m")
    with FaultServer(NO, then=BUSY) as server:
        play(server.base_url, failed)
    (_, tools), (_, form) = rebuild_requests(failed.events)
    with FaultServer(PROSE) as server:
        answers, _ = ask(
            server.base_url, tools, form, through=lambda live: RecordedResponses(log, live)
        )
        assert server.requests == [form]
    assert [answer.reply is None for answer in answers] == [True, False]
    with pytest.raises(NotRecorded, match="no answer"):
        ask("http://127.0.0.1:9/v1", form, through=lambda live: RecordedResponses(log, None))


def test_of_several_answers_the_oldest_counts(log):
    """So that a run that is repeated twice is still the same."""
    replies = []
    for text in ("one", "two"):
        episode = played(load("workflow/easy"), says(text), log=log, agent="openai:m")
        replies.append(of_kind(ModelCalled, episode.events)[0].reply.text)
    assert replies == ["one", "two"]
    (_, body), *_ = rebuild_requests(episode.events)
    (answer,), _ = ask(
        "http://127.0.0.1:9/v1", body, through=lambda live: RecordedResponses(log, None)
    )
    assert answer.reply.text == "one"
