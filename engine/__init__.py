"""The engine: events, the log that keeps them, and the fold that turns them into states."""

from engine.episode import Episode, StepResult
from engine.errors import (
    EpisodeOver,
    InvalidAction,
    LogDamaged,
    NotALog,
    RefoldError,
    StaleWriter,
    UnknownEpisode,
)
from engine.events import (
    ActionRefused,
    ActionTaken,
    EpisodeEnded,
    EpisodeStarted,
    Event,
    Input,
    Reseeded,
    StepRewarded,
)
from engine.family import Family
from engine.fold import fold, fold_to
from engine.info import EpisodeInfo
from engine.log import EventLog
from engine.stream import Stream

__all__ = [
    "ActionRefused",
    "ActionTaken",
    "Episode",
    "EpisodeEnded",
    "EpisodeInfo",
    "EpisodeOver",
    "EpisodeStarted",
    "Event",
    "EventLog",
    "Family",
    "Input",
    "InvalidAction",
    "LogDamaged",
    "NotALog",
    "RefoldError",
    "Reseeded",
    "StaleWriter",
    "StepResult",
    "StepRewarded",
    "Stream",
    "UnknownEpisode",
    "fold",
    "fold_to",
]
