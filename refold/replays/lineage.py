"""
Where an episode comes from and what was forked from it, as a log tells it.

A log may be merged from others, or made by a stranger: a parent may be missing, and lineages may
even run in circles. What is told of them ends there.
"""

from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, UnknownEpisode
from refold.engine.errors import AmbiguousEpisode

MOST_FORKS = 200
"""Episodes of one lineage that are told, beside the ancestors."""


@frozen
class Relative:
    """
    One episode of a lineage.

    Attributes:
        depth: Number of forks between it and the first that is known.
        id: Its id.
        info: What the log knows of it, None if the log does not hold it.
        fork_at: Position at which it left its parent, None if it has none.
    """

    depth: int
    id: str
    info: EpisodeInfo | None
    fork_at: int | None


def lineage(log: EventLog, info: EpisodeInfo) -> list[Relative]:
    """Return all of the lineage that *info* is of, each fork below its parent, oldest first."""
    line, missing = _ancestors(log, info)
    relatives = [Relative(0, missing, None, None)] if missing is not None else []
    first = len(relatives)
    kept = {each.id for each in line}
    spare = MOST_FORKS
    waiting = [(first, line[-1])]
    seen = {line[-1].id}
    while waiting:
        depth, each = waiting.pop()
        relatives.append(Relative(depth, each.id, each, each.fork_at))
        forks = []
        for fork in log.forks(each.id):
            if fork.id in seen or not (fork.id in kept or spare):
                continue
            spare -= fork.id not in kept
            seen.add(fork.id)
            forks.append((depth + 1, fork))
        waiting.extend(reversed(forks))
    return relatives


def _ancestors(log: EventLog, info: EpisodeInfo) -> tuple[list[EpisodeInfo], str | None]:
    """Return *info* and its ancestors, the nearest first, and the one that is missing, if any."""
    line, seen = [info], {info.id}
    while (parent := line[-1].parent) is not None and parent not in seen:
        found = _find_exact(log, parent)
        if found is None:
            return line, parent
        seen.add(parent)
        line.append(found)
    return line, None


def _find_exact(log: EventLog, id: str) -> EpisodeInfo | None:
    """Return the episode of exactly the id *id*, None if *log* does not hold it."""
    try:
        found = log.find(id)
    except (UnknownEpisode, AmbiguousEpisode):
        return None
    return found if found.id == id else None
