"""Where passes and failures of one scenario part, against chance, and what only the ones have."""

from math import log2

import pytest
from msgspec import to_builtins
from shell import Shell
from worlds import action

from refold.engine import Episode, EventLog
from refold.graders import grade
from refold.reports.grouping import Path, event_shares, find_splits, path_of
from refold.reports.grouping.paths import without_text
from refold.reports.outcomes import PlayedEpisode, outcome_of
from refold.scenarios import load

HERE = (0, b"start")


def path(number: int, passed: bool, chose: str, *, agent: str = "a", happened=()) -> Path:
    """Return the path of an episode of one choice."""
    return Path(f"{number}", agent, 1, passed, ((HERE, chose),), frozenset(happened))


def group(**chosen: str) -> list[Path]:
    """Return paths of which those with ``+`` pass, by what they chose: ``left="++-"``."""
    pairs = [(chose, each) for chose, marks in chosen.items() for each in marks]
    return [path(number, each == "+", chose) for number, (chose, each) in enumerate(pairs)]


def test_a_choice_that_decides():
    """All that passes are told can be known from the choice; above chance it is a bit less."""
    (split,) = find_splits(group(left="+" * 10, right="-" * 10))
    assert split.total == 20
    assert 18 < split.bits < 20
    assert split.clear
    assert [(each.action, each.passed) for each in split.choices] == [("left", 10), ("right", 0)]


def test_a_choice_that_decides_nothing():
    """Equal shares hold no information, so there is nothing to tell."""
    assert find_splits(group(left="+-" * 5, right="+-" * 5)) == []


def test_a_choice_that_chance_would_give():
    """One pass more on one side is what shuffled passes show as well."""
    (split,) = find_splits(group(left="++---", right="+----"))
    counted = 3 * log2(10 / 3) + 7 * log2(10 / 7)
    assert split.total == pytest.approx(counted)
    assert split.bits < 0.1
    assert not split.clear


def test_single_choices_decide_nothing():
    """Ten actions that one episode each took would explain everything; they are one row."""
    singles = [path(number, number % 2 == 0, f"alone {number}") for number in range(10)]
    assert find_splits(singles) == []
    (split,) = find_splits([*singles, *group(left="++++++")])
    assert [each.action for each in split.choices] == ["left", None]
    assert len(split.choices[1].paths) == 10


def test_the_same_words_for_the_same_log():
    """The shuffles are fixed."""
    paths = group(left="+++-", right="+--", up="--+--")
    assert find_splits(paths) == find_splits(paths)


def test_what_passes_have():
    """Shares are those of passes and of failures; an agent that has it alone is counted as one."""
    paths = [
        path(1, True, "x", agent="a", happened=["woke", "slept"]),
        path(2, True, "x", agent="b", happened=["woke"]),
        path(3, False, "x", agent="a", happened=["slept"]),
        path(4, False, "x", agent="a", happened=["fell"]),
    ]
    found = [(each.event, each.passes, each.failures, each.agents) for each in event_shares(paths)]
    assert found == [("woke", 2, 0, 2), ("fell", 0, 1, 1), ("slept", 1, 1, 1)]
    assert event_shares(paths[:2]) == []


def walked(log: EventLog, *orders: str) -> Path:
    """Return the path of an episode of ``workflow/easy`` that gave *orders*."""
    episode = Episode.start(load("workflow/easy"), log=log)
    for order in orders:
        episode.step(action(order))
    outcome = outcome_of(PlayedEpisode(log.find(episode.id), episode.events), grade(episode.events))
    return path_of(outcome, episode.events, pass_at=0.7)


def test_orders_that_commute_meet_again(log):
    """A place is where an episode stands, not how it came there."""
    one = walked(log, "abort write_tests", "abort run_tests", "wait")
    other = walked(log, "abort run_tests", "abort write_tests", "wait")
    nodes = [[node for node, _ in each.moves] for each in (one, other)]
    assert [a == b for a, b in zip(*nodes, strict=True)] == [True, False, True]
    assert "abort write_tests" in one.moves[0][1]


def test_numbers_and_words_of_the_agent_are_left_out(log):
    """Equal choices and equal events are one, however they are worded or counted."""
    path = walked(log, "delegate technical_design tech_lead", "wait")
    assert "tech_lead began technical_design, N step" in path.happened
    given = Episode.start(load("inbox/easy")).family.action("respond", "m1", "Dear 12.", "because")
    assert to_builtins(without_text(given)) == {"type": "respond", "email_id": "m1"}
    assert without_text({"content": "hm", "tool_calls": [1]}) == {"tool_calls": [1]}
    assert without_text({"content": "hm"}) == without_text({"content": "hmm"})
    assert without_text(3) == 3


@pytest.fixture
def shell(tmp_path):
    """Return a shell with a log in which two agents played one scenario."""
    shell = Shell(tmp_path)
    for agent in ("greedy", "noop"):
        shell(f"record workflow/easy --agent {agent} --epochs 8 --name {agent}")
    return shell


def test_the_command(shell):
    """It names the choice, who made it, the two to look at, and what only passes have."""
    shown = shell("group workflow/easy").out
    assert "workflow/easy: 16 episodes by 2 agents, 8 pass (score >= 0.7)" in shown
    assert "after 0 steps: 16 episodes, 8 pass" in shown
    assert "8 of 8 pass  ########  delegate technical_design to tech_lead  greedy" in shown
    assert "0 of 8 pass  ........  wait                                    noop" in shown
    assert "by one agent only: the agent and the event cannot be told apart" in shown
    look = next(line for line in shown.splitlines() if "look: refold " in line)
    assert "step 1" in shell(look.split("refold ", 1)[1], code=1).out
    found = shell("group workflow/easy --json").json
    assert (found["episodes"], found["passed"], found["agents"]) == (16, 8, 2)
    first = found["splits"][0]
    assert (first["step"], first["clear"], first["of"]) == (0, True, 16)
    assert [len(each["ids"]) for each in first["choices"]] == [8, 8]
    assert {"event", "passes", "failures", "agents", "difference"} == {*found["events"][0]}
    assert shell("group workflow/easy --run noop --json").json["passed"] == 0
    assert (
        "in no state do several episodes choose one action"
        in shell("group workflow/easy --run noop").out
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("group", "expected the name of a scenario"),
        ("group workflow/hard", "expected episodes that count, got none"),
        ("group workflow/easy --run zzz", "run 'zzz': expected a name"),
        ("group workflow", "expected one scenario, got workflow/easy, workflow/medium"),
    ],
)
def test_what_cannot_be_grouped(shell, words, told):
    """Each mistake is one line that says what to do."""
    shell("record workflow/medium --agent noop")
    refused = shell(words, code=2)
    assert told in refused.err
    assert refused.err.count("\n") == 1
