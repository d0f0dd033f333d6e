"""
The order in which people label: at random, the same for all, without knowing anything about them.

An episode's place is a hash of its id and the label's name. So the order needs no file to be
remembered, new episodes fall in anywhere, and two people who label meet the same episodes. It
does not depend on agent, score or anybody's labels: any beginning of it is a random sample.
"""

from collections.abc import Iterable
from hashlib import sha256

from refold.engine import EpisodeInfo
from refold.engine.log.remarks import Remark, standing

QUEUE = "queue"
"""How a label says that its episode was drawn at random."""


def drawn_from(*, scenario: str | None, agent: str | None, run: str | None) -> str:
    """Return how a label says that its episode was drawn from those that these filters leave."""
    filters = {"scenario": scenario, "agent": agent, "run": run}
    return " ".join((QUEUE, *(f"--{key} {value}" for key, value in filters.items() if value)))


def place(name: str, episode: str) -> bytes:
    """Return what the *episode*, an id, is sorted by among all that are labelled *name*."""
    return sha256(f"{name}\0{episode}".encode()).digest()


def queue(
    name: str, author: str, episodes: Iterable[EpisodeInfo], remarks: Iterable[Remark]
) -> list[EpisodeInfo]:
    """
    Return the *episodes* that *author* has not labelled *name*, in the order of labelling.

    Those that have not ended are left out: they would be labelled too early. Labels on a step do
    not count, nor do those on an earlier state of the episode.
    """
    done = {
        (each.episode, each.digest)
        for each in standing(remarks)
        if (each.kind, each.name, each.author, each.step) == ("label", name, author, None)
    }
    left = (each for each in episodes if each.ended and (each.id, each.digest) not in done)
    return sorted(left, key=lambda info: place(name, info.id))
