"""Any model API plays: its quirks are met, and its failures are told from those of the model."""

import pytest
from asking import of_kind, play
from fault_server import FaultServer, refuses
from quirks import CUT_OFF, FORFEITS, PLAYS, Quirk
from shell import Shell
from sizes import first_fast

from refold.agents.conversation import rebuild_requests, request_digest
from refold.engine import ActionTaken, Episode, EventLog
from refold.engine.exchanges import ActionForfeited, ModelCalled
from refold.graders import grade
from refold.replays import verify
from refold.scenarios import load

EASY = load("workflow/easy")


def played(quirk, log):
    """Return the stream of an episode that was played behind *quirk*, and what was asked."""
    episode = Episode.start(EASY, log=log)
    with FaultServer(then=quirk.serving()) as server:
        play(server.base_url, episode)
    return log.events(episode.id), server.requests


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Return the stream of an episode that was played without any quirk."""
    with EventLog(tmp_path_factory.mktemp("plain") / "log.db") as log:
        return played(Quirk(), log)[0]


@pytest.mark.parametrize("name", first_fast(PLAYS, 3))
def test_a_quirk_changes_nothing_about_the_episode(log, plain, name):
    """The same actions and the same score, with default options; each request is in the log."""
    stream, asked = played(PLAYS[name], log)
    assert of_kind(ActionTaken, stream) == of_kind(ActionTaken, plain)
    assert grade(stream).score == 0.9
    assert not of_kind(ActionForfeited, stream)
    assert verify(stream) is None
    sent = []
    for seq, body in rebuild_requests(stream):
        assert stream[seq].request == request_digest(body)
        sent += [body] * (len(stream[seq].faults) + (stream[seq].reply is not None))
    assert [body for body in asked if body in sent] == asked


@pytest.mark.parametrize("name", FORFEITS)
def test_a_failure_of_the_model_counts_and_is_named(log, name):
    """The episode goes on to its end; each step without an action tells why."""
    quirk, reason = FORFEITS[name]
    stream, _ = played(quirk, log)
    forfeits = of_kind(ActionForfeited, stream)
    assert {each.reason for each in forfeits} == {reason}
    assert stream[-2].how != "running"
    assert log.find("last").reason != "instrument_failed"
    assert grade(stream).score < 0.9


@pytest.mark.parametrize("name", CUT_OFF)
def test_a_failure_of_the_api_is_named_and_does_not_count(log, name):
    """Nothing is forfeited; the last attempt has the cause."""
    quirk, cause = CUT_OFF[name]
    stream, _ = played(quirk, log)
    assert log.find("last").reason == "instrument_failed"
    assert of_kind(ModelCalled, stream)[-1].faults[-1].cause == cause
    assert not of_kind(ActionForfeited, stream)


def test_a_finding_serves_the_whole_run(log):
    """What an API refuses by name is left out from the start in later episodes."""
    quirk = PLAYS["no temperature"]
    episodes = [Episode.start(EASY, log=log) for _ in range(2)]
    with FaultServer(then=quirk.serving()) as server:
        play(server.base_url, *episodes)
    assert ["temperature" in body for body in server.requests].count(True) == 1


def test_a_reply_is_on_record_whole(log):
    """Its reasoning and fields that refold does not know, as they came."""
    stream, _ = played(PLAYS["deepseek: reasoning comes back"], log)
    reply = of_kind(ModelCalled, stream)[0].reply
    assert reply.message["reasoning_content"] == "I think about request 1"
    assert reply.reasoning == "I think about request 1"


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


RUN = "record workflow/easy --agent openai:m --epochs 2 --name r --max-retries 0 --temperature 0.5"
BUSY = refuses(503, "overloaded")


def test_what_an_api_cut_off_is_played_again(shell):
    """In the same run, with the same seeds and settings; reports count the newer episode."""
    with FaultServer(then=BUSY) as server:
        ran = shell(f"{RUN} --base-url {server.base_url}", code=1)
    assert "2 not counted: the model's API kept failing (2 × overloaded)\n" in ran.err
    assert "next: refold resume r --failed\n" in ran.err
    assert shell("grade", code=0).err.startswith("2 episodes without a grade")
    assert shell("grade --fail-under 0.1", code=1).out == ""
    assert "Not counted: the model’s API kept failing (503) at step 1." in shell("show last").out
    assert shell("show last --json").json["episodes"][0]["grade"] is None
    with FaultServer(then=Quirk().serving()) as server:
        ran = shell(f"resume r --failed --json --base-url {server.base_url}")
        again = shell(f"resume r --failed --base-url {server.base_url}")
    assert {body["temperature"] for body in server.requests} == {0.5}
    assert "nothing to do" in again.err
    rows = ran.json["episodes"]
    assert [(row["run"], row["epoch"], row["seed"], row["score"]) for row in rows] == [
        ("r", 0, EASY.seed, 0.9),
        ("r", 1, EASY.seed + 1, 0.9),
    ]
    (report,) = shell("report r --json").json["reports"]
    assert (report["counted"], report["exclusions"]) == (2, {"played_again": 2})
    assert report["costs"]["unanswered"] == 2
    (run,) = shell("runs --json").json["runs"]
    assert (run["exclusions"], run["mean"]) == ({"played_again": 2}, 0.9)


def test_options_given_now_change_how_it_is_played_again(shell):
    """Too long a history is mended by the option that the complaint names."""
    quirk, _ = CUT_OFF["too long a history"]
    with FaultServer(then=quirk.serving()) as server:
        ran = shell(f"{RUN} --base-url {server.base_url}", code=1)
        assert "--history N" in ran.err
        shell(f"resume r --failed --history 1 --base-url {server.base_url}")
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        assert grade(log.events("last")).score == 0.9


def test_a_filter_leaves_one_episode_open_and_the_others_go_on(shell):
    """Exit 1, the filter by name; the episode can be resumed."""
    filtered = refuses(400, "The response was filtered by the content management policy.")
    with FaultServer(filtered, then=Quirk().serving()) as server:
        ran = shell(f"{RUN} --base-url {server.base_url}", code=1)
        assert "1 episode left open: model: " in ran.err
        assert "(content_filter, status 400: The response was filtered" in ran.err
        shell(f"resume r --base-url {server.base_url}")
    (report,) = shell("report r --json").json["reports"]
    assert (report["counted"], report["score"]["mean"]) == (2, 0.9)


def test_what_the_model_thought_is_shown(shell):
    """With the messages, by ``replay --messages``."""
    quirk = PLAYS["deepseek: reasoning comes back"]
    with FaultServer(then=quirk.serving()) as server:
        shell(f"{RUN} --base-url {server.base_url}")
    shown = shell("replay last --messages").out
    assert "I think about request" in shown
    assert "## Task" in shown
