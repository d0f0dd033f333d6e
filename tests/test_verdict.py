"""Verdicts: how an episode ended, which step decided it, what was lost; and held against forks."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as evolved
from recorded_runs import unanswered
from talks import hostile_shop, shop
from viewing import golden, large

from refold.agents import make_policy, play
from refold.engine import Episode, RefoldError, Stream
from refold.environments import answered, answered_scenario, began
from refold.graders import grade
from refold.replays.verdict import Explanation, Verdict, explain, verdict
from refold.replays.verdict.rows import Group
from refold.scenarios import Criterion, Rubric, Scenario, load
from refold.scenarios.answered.parameters import AnsweredParameters
from refold.scenarios.workflow.parameters import (
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)

ROOT = Path(__file__).parents[1]
LOOP = "19 × “retry enrich_logs with investigator_alpha”"
WHY = "that worker would fail at this subtask again"


def judged(stream: Stream, *, pass_at: float = 0.7) -> Verdict:
    """Return the verdict on the ended episode *stream*."""
    told = verdict(stream, grade(stream), pass_at=pass_at)
    assert told is not None
    return told


def played(name: str, agent: str, seed: int) -> Stream:
    """Return an episode by a built-in agent."""
    episode = Episode.start(load(name), seed=seed)
    play(episode, make_policy(agent, episode.family, seed=seed, epoch=0))
    return episode.events


@pytest.fixture(scope="module")
def hard() -> Stream:
    """Return the episode that retries the same worker until time is up."""
    return golden("workflow-hard-greedy")


def test_a_loop_of_refusals_is_named(hard: Stream) -> None:
    """The text says how it ended, from where on what was refused and why, and what was lost."""
    told = judged(hard)
    assert told.text == (
        f"0.0176: out of time after 2 of 10 subtasks. From step 4, {LOOP}, each refused ({WHY}). "
        "Lost most: completion −0.16, recovery −0.15, error classification −0.10."
    )
    assert told.short == f"out of time after 2 of 10 subtasks; {LOOP} refused from step 4"
    assert told.head == "out of time after 2 of 10 subtasks"
    assert (told.at, told.steps, told.passed) == (4, tuple(range(4, 23)), False)
    assert told.groups == (Group(4, 1, 19),)
    assert [words for sentence in told.sentences for words in sentence if words[1]] == [
        ("step 4", 4)
    ]


def test_losses_are_sorted(hard: Stream) -> None:
    """What was lost stands by points, then as the rubric has it, and adds up to what is missing."""
    lost = judged(hard).lost
    assert [each.points for each in lost] == sorted((each.points for each in lost), reverse=True)
    assert sum(each.points for each in lost) == pytest.approx(1 - 0.0176, abs=0.02)


def test_equal_episodes_have_equal_verdicts(hard: Stream) -> None:
    """A verdict is a function of stream, grade and pass mark."""
    again = Stream.read(hard.payloads, episode="again")
    assert judged(again) == judged(hard)
    assert judged(hard, pass_at=0.01).passed is True


def test_a_mistake_is_named_in_the_family_s_words() -> None:
    """Wrong decisions are one piece, whatever they cost."""
    told = judged(played("inbox/medium", "baseline", 5))
    assert "A mistake at step 4: m4_1475: respond, archive was due." in told.text
    assert told.short == "inbox emptied after 4 steps; a mistake at step 4"
    assert told.at == 4


def test_a_price_is_no_mistake() -> None:
    """Work costs: a part that falls with each gain blames no step, whatever it lost."""
    worker = WorkerParameters("ada", ("work",), 1, 1.0, 10.0)
    tasks = tuple(SubtaskParameters(f"task_{n}", "work") for n in range(4))
    parameters = WorkflowParameters(
        time_budget=9, capacity_limit=1, cost_budget=40.0, subtasks=tasks, workers=(worker,)
    )
    criteria = (
        Criterion("done", 0.7, "share_completed"),
        Criterion("cost", 0.3, "cost_saved"),
    )
    rubric = Rubric("costly", 1, criteria)
    scenario = Scenario("costly", "workflow", 1, "costly", "costly", 1, parameters, rubric)
    episode = Episode.start(scenario)
    play(episode, make_policy("greedy", episode.family, seed=1, epoch=0))
    told = judged(episode.events)
    assert told.text == "0.7000: finished with 4 of 4 subtasks. Lost most: cost −0.30."


def test_a_mistake_takes_no_more_than_a_step_can_earn() -> None:
    """Two careless starts of many are not blamed for all that was never done."""
    told = judged(played("workflow/easy@2", "baseline", 6))
    assert told.steps == ()
    assert "budget −0.15" in told.text


def test_where_no_step_stands_out_it_says_so() -> None:
    """A failure that no step decided names none, and opens at the first that went wrong."""
    told = judged(played("workflow/medium", "greedy", 43))
    assert "No single step stands out." in told.text
    assert told.short.endswith("; parallelism −0.20, time efficiency −0.09")
    assert (told.steps, told.at) == ((), 5)


def test_what_passed_is_not_blamed_on_a_step() -> None:
    """A success without a step that stands out opens at its end."""
    told = judged(golden("workflow-hard-worked-example"))
    assert told.passed
    assert "stands out" not in told.text
    assert told.at == 14


def test_nothing_lost() -> None:
    """A perfect episode says so."""
    told = judged(played("inbox/easy@2", "reader", 1))
    assert told.text == "1.0000: inbox emptied with 8 of 8 threads closed right. Nothing lost."
    assert (told.lost, told.steps) == ((), ())


@pytest.mark.parametrize("name", ["workflow/easy@2", "inbox/easy@2"])
def test_version_2(name: str) -> None:
    """Its families tell how much was done, and what was known to be wrong."""
    told = judged(played(name, "baseline", 1))
    assert "mistakes, the first at step" in told.text
    assert " of " in told.head


def test_a_running_episode_has_none(hard: Stream) -> None:
    """It would tell what its agent must not see."""
    running = hard.prefix(len(hard) - 3)
    assert verdict(running, grade(running), pass_at=0.7) is None


def test_what_does_not_count_says_why() -> None:
    """An episode that a failing API cut off has a verdict without a grade."""
    episode = Episode.start(load("workflow/easy"))
    episode.step({"action_type": "wait"})
    episode.note(unanswered(faults=["connection", "connection"]))
    episode.truncate("instrument_failed")
    told = verdict(episode.events, None, pass_at=0.7)
    assert told is not None
    head = "Not counted: the model’s API kept failing (connection) at step 2"
    assert (told.head, told.text, told.passed) == (head, f"{head}.", None)


def test_an_environment_that_failed_is_told_as_that() -> None:
    """It is no failure of the model's API; one that says nothing was just cut off."""
    episode = Episode.start(answered_scenario("mine:shop", AnsweredParameters("mine", "shop")))
    episode.note(began({"messages": []}))
    episode.step({"content": "Hi."}, answers=[evolved(answered({}), fault="it is gone")])
    told = verdict(episode.events, None, pass_at=0.7)
    assert told is not None
    assert told.text == "Not counted: the environment failed at step 1."
    other = Episode.start(load("workflow/easy"))
    other.truncate("instrument_failed")
    told = verdict(other.events, None, pass_at=0.7)
    assert told is not None
    assert told.text == "Not counted: the run was cut off at step 1."


@pytest.mark.parametrize(
    ("reason", "head"),
    [
        ("message_limit", "out of messages after 2 steps"),
        ("max_steps", "out of steps after 2 steps"),
        ("time_limit", "out of time after 2 steps"),
        ("record_ends", "record ends after 2 steps"),
    ],
)
def test_reasons_of_an_end_in_words(reason: str, head: str) -> None:
    """Limits are told as what there was no more of, other reasons as they are."""
    episode = Episode.start(answered_scenario("mine:shop", AnsweredParameters("mine", "shop")))
    episode.note(began({"messages": []}))
    for _ in range(2):
        episode.step({"content": "Hi."}, answers=[answered({})])
    episode.truncate(reason)
    assert judged(episode.events).head == head


def test_another_rubric_has_no_curve(hard: Stream) -> None:
    """By a grade of anybody's, loops are found without asking when points were lost."""
    rubric = Rubric("mine", 1, (Criterion("all", 1.0, "all_completed"),))
    told = verdict(hard, grade(hard, rubric=rubric), pass_at=0.7)
    assert told is not None
    assert f"From step 4, {LOOP}, each refused" in told.text


@pytest.mark.slow
def test_long_episodes_are_judged() -> None:
    """One of more than 400 steps has one, without a look at when points were lost."""
    assert judged(large(450, 420)).head == "out of time after 417 of 450 subtasks"


def test_any_episode_has_a_verdict(random_episode: Callable[..., Episode]) -> None:
    """Random ones of every family: steps are there, texts are one line, blame is not invented."""
    for name in ("workflow/hard", "inbox/hard", "workflow/easy@2", "inbox/easy@2"):
        for seed in range(4):
            stream = random_episode(name, seed).events
            told = judged(stream)
            count = len([event for event in stream if type(event).__name__ == "StepRewarded"])
            assert all(1 <= step <= count for step in told.steps)
            assert 0 <= told.at <= count
            assert "\n" not in told.text
            assert told.text.startswith(f"{grade(stream).score:.4f}: {told.head}.")


def test_a_forged_stream_has_a_verdict_or_a_line_of_error() -> None:
    """Each event but the first left out, told twice or moved to the end: never a traceback."""
    true, judged_at_all = golden("inbox-medium-baseline").payloads, 0
    for place in range(1, len(true)):
        before, event, after = true[:place], true[place], true[place + 1 :]
        for forged in (before + after, [*before, event, event, *after], [*before, *after, event]):
            with contextlib.suppress(RefoldError):
                stream = Stream.read(list(forged), episode="forged")
                told = verdict(stream, grade(stream), pass_at=0.7)
                if told is not None:  # it has an end
                    judged_at_all += 1
                    assert all(step >= 1 for step in told.steps)
    assert judged_at_all > len(true)


# Episodes of worlds outside, made by hand.


def world(*steps: tuple[str, str, bool], given: float = 0.0) -> Stream:
    """Return an episode with a call of a tool, a result, and whether it was an error, per step."""
    episode = Episode.start(answered_scenario("mine:shop", AnsweredParameters("mine", "shop")))
    episode.note(began({"messages": [{"role": "user", "content": "Fix it."}]}))
    for place, (command, result, error) in enumerate(steps):
        tool, _, argument = command.partition(" ")
        message = {"role": "tool", "tool_call_id": str(place), "content": result, "error": error}
        action = {"tool_calls": [{"name": tool, "arguments": {"of": argument}}]}
        episode.step(action, answers=[answered({"messages": [message]})])
    episode.step({"content": "Done."}, answers=[answered({}, given, terminated=True)])
    return episode.events


READ, TEST = ("read a.py", "text", False), ("bash pytest", "1 failed in 0.3s", True)


@pytest.mark.parametrize(
    ("steps", "sentence", "at"),
    [
        (
            [READ, TEST, TEST, TEST],
            "From step 2, 3 × “bash(of=pytest)”, each with the same error",
            2,
        ),
        (
            [READ, ("bash ls", "a", False), ("bash ls", "a", False), ("bash ls", "a", False)],
            "From step 2, 3 × “bash(of=ls)”, with the same result",
            2,
        ),
        (
            [READ, TEST, READ, TEST, READ, TEST],
            "From step 1, 3 × the same 2 steps: “read(of=a.py)”, “bash(of=pytest)”",
            1,
        ),
        (
            [READ, TEST, ("bash make", "no rule", True)],
            "At step 2, “bash(of=pytest)” ended in an error, which nothing mended",
            2,
        ),
        ([TEST, ("bash pytest", "passed", False)], "No single step stands out", 3),
        (
            [READ, ("bash pytest", "2 failed in 1.7s", True), TEST, ("x", "", False)],
            "At step 2, ",
            2,
        ),
    ],
    ids=["errors", "results", "two steps", "open error", "mended", "not yet a loop"],
)
def test_worlds_outside(steps: list[Any], sentence: str, at: int) -> None:
    """Loops and errors are found where nobody knows what was earned when."""
    told = judged(world(*steps))
    assert f"ended by the environment after {len(steps) + 1} steps. {sentence}" in told.text
    assert told.at == at


def test_two_steps_twice_are_no_loop_yet() -> None:
    """One step repeated is a group, more of them only the third time."""
    assert judged(world(READ, TEST, READ, TEST)).groups == ()
    assert judged(world(READ, TEST, TEST)).groups == (Group(2, 1, 2),)
    assert judged(world(*[READ, TEST] * 3)).groups == (Group(1, 2, 3),)


def test_numbers_in_results_do_not_hide_a_loop() -> None:
    """The same result with other figures is the same; another action is another."""
    times = [("bash pytest", f"1 failed in 0.{n}s", True) for n in range(3)]
    assert "3 × " in judged(world(*times)).text
    others = [(f"bash pytest {n}", "1 failed", True) for n in range(3)]
    assert " × " not in judged(world(*others)).text


def test_evidence_of_a_lost_part() -> None:
    """What a part that is worth nothing rests on is named, as that."""
    criterion = Criterion("security", 1.0, "tool_never_called", {"name": "rm"})
    stream = world(READ, ("rm -rf", "gone", False), READ)
    told = verdict(stream, grade(stream, rubric=Rubric("mine", 1, (criterion,))), pass_at=0.7)
    assert told is not None
    assert "Step 2, “rm(of=-rf)”, is what security rests on." in told.text


def test_conversations() -> None:
    """What a world said well of an episode leaves nothing to blame; hostile texts stay texts."""
    assert judged(shop()).text == "1.0000: ended by the environment after 5 steps. Nothing lost."
    assert verdict(hostile_shop(), grade(hostile_shop()), pass_at=0.7) is None


# The parts of a grade in words.


def explained(stream: Stream) -> dict[str, Explanation]:
    """Return the parts of the grade of *stream* by name, in their order."""
    return {each.name: each for each in explain(stream, grade(stream))}


def test_parts_in_words(hard: Stream) -> None:
    """What lost most comes first, with what it pays for, and equal events together."""
    parts = explained(hard)
    assert list(parts)[:3] == ["completion", "recovery", "error_classification"]
    assert parts["recovery"].pays == "enrich_logs, deploy_hotfix: failed, then completed"
    assert parts["recovery"].evidence == ()
    wrong = parts["error_classification"]
    assert wrong.needs == "counts 40%: 2 of the 5 completions that it asks for"
    (event,) = wrong.evidence
    assert (event.times, event.first, event.last, event.bad) == (19, 4, 22, True)
    assert event.say.startswith("“retry enrich_logs with investigator_alpha” refused: permanent_")
    assert [each.say for each in parts["completion"].evidence] == [
        "triage_analyst completed alert_triage",
        "triage_analyst completed check_dashboards",
    ]


def test_rewards_are_told_by_what_they_were_given_for() -> None:
    """A reward is a number: as evidence stands what happened in its step, mistakes as such."""
    told = explained(played("inbox/medium", "baseline", 5))["correctness"].evidence
    assert [(each.first, each.bad) for each in told] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert told[3].say == "m4_1475: respond, archive was due"


@pytest.mark.parametrize("name", ["workflow/hard", "inbox/hard", "workflow/hard@2", "inbox/easy@2"])
def test_every_part_says_what_it_pays_for(name: str) -> None:
    """No part of the scenarios that ship is without words."""
    for each in explained(played(name, "random", 1)).values():
        assert each.pays
        assert "{" not in each.pays


def test_a_measure_without_words_is_told_by_its_name(hard: Stream) -> None:
    """So are those of other packages; by another rubric, nobody knows what a part pays for."""
    rubric = Rubric("mine", 1, (Criterion("all", 1.0, "all_completed"),))
    (part,) = explain(hard, grade(hard, rubric=rubric))
    assert (part.pays, part.lost) == ("", 1.0)


@pytest.mark.slow
def test_verdicts_hold_against_forks() -> None:
    """Where a step is named, it is the right piece in at least 85 of 100; see docs/verdict.md."""
    command = [sys.executable, "-m", "bench.verdicts", "--seeds", "1", "--first", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    cells = [cell.strip() for cell in done.stdout.strip().splitlines()[-1].strip("|").split("|")]
    episodes, right, beside, wrong = map(int, cells[1:5])
    assert episodes >= 40
    assert right >= 0.85 * (right + beside + wrong)
