"""Grades of whole episodes: published rows, evidence, and what is saved grades as it did live."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

import pytest
from sizes import ALL_SIZES
from worlds import WORKED_EXAMPLE, play

from refold.agents.rollout import make_policy
from refold.agents.rollout import play as play_with
from refold.engine import (
    ActionRefused,
    ActionTaken,
    Episode,
    EpisodeEnded,
    EventLog,
    StepRewarded,
    Stream,
)
from refold.engine.sums import add_up
from refold.graders import Grade, grade
from refold.scenarios import Criterion, load, scenario_names
from refold.scenarios.inbox2.events import HarmDone, ThreadClosed
from refold.scenarios.workflow.events import (
    ParallelismObserved,
    SubtaskCompleted,
    SubtaskFailed,
    SubtaskRetried,
    WorkAdvanced,
)
from refold.scenarios.workflow2.events import TaskCompleted, TaskFailed, TickPassed, WorkStarted

RandomEpisode = Callable[..., Episode]

EVIDENCE: dict[str, tuple[type[Any], ...]] = {
    "all_completed": (SubtaskCompleted,),
    "avoided": (ActionRefused,),
    "care": (ActionRefused, WorkStarted),
    "budget_overrun": (WorkAdvanced,),
    "completed": (SubtaskCompleted,),
    "completion": (StepRewarded,),
    "correctness": (StepRewarded,),
    "cost_saved": (WorkAdvanced,),
    "different_workers": (SubtaskCompleted,),
    "fan_out": (ParallelismObserved,),
    "milestones_met": (SubtaskCompleted,),
    "parallel_share": (ParallelismObserved,),
    "patience": (ActionTaken,),
    "penalty": (StepRewarded,),
    "perfection": (StepRewarded,),
    "recovered": (SubtaskFailed, SubtaskCompleted),
    "recovery_speed": (SubtaskFailed, SubtaskRetried),
    "refused_actions": (ActionRefused,),
    "reply_quality": (StepRewarded,),
    "share_completed": (SubtaskCompleted,),
    "step_efficiency": (EpisodeEnded,),
    "time_saved": (EpisodeEnded,),
    "decisions": (ThreadClosed,),
    "facts": (ThreadClosed,),
    "on_time": (TaskCompleted, ThreadClosed),
    "security": (HarmDone, ThreadClosed),
    "traps_mastered": (TaskCompleted, TaskFailed),
    "value_done": (TaskCompleted,),
    "within_budget": (TickPassed,),
}
"""The kinds of event that each measure rests on; none for what is absent or a mere number."""

NOTHING_NEEDED = {"avoided", "recovery_speed", "reply_quality", "cost_saved"}
"""Measures that may be above 0 though nothing happened that they could name."""


@pytest.mark.parametrize(
    ("agent", "scenario", "score"),
    [
        ("noop", "workflow/easy", 0.01),
        ("noop", "workflow/medium", 0.01),
        ("noop", "workflow/hard", 0.01),
        ("noop", "workflow/expert", 0.01),
        ("greedy", "workflow/easy", 0.9000),
        ("greedy", "workflow/medium", 0.6325),
        ("greedy", "workflow/hard", 0.0176),
        ("greedy", "workflow/expert", 0.8003),
        ("baseline", "inbox/easy", 0.8750),
        ("baseline", "inbox/medium", 0.7129),
        ("baseline", "inbox/hard", 0.8240),
    ],
)
def test_reference_row(agent: str, scenario: str, score: float) -> None:
    """The built-in policies score what is published for them, to the fourth place."""
    episode = Episode.start(load(scenario))
    play_with(episode, make_policy(agent, episode.family, seed=episode.state.seed))
    given = grade(episode.events)
    assert (given.score, given.complete) == (score, True)


def test_worked_example() -> None:
    """The published run of workflow/hard scores 0.7929."""
    episode = Episode.start(load("workflow/hard"))
    assert [result.error for result in play(episode, WORKED_EXAMPLE)] == [None] * 14
    given = grade(episode.events)
    assert given.score == 0.7929
    assert given.breakdown["recovery"] == 0.075
    assert given.counts["recoveries_possible"] == 2


def test_grade_names_what_was_graded() -> None:
    """It holds the digests of episode and rubric, and their names."""
    scenario = load("workflow/hard")
    episode = Episode.start(scenario)
    before = grade(episode.events)
    play(episode, ["wait"])
    after = grade(episode.events)
    assert (after.scenario, after.rubric.name, after.rubric.version) == (*["workflow/hard"] * 2, 1)
    assert after.rubric.digest == before.rubric.digest == scenario.rubric.digest
    assert after.episode_digest == episode.events.digest != before.episode_digest
    assert not after.complete


@pytest.mark.slow
@pytest.mark.parametrize("scenario", scenario_names())
def test_saved_grades_as_live(scenario: str, log: EventLog, random_episode: RandomEpisode) -> None:
    """Of 1,000 random episodes, each stream read back grades byte for byte as it did live."""
    for seed in range(ceil(1_000 / len(scenario_names()))):
        episode = random_episode(scenario, seed, log)
        live = grade(episode.events)
        assert episode.over
        saved = log.events(episode.id)
        assert grade(saved).to_json() == live.to_json(), seed
        assert saved.digest == episode.events.digest


@pytest.mark.parametrize("scenario", ALL_SIZES)
def test_saved_grades_halfway(scenario: str, log: EventLog, random_episode: RandomEpisode) -> None:
    """An episode that goes on grades from its log, after any number of steps, as it does live."""
    for steps in range(15):
        episode = random_episode(scenario, 1_000 + steps, log, steps=steps)
        assert grade(log.events(episode.id)).to_json() == grade(episode.events).to_json()


def prefixes(stream: Stream) -> Iterator[Stream]:
    """Yield every prefix of a short stream; of a long one the first ones, and then some."""
    dense, step = min(20, len(stream)), 1 + len(stream) // 150
    for end in (*range(1, dense), *range(dense, len(stream) + 1, step)):
        yield Stream.read(stream.payloads[:end], episode=f"prefix {end}")


@pytest.mark.parametrize("scenario", ALL_SIZES)
def test_unfinished_episodes(scenario: str, random_episode: RandomEpisode) -> None:
    """Any prefix can be graded, the start alone and half a step included, within the bounds."""
    rubric = load(scenario).rubric
    for seed in range(5):
        for stream in prefixes(random_episode(scenario, seed).events):
            given = grade(stream)
            check(given, stream, rubric.criteria)
            assert rubric.floor <= given.score <= rubric.ceiling


@pytest.mark.parametrize("scenario", scenario_names())
def test_no_steps(scenario: str) -> None:
    """An episode that has only begun scores the least there is."""
    given = grade(Episode.start(load(scenario)).events)
    assert given.score == load(scenario).rubric.floor
    assert set(given.breakdown.values()) == {0.0}


@pytest.mark.parametrize("scenario", ALL_SIZES)
def test_parts(scenario: str, random_episode: RandomEpisode) -> None:
    """Points lie within their weights, add up to the score, and rest on events of their kind."""
    rubric = load(scenario).rubric
    for seed in range(40):
        stream = random_episode(scenario, seed).events
        given = grade(stream)
        check(given, stream, rubric.criteria)
        exact = [
            criterion.weight * part.value * part.gate
            for criterion, part in zip(rubric.criteria, given.parts, strict=True)
        ]
        total = round(min(max(add_up(exact), 0.0), 1.0), 4)
        assert given.score == min(max(total, rubric.floor), rubric.ceiling)
        assert list(given.breakdown.items()) == [(each.name, each.points) for each in given.parts]


def check(given: Grade, stream: Stream, criteria: Sequence[Criterion]) -> None:
    """Check each part of a grade against its criterion and the events that it names."""
    for criterion, part in zip(criteria, given.parts, strict=True):
        where = (criterion.name, len(stream))
        assert (part.name, part.most) == (criterion.name, max(criterion.weight, 0.0))
        assert min(criterion.weight, 0.0) <= part.points <= max(criterion.weight, 0.0), where
        assert 0.0 <= part.value <= 1.0, where
        assert 0.0 <= part.gate <= 1.0, where
        assert list(part.seqs) == sorted(set(part.seqs)), where
        measures = {each.measure for each in leaves(criterion)}
        kinds = tuple(kind for measure in measures for kind in EVIDENCE[measure])
        assert all(isinstance(stream[seq], kinds) for seq in part.seqs), where
        assert part.value == 0.0 or part.seqs or measures & NOTHING_NEEDED, where


def leaves(criterion: Criterion) -> Iterator[Criterion]:
    if not criterion.parts:
        yield criterion
    for part in criterion.parts:
        yield from leaves(part)
