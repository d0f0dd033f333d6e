"""
The messages of the protocol in JSON: envelopes with their observations, and states.

Their bytes depend on nothing but the scenario, the seed, the actions and the client's name for
the episode: no clock, no random id. Fields have a fixed order, maps that of their definition.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from refold.engine import Episode, EpisodeEnded
from refold.graders import Grade, grade

JsonObject = dict[str, Any]

encode = msgspec.json.Encoder().encode
"""Return a value as JSON, fields and keys in their own order."""


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
        """Return the part of *source* that clients get."""
        rubric = RubricLabel(source.rubric.name, source.rubric.version)
        return cls(source.score, source.breakdown, source.counts, rubric, source.episode_digest)


class CommonFields(Struct, frozen=True):
    """
    The fields that every observation has, whatever its family.

    Attributes:
        task_id: Name of the scenario.
        error: Error class if the rules refused the last action, else null.
        reward_parts: Parts of the last step's reward by name.
        total_reward: Sum of the rewards so far.
        terminated: Whether the environment ended the episode.
        truncated: Whether a limit ended the episode.
        end_reason: Why the episode ended; null while it runs.
        grade: The final grade; null while the episode runs.
        metadata: Always empty; required by the protocol.
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
    The state of a session.

    Attributes:
        episode_id: The client's name for the episode; null before the first reset.
        step_count: Steps taken so far.
        task_id: Name of the scenario; null before the first reset.
        family: Name of its family; null before the first reset.
        seed: Random seed of the episode; null before the first reset.
        total_reward: Sum of the rewards so far.
        done: Whether the episode has ended.
        end_reason: Why the episode ended; null while it runs.
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
    Return the envelope of *episode* as it stands, and its grade if it has ended.

    Args:
        episode: Right after its start or a step.
        task: Name of the scenario.
        observation: The current observation; made here if None.
        reward: The last step's reward, raw; 0 at the start.
        total: Sum of the rewards so far.
        parts: Parts of the last step's reward by name.
        error: Error class if the rules refused the last action.
    """
    end: EpisodeEnded | None = episode.end
    final_grade = grade(episode.events) if end is not None else None
    common = CommonFields(
        task_id=task,
        error=error,
        reward_parts=parts or {},
        total_reward=total,
        terminated=end is not None and end.how == "terminated",
        truncated=end is not None and end.how == "truncated",
        end_reason=end.reason if end is not None else None,
        grade=FinalGrade.from_grade(final_grade) if final_grade is not None else None,
        metadata={},
    )
    own = encode(episode.observation if observation is None else observation)
    # Two JSON objects joined as text: merging them as dicts would decode and encode every step.
    merged = b"%b,%b" % (own[:-1], encode(common)[1:])
    return encode(Envelope(Raw(merged), reward, end is not None)), final_grade
