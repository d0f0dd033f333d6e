import os

import pytest
from msgspec.structs import replace
from shell import Shell
from worlds import action, shipped, write

from refold import replays
from refold.engine import ActionRefused, Episode, EventLog, Reseeded
from refold.engine.exchanges import Attempt, ModelCalled, ModelConfigured, Reply, ToolCall, Usage
from refold.replays import diff
from refold.replays.alignment import pair_by_action, pair_by_position
from refold.replays.evidence import unmatched_events
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.scenarios import load

FIRST = action("delegate technical_design tech_lead")
WAIT = {"action_type": "wait"}
ABORT = action("abort technical_design")
ASKED = ModelConfigured("workflow.1", "tools", None, {"model": "m", "temperature": 0.0})


def called(text, *, told="what now?", call=None, ms=5, tokens=7, faults=()):
    """Return an exchange in which the model was told one thing, and answered *text*."""
    calls = (ToolCall(call, "wait", "{}"),) if call else ()
    reply = Reply("m", text, calls, "stop", Usage(tokens, 1), 0)
    sent = ({"role": "user", "content": told, **({"tool_call_id": call} if call else {})},)
    return ModelCalled(sent, 1, f"{ms:064}", reply, faults, ms)


def played(*steps, configured=ASKED, scenario="workflow/easy"):
    """Return the stream of an episode of *steps*: each an action and what led to it."""
    episode = Episode.start(load(scenario))
    if configured:
        episode.note(configured)
    for given, *inputs in steps:
        episode.step(given, *inputs)
    return episode.events


SAME = [(FIRST, called("one")), (WAIT, called("two"))]


@pytest.mark.parametrize(
    ("steps", "configured", "cause", "differs"),
    [
        ([SAME[0], (ABORT, called("abort!"))], ASKED, "reply", ("reply", "action")),
        ([SAME[0], (ABORT, called("two"))], ASKED, "action", ("action",)),
        ([SAME[0], (ABORT, called("abort!", told="or else"))], ASKED, "prompt",
         ("prompt", "reply", "action")),
        ([(FIRST, called("one, because")), (ABORT, called("two"))], ASKED, "reply", ("action",)),
        ([SAME[0], (ABORT, called("two"))], replace(ASKED, format="json"), "model", ("action",)),
        ([SAME[0], (ABORT, called("abort!"))], None, "model", ("reply", "action")),
        ([SAME[0], (ABORT,)], ASKED, "action", ("prompt", "reply", "action")),
        ([SAME[0], (ABORT, replace(ASKED, history=3), called("no"))], ASKED, "model",
         ("prompt", "reply", "action")),
        ([SAME[0], (ABORT, Reseeded(9), called("abort!"))], ASKED, "seed",
         ("seed", "reply", "action")),
    ],
    ids=["reply", "no-word", "told", "before", "format", "unconfigured", "policy", "new-model",
         "seed"],
)  # fmt: skip
def test_why_another_action_was_chosen(steps, configured, cause, differs):
    """The first thing that differs in what models were asked and said is the cause."""
    a, b = played(*SAME), played(*steps, configured=configured)
    for one, other in ((a, b), (b, a)):
        found = diff(one, other)
        assert (found.cause, found.shared) == (cause, 2)
        assert found.rows[2].differs[: len(differs)] == differs


@pytest.mark.parametrize(
    "second",
    [
        called("two", ms=99),
        called("two", tokens=99),
        called("two", faults=(Attempt("timeout", None),)),
    ],
)
def test_what_never_repeats_is_no_other_prompt_or_reply(second):
    """Latency, tokens and failed attempts are told as such, apart from words."""
    found = diff(played(*SAME), played(SAME[0], (WAIT, second)))
    assert (found.cause, found.same) == ("exchange", False)
    assert found.rows[2].differs == ("exchange",)


def test_ids_of_tool_calls_are_no_words():
    """APIs make up new ids each time: the same calls by other ids are the same replies."""
    a, b = (
        played((FIRST, called("one", call=f"{id}1")), (last, called(text, call=f"{id}2")))
        for id, last, text in (("x", WAIT, "two"), ("y", ABORT, "abort!"))
    )
    found = diff(a, b)
    assert (found.cause, found.rows[1].differs) == ("reply", ("exchange",))
    assert found.rows[2].differs[:2] == ("reply", "action")


def test_another_model_named_again_is_the_same():
    """A fork that asks the same model in the same way does not differ by saying so."""
    again = played(SAME[0], (WAIT, ASKED, called("two")))
    found = diff(played(*SAME), again)
    assert (found.cause, found.rows[2].differs) == ("exchange", ("exchange",))


@pytest.fixture
def shell(tmp_path):
    """Return a shell in a folder that a second version of the workflow rules is installed in."""
    about = tmp_path / "second-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: second\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[refold.families]\nworkflow.9 = second:FAMILY\n"
        "[refold.criteria]\nworkflow.9 = refold.scenarios.workflow.criteria:CRITERIA\n"
    )
    (tmp_path / "second.py").write_text(
        "from attrs import evolve\nfrom refold.scenarios.workflow import FAMILY\n"
        "FAMILY = evolve(FAMILY, rules=9, scenarios=())\n"
    )
    return Shell(tmp_path)


def edited(shell, name, **changes):
    """Write workflow/easy with *changes* as a file of the shell's folder and return its name."""
    write(shell.at / name, {**shipped("workflow/easy"), **changes})
    return name


@pytest.mark.slow
def test_across_versions_of_the_rules(shell):
    """What other rules decided is shown side by side; nothing of it is subtracted."""
    path = os.pathsep.join([str(shell.at), *filter(None, [os.environ.get("PYTHONPATH")])])
    second = {"env": {**os.environ, "PYTHONPATH": path, "REFOLD_LOG": "refold.db"}}
    new = edited(shell, "new.toml", rules=9)
    shell.program("record workflow/easy --agent noop --name old", **second)
    shell.program("record --agent greedy --name new", new, **second)
    ids = shell.ids()
    found = shell.program("diff --json", *ids, code=1, **second).json
    assert (found["cause"], found["shared"]) == ("rules", 0)
    assert (found["comparable"], found["incomparable"]) == (False, ["rules"])
    assert {"path": "$.rules", "a": 1, "b": 9} in found["scenario"]
    assert not any([found["states"], *(row["states"] for row in found["rows"])])
    assert {part["delta"] for part in found["grade"]} == {None}
    shown = shell.program("diff", *ids, code=1, **second).out
    assert "decided by different rules: states, rewards and points cannot be compared" in shown
    assert "state after" not in shown
    (score,) = [line.split() for line in shown.splitlines() if line.startswith("score")]
    assert score == ["score", "0.0100", "0.9000"]


def test_across_versions_of_the_rubric(shell):
    """Another rubric changes no step, but points are not subtracted."""
    rubric = {**shipped("workflow/easy")["rubric"], "version": 2}
    shell("record workflow/easy --agent greedy")
    shell("record --agent greedy", edited(shell, "new.toml", rubric=rubric))
    found = shell("diff --json", *shell.ids(), code=1).json
    assert (found["cause"], found["incomparable"]) == ("scenario", ["rubric"])
    assert {"path": "$.rubric.version", "a": 1, "b": 2} in found["scenario"]
    assert [row["step"] for row in found["rows"] if row["differs"]] == [0]
    shown = shell("diff", *shell.ids(), code=1).out
    assert "$.rubric.version" in shown
    assert "graded by different rubrics: points cannot be compared" in shown


def test_words_of_models(shell):
    """People see what the model was told and said where two runs part, from where it differs."""
    with EventLog(shell.at / "refold.db") as log:
        for id, last, reply in (("a", WAIT, "Let me wait"), ("b", ABORT, "Let me abort \x1b]0;")):
            episode = Episode.start(load("workflow/easy"), log=log, id=id)
            episode.step(FIRST, ASKED, called("one " * 200 + id))
            episode.step(last, called(reply, told=f"{id} what now?"))
    shown = shell("diff a b", code=1).out
    assert "1 equal step, then apart: the model answered the same request differently" in shown
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines[lines.index("sent to the model at step 2") :][1:3] == [
        "A a what now?",
        "B b what now?",
    ]
    assert lines[lines.index("the model's reply at step 2") :][1:3] == [
        "A Let me wait",
        "B Let me abort <U+001B>]0;",
    ]
    before = shell("diff a b --step 1", code=1).out
    assert "A  …" in before
    assert "one one b" in before
    (row,) = shell("diff a b --step 1 --json", code=1).json["rows"]
    assert row["differs"] == ["reply"]
    shell.refuses("diff a b --step 3", match="step: expected 0 to 2")


def test_events_behind_the_points():
    """Where points differ, the events that only one side has explain it, with their words."""
    greedy, example = (
        read_golden(GOLDEN_FOLDER / f"workflow-hard-{name}.jsonl")
        for name in ("greedy", "worked-example")
    )
    parts = {part.name: part for part in diff(greedy, example).parts}
    penalty = parts["invalid_penalty"]
    assert (len(penalty.seqs_a), penalty.seqs_b) == (19, ())
    completion = parts["completion"]
    says = [example.family.say(example[seq]) for seq in completion.seqs_b]
    assert "investigator_beta completed enrich_logs after 1 failed" in says
    assert "triage_analyst completed alert_triage" not in says
    assert parts["budget_overrun_penalty"].seqs_a == parts["budget_overrun_penalty"].seqs_b == ()
    back = {part.name: part for part in diff(example, greedy).parts}
    assert {n: (p.seqs_b, p.seqs_a) for n, p in back.items()} == {
        n: (p.seqs_a, p.seqs_b) for n, p in parts.items()
    }


def test_which_events_only_one_side_has():
    """Equal events cancel out one by one; if all do, the step tells, and else all are told."""
    early, late = played((FIRST,), (WAIT,)), played((WAIT,), (FIRST,))
    done = [stream.index(next(each for each in stream if "Completed" in type(each).__name__))
            for stream in (early, late)]  # fmt: skip
    assert unmatched_events(early, (0, done[0]), late, (0,)) == ((done[0],), ())
    assert unmatched_events(early, (0, done[0]), late, (0, done[1])) == ((done[0],), (done[1],))
    assert unmatched_events(early, (0,), late, (0,)) == ((0,), (0,))
    refused = action("retry technical_design tech_lead")
    once, thrice = played((refused,)), played((refused,), (refused,), (refused,))
    seqs = [seq for seq, event in enumerate(thrice) if isinstance(event, ActionRefused)]
    assert unmatched_events(once, (seqs[0],), thrice, (0, *seqs)) == ((), (0, *seqs[1:]))


def test_alignment_by_step_and_by_action():
    """By step each position stands beside itself; by action an extra step moves nothing else."""
    a, b = played((FIRST,), (WAIT,), (ABORT,)), played((WAIT,), (FIRST,), (WAIT,), (ABORT,))
    found = diff(a, b)
    assert pair_by_position(found) == [
        (1, 1, "action"),
        (2, 2, "action"),
        (3, 3, "action"),
        (None, 4, "b"),
    ]
    pairs = pair_by_action(found)
    assert [(i, j) for i, j, _ in pairs] == [(None, 1), (1, 2), (2, 3), (3, 4)]
    assert [how for *_, how in pairs] == ["b", "same", "same", "same"]


@pytest.mark.parametrize("seeds", [(1, 2), (3, 3), (4, 5)])
def test_alignments_leave_no_step_out(random_episode, seeds):
    """Each step of either side stands in exactly one row, in order, and as it compares."""
    a, b = (random_episode("workflow/medium", seed).events for seed in seeds)
    found = diff(a, b)
    for pairs in (pair_by_position(found), pair_by_action(found)):
        for side, stream in enumerate((a, b)):
            steps = [pair[side] for pair in pairs if pair[side] is not None]
            assert steps == list(range(1, len(list(replays.steps(stream)))))
        for i, j, how in pairs:
            alone = "b" if i is None else "a" if j is None else None
            assert alone == (how if how in ("a", "b") else None)
