"""The engine: events, the log that stores them, and the fold that turns them into states."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = [
    "ActionRefused",
    "ActionTaken",
    "Episode",
    "EpisodeEnded",
    "EpisodeInfo",
    "EpisodeOver",
    "EpisodeRecord",
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
    "open_to_read",
]

if TYPE_CHECKING:
    from refold.engine.episode import Episode
    from refold.engine.errors import (
        EpisodeOver,
        InvalidAction,
        LogDamaged,
        NotALog,
        RefoldError,
        StaleWriter,
        UnknownEpisode,
    )
    from refold.engine.events import (
        ActionRefused,
        ActionTaken,
        EpisodeEnded,
        EpisodeStarted,
        Event,
        Input,
        Reseeded,
        StepRewarded,
    )
    from refold.engine.family import Family
    from refold.engine.folding import fold, fold_to
    from refold.engine.log.info import EpisodeInfo, EpisodeRecord
    from refold.engine.log.logs import open_to_read
    from refold.engine.log.store import EventLog
    from refold.engine.step_result import StepResult
    from refold.engine.stream import Stream
else:
    __getattr__, __dir__ = hand_on(
        __name__,
        __all__,
        ".errors",
        ".events",
        ".step_result",
        ".family",
        ".folding",
        ".stream",
        ".episode",
        ".log.info",
        ".log.store",
        ".log.logs",
    )
