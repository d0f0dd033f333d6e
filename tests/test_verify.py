import re
import sqlite3
from contextlib import closing

import msgspec
import pytest
from attrs import evolve
from shell import Shell

from refold.engine import Episode, EpisodeInfo, EpisodeRecord, EventLog
from refold.engine.exchanges import ReplyUnread
from refold.replays import verify
from refold.replays.golden import find_goldens, read_golden
from refold.scenarios import load, scenario_names

GOLDEN = {path.name: path for path in find_goldens()}["workflow-hard-greedy.jsonl"]
REWARDED = b'"type":"step_rewarded"'


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def forge(shell, payloads, name="forged.db", **changes):
    """Write a log, its chain intact, of an episode that has *payloads*."""
    told = {"id": "forged", "scenario": "workflow/hard", "seed": 44} | changes
    with EventLog(shell.at / name) as log:
        log.begin(EpisodeInfo(**told), payloads, end=True)


def verdict(shell, name="forged.db"):
    """Return the problem that verify finds, the same for programs and for people."""
    (found,) = shell("verify --json --log", name, code=1).json["verdicts"]
    assert (found["episode"], found["ok"]) == ("forged", False)
    ran = shell("verify --log", name, code=1)
    assert ran.err == "1 episode checked, 1 wrong\n"
    shown = "".join(line.strip() for line in ran.out.splitlines())
    assert re.sub(r"\s", "", found["problem"]) in re.sub(r"\s", "", shown)
    return found["problem"]


def divergence(shell, name="forged.db"):
    """Return where the one episode of a log parts from its rules."""
    return shell("verify --json --log", name, code=1).json["verdicts"][0]["divergence"]


def changed(payloads, seq, **fields):
    """Return *payloads* with *fields* of the event at *seq* changed."""
    event = msgspec.json.decode(payloads[seq]) | fields
    return [*payloads[:seq], msgspec.json.encode(event), *payloads[seq + 1 :]]


@pytest.fixture
def payloads():
    """Return the stored bytes of a true stream."""
    return read_golden(GOLDEN).payloads


def test_true_episodes(shell, random_episode):
    """What was recorded by playing holds: any scenario, any seed, ended or not."""
    with EventLog(shell.at / "refold.db") as log:
        for seed, scenario in enumerate(scenario_names()):
            for steps in (0, 3, 10_000):
                random_episode(scenario, seed, log, steps=steps)
        cut = Episode.start(load("inbox/easy"), log=log)
        cut.step({"type": "archive"}, ReplyUnread("no JSON", "hm"))
        cut.note(ReplyUnread("no JSON", "hm"))
        cut.truncate("instrument_failed")
    ran = shell("verify --json")
    assert all(each["ok"] and each["problem"] is None for each in ran.json["verdicts"])
    ran = shell("verify")
    assert ran.err == f"{3 * len(scenario_names()) + 1} episodes checked, 0 wrong\n"
    listed = shell("episodes --json --limit 0").json["episodes"]
    shown = [f"{each['id']}  ok {each['digest'][:8]}" for each in reversed(listed)]
    assert ran.out.splitlines() == shown


def test_a_true_stream_in_another_log(shell, payloads):
    """The helper of these tests forges nothing by itself."""
    forge(shell, changed(payloads, 6))
    shell("verify --log forged.db")


def test_a_changed_reward(shell, payloads):
    """A better reward is found though the chain fits: episode, step and event are named."""
    seq = next(seq for seq, each in enumerate(payloads) if REWARDED in each)
    forge(shell, changed(payloads, seq, reward=0.99))
    assert verdict(shell) == f"step 1 event {seq} (step_rewarded) $.reward: expected 0.13, got 0.99"
    assert divergence(shell) == {
        "step": 1,
        "event": seq,
        "type": "step_rewarded",
        "field": "$.reward",
        "recorded": 0.99,
        "expected": 0.13,
    }
    (step,) = shell("replay --log forged.db forged --step 1 --json").json["steps"]
    assert seq in [event["seq"] for event in step["events"]]


def test_an_event_too_many(shell, payloads):
    """An event that the rules did not make is found where it stands."""
    seq = next(seq for seq, each in enumerate(payloads) if REWARDED in each)
    more = b'{"type":"subtask_completed","failures":0,"subtask":"enrich_logs","worker":"monitor"}'
    forge(shell, [*payloads[:seq], more, *payloads[seq:]])
    assert verdict(shell).startswith(f"step 1 event {seq} (subtask_completed) $: expected ")
    assert divergence(shell)["expected"]["type"] == "step_rewarded"
    forge(shell, [*payloads, payloads[-1]], "late.db")
    problem = verdict(shell, "late.db")
    late = f"step 23 event {len(payloads)} (step_rewarded) $: expected no event, got "
    assert problem.startswith(late)
    assert divergence(shell, "late.db")["expected"] is None


def test_an_action_too_many(shell, payloads):
    """A step has one action: one before it, or one whose outcome is missing, is found."""
    seq = next(seq for seq, each in enumerate(payloads) if b"action_taken" in each)
    forge(shell, [*payloads[: seq + 1], *payloads[seq:]])
    assert (divergence(shell)["event"], divergence(shell)["recorded"]) == (
        seq + 1,
        msgspec.json.decode(payloads[seq]),
    )
    forge(shell, payloads[: seq + 1], "half.db")
    assert divergence(shell, "half.db")["recorded"] is None


def test_an_event_too_few(shell, payloads):
    """A missing end of the last step is found, and so is a missing end of an ended episode."""
    forge(shell, payloads[:-1])
    assert re.match(r"step 22 event \d+ \(step_rewarded\) \$: .*, got no event", verdict(shell))
    assert divergence(shell)["recorded"] is None
    steps = [seq for seq, each in enumerate(payloads) if REWARDED in each]
    forge(shell, payloads[: steps[-2] + 1], "short.db")
    assert verdict(shell, "short.db") == "an end: expected False, as the events say, got True"


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"scenario": "workflow/easy"}, r"scenario: expected 'workflow/hard', as the events say"),
        ({"seed": 45}, r"seed: expected 44, as the events say, got 45"),
    ],
)
def test_an_episode_under_a_false_flag(shell, payloads, told, match):
    """What the log's list says of an episode has to fit its events."""
    forge(shell, payloads, **told)
    assert re.match(match, verdict(shell))


def test_another_seed_in_the_events(shell, payloads):
    """With another seed the recorded dice fall otherwise: some event is not what follows."""
    forge(shell, changed(payloads, 0, seed=27), seed=27)
    assert re.match(r"step 1 event 4 \(\w+\) \$", verdict(shell))


def test_an_impossible_scenario(shell, payloads):
    """A stream whose scenario no rules can take is wrong; the others are checked all the same."""
    scenario = msgspec.json.decode(payloads[0])["scenario"]
    scenario["parameters"]["time_budget"] = -1
    forge(shell, changed(payloads, 0, scenario=scenario))
    forge(shell, payloads, id="true")
    found = shell("verify --json --log forged.db", code=1).json["verdicts"]
    assert [each["ok"] for each in found] == [False, True]
    assert "$.parameters.time_budget: expected" in found[0]["problem"]


def test_a_broken_chain(shell, payloads):
    """An event changed in place breaks the chain there; the rest of the log is still checked."""
    forge(shell, payloads)
    forge(shell, payloads, id="true")
    with closing(sqlite3.connect(shell.at / "forged.db")) as log, log:
        trigger = "SELECT sql FROM sqlite_master WHERE name = 'events_immutable'"
        ((sql,),) = log.execute(trigger).fetchall()
        log.execute("DROP TRIGGER events_immutable")
        log.execute("UPDATE events SET payload = replace(payload, '0.13', '0.99') WHERE id = 7")
        log.execute(sql)
    found = shell("verify --json --log forged.db", code=1).json["verdicts"]
    assert [each["ok"] for each in found] == [False, True]
    assert re.match(r"episode forged event 6: expected the stored hash", found[0]["problem"])


def test_verify_names_nothing_it_was_not_asked_for(shell):
    """With ids only those are checked."""
    shell("record inbox --agent random")
    ids = shell.ids()
    found = shell("verify --json", ids[2], ids[0]).json["verdicts"]
    assert [each["episode"] for each in found] == [ids[2], ids[0]]
    assert verify(read_golden(GOLDEN)) is None


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("verify --expect 01234567", "--expect: expected exactly one ID, got 0"),
        ("verify ID ID --expect 01234567", "--expect: expected exactly one ID, got 2"),
        ("verify ID --expect 0123456", "expected 8 to 64 hex digits, got '0123456'"),
        ("verify ID --expect nonsense", "expected 8 to 64 hex digits, got 'nonsense'"),
    ],
)
def test_what_to_expect(shell, words, match):
    """A digest is expected of one episode, and in enough digits to mean something."""
    shell("record inbox/easy --agent random")
    shell.refuses(words.replace("ID", shell.ids()[0]), match=match)


@pytest.mark.parametrize("parents", [{"one": "one"}, {"one": "two", "two": "one"}])
def test_an_episode_that_descends_from_itself(tmp_path, parents):
    """Nothing is its own parent, nor a fork of its fork."""
    shell = Shell(tmp_path)
    with EventLog(tmp_path / "refold.db") as log:
        stream = Episode.start(load("inbox/easy"), log=log, id="root").events
        for id, parent in parents.items():
            record = EpisodeRecord(id, "inbox/easy", stream.started.seed, parent=parent, fork_at=0)
            log.begin(record, stream.payloads)
    ran = shell("verify", code=1)
    for id, parent in parents.items():
        assert f"{id}  parent: expected an older episode, got '{parent}'" in ran.out


def test_a_scenario_under_a_name_that_ships(tmp_path):
    """A scenario that only calls itself like one that ships is told apart from it at once."""
    shell = Shell(tmp_path)
    shell("record workflow/hard --agent greedy")
    easier = evolve(load("workflow/easy"), name="workflow/hard")
    with EventLog(tmp_path / "refold.db") as log:
        episode = Episode.start(easier, log=log, id="forged")
        while not episode.over:
            episode.step({"action_type": "wait"})
    told = "workflow/hard (not the one that ships)"
    real, forged = shell("verify").out.splitlines()
    assert told not in real
    assert forged.endswith(told)
    assert [row["remark"] for row in shell("verify --json").json["verdicts"]] == [None, told]
    assert shell("show forged").out.startswith(f"{told}  forged\n")
    assert shell("replay forged").err == f"scenario {told}\n"
    assert told not in shell("show", shell.ids()[0]).out
