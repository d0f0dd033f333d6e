"""The bodies of responses about episodes, and the functions that build them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine import EpisodeInfo, EventLog, RefoldError, StepRewarded
from refold.engine.log.left_out import LeftOut
from refold.engine.sums import add_up_stretches
from refold.graders import Grade
from refold.server.sessions.messages import RubricLabel
from refold.triage import Hit

MOST_REWARDS = 200
"""Values in the sparkline of an episode; one of 100,000 steps has no more."""


class EpisodeRow(Struct):
    """
    An episode at a glance.

    *score* is that of the grade saved for it. *rewards* are those of its steps, if asked for: of
    each step, or of 200 stretches of steps if there are more; null if it cannot be read.
    """

    id: str
    scenario: str
    seed: int
    agent: str
    run: str
    epoch: int
    release: str
    started_at: str
    ended_at: str | None
    parent: str | None
    fork_at: int | None
    steps: int
    total: float
    ended: str | None
    reason: str | None
    events: int
    digest: str
    score: float | None
    rewards: list[float] | None = None


class LeftOutEpisode(Struct):
    """An episode that cannot be read, and why."""

    id: str
    problem: str


class ListedEpisode(EpisodeRow, kw_only=True):
    """
    An episode of a list.

    *input_tokens* and *output_tokens* are those that a model read and wrote, *cost* what its API
    charged in US dollars; null if nobody counted, or said so for every reply. *verdict* tells in
    a line how it ended and which step decided it; null until that is known. *hits* are two places
    at most of what was searched for; null if nothing was.
    """

    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    verdict: str | None
    hits: list[Hit] | None


class EpisodeList(Struct, omit_defaults=True):
    """
    Episodes in the order asked for; *next* is what ``before`` is for the page that follows.

    *count* episodes fit, *mean* is that of their scores, of *total* in the log. *errors* are all
    that any episode met. *unread* are those whose messages are still to be read, if a text was
    searched for: the next request continues with them. *graders* name the saved grades of the log.
    *left_out* are damaged ones; there is no such list without any.
    """

    episodes: list[ListedEpisode]
    next: str | None
    count: int
    mean: float | None
    total: int
    errors: list[str]
    unread: int
    graders: list[str]
    left_out: list[LeftOutEpisode] = []


class EventRow(Struct):
    """An event: its place, its kind, what it holds, and what it says."""

    seq: int
    kind: str
    data: dict[str, Any]
    say: str


class EpisodeDetail(Struct):
    """An episode with a page of its events; *next* is what ``after`` is for the next page."""

    episode: EpisodeRow
    events: list[EventRow]
    next: int | None


class GradeReply(Struct):
    """The grade of an episode, ended or not."""

    episode_id: str
    task_id: str
    score: float
    breakdown: dict[str, float]
    counts: dict[str, float]
    rubric: RubricLabel
    digest: str
    complete: bool


class StateReply(Struct):
    """An episode at one position: what its agent saw, and what a watcher may see."""

    position: int
    last: int
    observation: dict[str, Any]
    view: dict[str, Any]
    legal: list[dict[str, Any]]


class StepRow(Struct):
    """A step, the *position* of which is the number of actions up to it."""

    position: int
    action: dict[str, Any]
    say: str
    error: str | None
    reward: float
    parts: dict[str, float]
    total: float
    view: dict[str, Any]


class StepList(Struct):
    """Steps after a position; ask again with *next* while *ended* is null."""

    steps: list[StepRow]
    next: int
    ended: str | None
    reason: str | None


class DiffReply(Struct):
    """Where and how two episodes part; *rows* are the positions that differ, at most 500."""

    a: str
    b: str
    same: bool
    cause: str | None
    shared: int
    comparable: bool
    scores: list[float]
    states: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    rows: list[dict[str, Any]]


def episode_row(
    info: EpisodeInfo, grades: Sequence[Grade], rewards: list[float] | None = None
) -> EpisodeRow:
    """Return the row of the episode *info*, scored by the first of *grades*, with *rewards*."""
    plain = msgspec.to_builtins(info)
    return EpisodeRow(**plain, score=grades[0].score if grades else None, rewards=rewards)


def read_rewards(log: EventLog, id: str) -> list[float] | None:
    """
    Return the rewards of the episode *id*, one for each step.

    If there are more than ``MOST_REWARDS``, they are summed over stretches of equal length. None
    if the episode cannot be read: a list of episodes must not fail for one of them.
    """
    try:
        rewards = [event.reward for event in log.events(id) if isinstance(event, StepRewarded)]
    except RefoldError:
        return None
    return add_up_stretches(rewards, MOST_REWARDS)


def left_out_rows(left_out: LeftOut) -> list[LeftOutEpisode]:
    """Return the episodes that a response has to do without."""
    return [LeftOutEpisode(id, problem) for id, problem in left_out.problems.items()]


def grade_reply(info: EpisodeInfo, result: Grade) -> GradeReply:
    """Return the body of a response with *result*, the grade of the episode *info*."""
    return GradeReply(
        episode_id=info.id,
        task_id=result.scenario,
        score=result.score,
        breakdown=dict(result.breakdown),
        counts=dict(result.counts),
        rubric=RubricLabel(result.rubric.name, result.rubric.version),
        digest=result.episode_digest,
        complete=result.complete,
    )
