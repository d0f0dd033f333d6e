"""Episodes by their tags."""

from refold.engine import EventLog
from refold.engine.log.remarks import standing


def tagged(log: EventLog, tag: str) -> tuple[str, ...]:
    """Return the ids of the episodes of *log* that somebody tagged so, sorted."""
    said = standing(log.remarks())
    return tuple(sorted({each.episode for each in said if (each.kind, each.name) == ("tag", tag)}))
