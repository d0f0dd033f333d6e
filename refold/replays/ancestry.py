"""
The ancestors and forks of an episode.

A log may be merged from others or made by a stranger, so a parent may be missing and a lineage
may even be circular; it ends at such a place.
"""

from attrs import frozen

from refold.engine import EpisodeInfo, EventLog, LogDamaged, UnknownEpisode
from refold.engine.errors import AmbiguousEpisode
from refold.engine.log.left_out import LeftOut

MOST_FORKS = 200
"""Episodes of a lineage that are listed besides the ancestors."""


@frozen
class Relative:
    """
    One episode of a lineage.

    Attributes:
        depth: Number of forks between it and the oldest known ancestor.
        id: Its id.
        info: Its row in the log; None if the log does not hold it.
        fork_at: Position at which it left its parent; None if it has none.
    """

    depth: int
    id: str
    info: EpisodeInfo | None
    fork_at: int | None


def lineage(log: EventLog, info: EpisodeInfo, left_out: LeftOut | None = None) -> list[Relative]:
    """
    Return the whole lineage of *info*, depth first, with siblings from old to new.

    *left_out*, if given, notes relatives that cannot be read; such a parent counts as missing.
    """
    line, missing = _ancestors(log, info, left_out)
    relatives = [Relative(0, missing, None, None)] if missing is not None else []
    first = len(relatives)
    # The limit must not cut off the line that leads to the episode itself.
    kept = {each.id for each in line}
    spare = MOST_FORKS
    waiting = [(first, line[-1])]
    seen = {line[-1].id}
    while waiting:
        depth, each = waiting.pop()
        relatives.append(Relative(depth, each.id, each, each.fork_at))
        forks = []
        for fork in log.forks(each.id, left_out=left_out):
            if fork.id in seen or not (fork.id in kept or spare):
                continue
            spare -= fork.id not in kept
            seen.add(fork.id)
            forks.append((depth + 1, fork))
        waiting.extend(reversed(forks))
    return relatives


def _ancestors(
    log: EventLog, info: EpisodeInfo, left_out: LeftOut | None
) -> tuple[list[EpisodeInfo], str | None]:
    """Return *info* and its ancestors, nearest first, and the id of a missing one, if any."""
    line, seen = [info], {info.id}
    while (parent := line[-1].parent) is not None and parent not in seen:
        found = _find_exact(log, parent, left_out)
        if found is None:
            return line, parent
        seen.add(parent)
        line.append(found)
    return line, None


def _find_exact(log: EventLog, id: str, left_out: LeftOut | None) -> EpisodeInfo | None:
    """Return the episode with exactly this *id*, or None; prefixes do not count."""
    try:
        found = log.find(id)
    except (UnknownEpisode, AmbiguousEpisode):
        return None
    except LogDamaged as error:
        if left_out is None:
            raise
        left_out.add(error.episode, error)
        return None
    return found if found.id == id else None
