"""
What goes over the wire: observations with all that belongs to a step, envelopes, states.

Bytes are a function of scenario, seed, actions and the episode's name as the client gave it:
no clock, no random id. Field order is fixed, and maps keep the order of their definition.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from refold.engine import Episode, EpisodeEnded
from refold.graders import Grade, grade

encode = msgspec.json.Encoder().encode
"""Return a value as JSON, in the order of its fields and keys."""


class RubricLabel(Struct, frozen=True):
    """The rubric that a grade was given by."""

    name: str
    version: int


class FinalGrade(Struct, frozen=True):
    """
    The grade of an episode that has ended.

    Attributes:
        score: Within the rubric's bounds, 4 decimal places.
        breakdown: Points by criterion.
        counts: Diagnostic numbers; they score nothing.
        rubric: By which rubric.
        digest: Digest of the episode's events; equal digests mean equal episodes.
    """

    score: float
    breakdown: Mapping[str, float]
    counts: Mapping[str, float]
    rubric: RubricLabel
    digest: str

    @classmethod
    def from_grade(cls, source: Grade) -> "FinalGrade":
        """Return what is told of *source*."""
        rubric = RubricLabel(source.rubric.name, source.rubric.version)
        return cls(source.score, source.breakdown, source.counts, rubric, source.episode_digest)


class CommonFields(Struct, frozen=True):
    """
    What every observation holds beside what the family's agent may see.

    Attributes:
        task_id: Name of the scenario.
        error: Why the rules refused the last action; null if they took it.
        reward_parts: Parts of the last step's reward by name.
        total_reward: Sum of the rewards so far.
        terminated: The world ended the episode.
        truncated: A limit ended the episode.
        end_reason: Why it ended; null while it goes on.
        grade: The final grade; null while it goes on.
        metadata: Empty; the protocol has it.
    """

    task_id: str
    error: str | None
    reward_parts: Mapping[str, float]
    total_reward: float
    terminated: bool
    truncated: bool
    end_reason: str | None
    grade: FinalGrade | None
    metadata: dict[str, Any]


class State(Struct, frozen=True):
    """
    How a session stands.

    Attributes:
        episode_id: Name of the episode; null before the first reset.
        step_count: Steps taken.
        task_id: Name of the scenario; null before the first reset.
        family: Its family.
        seed: Seed of the world.
        total_reward: Sum of the rewards so far.
        done: Whether the episode has ended.
        end_reason: Why.
    """

    episode_id: str | None = None
    step_count: int = 0
    task_id: str | None = None
    family: str | None = None
    seed: int | None = None
    total_reward: float = 0.0
    done: bool = False
    end_reason: str | None = None


class Envelope(Struct, frozen=True):
    """An observation, the step's reward, and whether the episode has ended."""

    observation: Raw
    reward: float
    done: bool


def encode_envelope(
    episode: Episode,
    task: str,
    *,
    observation: Any = None,
    reward: float = 0.0,
    total: float = 0.0,
    parts: Mapping[str, float] | None = None,
    error: str | None = None,
) -> tuple[bytes, Grade | None]:
    """
    Return where *episode* stands as an envelope, and its grade if it has ended.

    Args:
        episode: Right after a step or its start.
        task: Name of the scenario.
        observation: Its observation, if the caller has it already.
        reward: The step's reward, raw.
        total: Sum of the rewards so far.
        parts: Parts of the step's reward.
        error: Error class if the rules refused the action.
    """
    end: EpisodeEnded | None = episode.end
    given = grade(episode.events) if end is not None else None
    outcome = CommonFields(
        task_id=task,
        error=error,
        reward_parts=parts or {},
        total_reward=total,
        terminated=end is not None and end.how == "terminated",
        truncated=end is not None and end.how == "truncated",
        end_reason=end.reason if end is not None else None,
        grade=FinalGrade.from_grade(given) if given is not None else None,
        metadata={},
    )
    own = encode(episode.observation if observation is None else observation)
    merged = b"%b,%b" % (own[:-1], encode(outcome)[1:])
    return encode(Envelope(Raw(merged), reward, end is not None)), given
