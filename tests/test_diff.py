import pytest
from attrs import evolve
from shell import Shell
from worlds import action, shipped, write

from refold.engine import Episode, EventLog
from refold.engine.exchanges import ReplyUnread
from refold.replays import diff
from refold.scenarios import load

ROUTINE = ("delegate technical_design tech_lead", "wait")


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture
def log(shell):
    """Yield the log of the shell."""
    with EventLog(shell.at / "refold.db") as log:
        yield log


def played(log, id, *words, scenario="workflow/easy", seed=None):
    """Record an episode of the actions *words* and return its stream."""
    episode = Episode.start(load(scenario), log=log, id=id, seed=seed)
    for each in words:
        episode.step(action(each))
    return episode.events


def test_the_same_to_the_byte(shell):
    """Two runs of one policy in one world are equal: exit 0, no difference at any step."""
    shell("record workflow/hard --agent greedy --epochs 2 --same-seed")
    ids = shell.ids()
    found = shell("diff --json", *ids).json
    assert (found["same"], found["cause"], found["states"]) == (True, None, [])
    assert found["episodes"] == ids
    assert found["digests"][0] == found["digests"][1]
    assert found["shared"] == len(found["rows"]) == 23
    assert not any(row["differs"] for row in found["rows"])
    assert shell("diff", *ids).out.startswith("no difference in 22 steps: digests equal, ")


def test_where_two_policies_part(shell):
    """The first divergence, both sides of each step from there, the state there, the grades."""
    shell("record workflow/hard --agent greedy --name a")
    shell("record workflow/hard --agent noop --name b")
    found = shell("diff --json", *shell.ids(), code=1).json
    assert (found["cause"], found["shared"], found["comparable"]) == ("action", 1, True)
    row = found["rows"][1]
    assert row["differs"] == ["action", "events", "reward", "state"]
    assert row["a"]["action"]["action_type"] == "delegate"
    assert row["b"]["action"] == {"action_type": "wait"}
    assert (row["a"]["reward"], row["b"]["reward"]) == (0.13, -0.03)
    assert {"path": "$.subtasks.alert_triage[0]", "a": "completed", "b": "ready"} in found["states"]
    assert found["scores"] == [0.0176, 0.01]
    completion = found["grade"][0]
    assert {**completion, "because": ...} == {
        "name": "completion",
        "a": 0.04,
        "b": 0.0,
        "delta": -0.04,
        "because": ...,
    }
    shown = shell("diff", *shell.ids(), code=1).out
    assert "0 equal steps, then apart: the agents chose differently" in shown
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    step = "1 delegate alert_triage to triage_analyst wait +0.13 / -0.03 action events reward state"
    assert step in lines
    assert "completion +0.04 0 -0.04" in lines
    assert "score 0.0176 0.0100 -0.0076" in lines


def test_another_seed_or_scenario(log):
    """What was played comes before how: seed and scenario are causes of their own."""
    base = played(log, "base", *ROUTINE)
    seed = diff(base, played(log, "seed", *ROUTINE, seed=9))
    assert (seed.cause, seed.shared, seed.comparable) == ("seed", 0, True)
    other = diff(base, played(log, "other", *ROUTINE, scenario="workflow/medium"))
    assert (other.cause, other.comparable) == ("scenario", False)


def test_one_goes_on(log, shell):
    """A run that stops where the other goes on differs by length; nothing stands beside it."""
    short = played(log, "short", *ROUTINE)
    played(log, "long", *ROUTINE, "wait", "wait")
    found = shell("diff short long --json", code=1).json
    assert (found["cause"], found["shared"], found["states"]) == ("length", 3, [])
    assert [row["a"] is None for row in found["rows"]] == [False, False, False, True, True]
    shown = shell("diff short long", code=1).out
    assert "2 equal steps, then apart: one continues where the other stops" in shown
    cut = Episode.start(load("workflow/easy"), log=log, id="cut")
    for each in ROUTINE:
        cut.step(action(each))
    cut.truncate("power_cut")
    assert diff(short, cut.events).cause == "length"
    assert diff(log.events("long"), cut.events).cause == "length"


def test_another_outcome_of_the_same_action(log):
    """Where equal actions led to other events, it was chance, or somebody's hand."""
    stream = played(log, "true", *ROUTINE)
    info = log.find("true")
    forged = [each.replace(b'"delegation":0.05', b'"delegation":0.06') for each in stream.payloads]
    log.begin(type(info)("forged", info.scenario, info.seed), forged)
    found = diff(stream, log.events("forged"))
    assert (found.cause, found.shared) == ("chance", 1)
    assert found.rows[1].differs == ("events", "reward")


def test_talk_is_no_difference_of_play(log, shell):
    """What passed between agent and model is told apart from what was done."""
    silent, talking, other = (
        Episode.start(load("workflow/easy"), log=log, id=id) for id in ("silent", "talk", "other")
    )
    unread = ReplyUnread("no JSON", "Let me think")
    for words in ROUTINE:
        silent.step(action(words))
        talking.step(action(words), unread)
    other.step(action(ROUTINE[0]), unread)
    other.step(action("abort technical_design"))
    found = diff(silent.events, talking.events)
    assert (found.cause, found.same, found.shared) == ("exchange", False, 3)
    assert [row.differs for row in found.rows] == [(), ("reply",), ("reply",)]
    shown = shell("diff silent talk", code=1).out
    assert "2 equal steps: only the exchanges between agent and model differ" in shown
    found = diff(silent.events, other.events)
    assert (found.cause, found.shared) == ("action", 2)


def swapped(side_by_side):
    """Return a row, value or part of a comparison as it is the other way round."""
    made = {**side_by_side, "a": side_by_side["b"], "b": side_by_side["a"]}
    if "delta" in made:
        made["delta"] = -made["delta"]
        made["because"] = swapped(made["because"])
    if "states" in made:
        made["states"] = list(map(swapped, made["states"]))
    return made


@pytest.mark.parametrize("pair", [("a", "b"), ("a", "c"), ("b", "c"), ("a", "d"), ("a", "a")])
def test_symmetry(log, shell, pair):
    """Compared the other way round, everything is the same with the sides swapped."""
    played(log, "a", *ROUTINE)
    played(log, "b", "wait", *ROUTINE)
    played(log, "c", *ROUTINE, seed=3)
    played(log, "d", *ROUTINE, "wait")
    one, other = (
        shell("diff --json", *ids, code=int(len(set(pair)) > 1)).json
        for ids in (pair, reversed(pair))
    )
    for key in ("same", "cause", "shared", "comparable"):
        assert one[key] == other[key]
    for key in ("episodes", "digests", "scores"):
        assert one[key] == other[key][::-1]
    for key in ("rows", "states", "grade"):
        assert one[key] == list(map(swapped, other[key]))


def test_grades_by_different_rubrics_are_not_subtracted(shell):
    """Points of different rubrics stand side by side, without a difference."""
    data = shipped("workflow/easy")
    data["rubric"]["criteria"][0]["weight"] = 0.65
    data["rubric"]["criteria"][2]["weight"] = 0.15
    mine = write(shell.at / "mine.toml", data)
    shell("record workflow/easy --agent greedy")
    shell("record --agent greedy", mine)
    found = shell("diff --json", *shell.ids(), code=1).json
    assert (found["cause"], found["comparable"]) == ("scenario", False)
    shown = shell("diff", *shell.ids(), code=1).out
    assert "graded by different rubrics: points cannot be compared" in shown
    (score,) = [line.split() for line in shown.splitlines() if line.startswith("score")]
    assert score == ["score", "0.9000", "0.9000"]


def test_what_cannot_be_compared(shell):
    """An unknown episode on either side is bad input: exit 2."""
    shell("record workflow/easy --agent noop")
    for words in ("diff last nobody", "diff nobody last", "diff nobody last --json"):
        shell.refuses(words, match="episode 'nobody': expected an id")
    shell.refuses("diff last", match="missing argument 'B'")


@pytest.mark.parametrize("other", ["workflow/medium", "inbox/hard"])
def test_two_scenarios_are_compared_on_one_page(shell, other):
    """What differs between them, a short line each, and the grades; no steps, no Python."""
    shell("record workflow/hard --agent greedy")
    shell(f"record {other} --agent random")
    text = shell("diff", *shell.ids(), code=1).out
    lines = text.splitlines()
    assert lines[1] == "0 equal steps, then apart: they play different scenarios"
    assert len(lines) <= 50
    assert not any("{'" in line or "['" in line for line in lines)
    assert any(line.split()[0::2] == ["$.name", other] for line in lines if line.strip())
    assert lines[-1].startswith("score")


def test_a_changed_scenario_is_compared_step_by_step(shell, log):
    """Where the name is the same, the steps tell what the change did."""
    scenario = load("workflow/easy")
    for changed in (
        scenario,
        evolve(scenario, parameters=evolve(scenario.parameters, time_budget=2)),
    ):
        episode = Episode.start(changed, log=log)
        episode.step(action(ROUTINE[0]))
        episode.step(action(ROUTINE[1]))
    text = shell("diff", *shell.ids(), code=1).out
    assert "they play different scenarios" in text
    assert "behind the points" in text or "step  A" in text
