"""Preference pairs: of forks of one parent whose grades differ, from where they part."""

import json

import pytest
from attrs import evolve
from shell import Shell

from refold.engine import EventLog
from refold.transcripts.exports.conversation import all_messages
from refold.transcripts.exports.pairs import pair_lines
from refold.transcripts.exports.runs import read_run


@pytest.fixture
def shell(tmp_path):
    """Return a shell whose log holds an inbox played well, and a fork of it played badly."""
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent baseline --name r")
    (tmp_path / "bad.jsonl").write_text('{"type":"archive"}\n' * 2)
    shell("fork last --at 1 --agent script:bad.jsonl --new-id bad")
    return shell


def pairs(shell, *words):
    """Return the pairs that the shell exports with *words*."""
    ran = shell("export --as chat --pairs", *words)
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_pair(shell):
    """The better one is chosen; both go on from one prompt, the first turn of each its own."""
    (pair,) = pairs(shell)
    assert pair["refold"]["rejected"] == "bad"
    assert pair["score_chosen"] > pair["score_rejected"]
    assert [message["role"] for message in pair["prompt"]] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]
    for side in ("chosen", "rejected"):
        assert pair[side][0]["role"] == pair[side][-1]["role"] == "assistant"
    assert pair["chosen"][0] != pair["rejected"][0]
    assert pair["tools"][0]["function"]["name"] == "respond"


def test_prompt_and_side_are_the_conversation(shell):
    """Put together, they are what was said, up to the last turn."""
    (pair,) = pairs(shell)
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        run = read_run(log, log.find(pair["refold"]["chosen"]))
    whole = list(all_messages(run.trial))
    told = [*pair["prompt"], *pair["chosen"]]
    assert told == whole[: len(told)]
    assert all(message["role"] != "assistant" for message in whole[len(told) :])


def test_forks_pair_with_each_other(shell):
    """Three runs with three scores make three pairs; equal scores make none."""
    parent = shell.ids()[0]
    (shell.at / "worse.jsonl").write_text('{"type":"archive"}\n{"type":"escalate"}\n' * 2)
    shell(f"fork {parent} --at 0 --agent script:worse.jsonl --new-id worse")
    shell(f"fork {parent} --at 1 --agent script:bad.jsonl --new-id again")
    shell("grade --save")
    found = {(each["refold"]["chosen"], each["refold"]["rejected"]) for each in pairs(shell)}
    scores = {each["id"]: each["score"] for each in shell("episodes --json").json["episodes"]}
    for chosen, rejected in found:
        assert scores[chosen] > scores[rejected]
    assert ("bad", "again") not in found
    assert ("again", "bad") not in found
    assert len(found) >= 3


def test_named_parents_only(shell):
    """With an id, the pairs are those of this episode and its forks."""
    parent = shell.ids()[0]
    assert len(pairs(shell, parent)) == 1
    assert pairs(shell, "bad") == []


def test_no_pairs_is_said(tmp_path):
    """A log without forks gives an empty file, and a line that says what makes pairs."""
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent baseline")
    ran = shell("export --as chat --pairs")
    assert ran.out == ""
    assert ran.err.startswith("0 pairs exported; forks of one parent")


def test_runs_that_do_not_part_make_no_pair(shell):
    """One that only stops earlier did nothing that could be rejected."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        run = read_run(log, log.find(shell.ids()[0]))
        short = read_run(log, log.find("bad"))
    short.trial.turns = run.trial.turns[:1]
    assert list(pair_lines([run, short])) == []


def test_luck_makes_no_pair(shell):
    """Runs of equal turns whose world answered otherwise are not told apart by a choice."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        run, lucky = (read_run(log, log.find(id)) for id in (shell.ids()[0], "bad"))
    lucky.trial.turns = [*run.trial.turns]
    lucky.trial.turns[0] = evolve(run.trial.turns[0], answer=[{"role": "tool", "content": "?"}])
    assert list(pair_lines([run, lucky])) == []
