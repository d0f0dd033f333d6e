"""The episodes that moved: the largest moves with those alike, and the passes that flipped."""

import heapq
from collections.abc import Sequence

from attrs import Factory, define, frozen

from refold.graders.changes import ROUNDING_ERROR
from refold.graders.regrading import RegradedEpisode
from refold.reports.regrading.causes import CLAMPED, SCORE, clamped_points, what_changed

MOST_FLIPS = 1000
"""Flips that are kept; all are counted."""

MOST_GROUPS = 10
"""Largest moves that a report has."""

_GROUPS_HELD = 4096


@frozen
class Move:
    """
    An episode that moved.

    Attributes:
        episode: Its id.
        scenario: Its scenario.
        agent: Its agent.
        seed: Its seed.
        old: Old score.
        new: New score.
        causes: What moved it: criteria and what about them changed, the largest first; none where
            points that are rounded another way add up to another score.
    """

    episode: str
    scenario: str
    agent: str
    seed: int
    old: float
    new: float
    causes: tuple[tuple[str, str], ...]


@frozen
class LargestMove:
    """A move, and the number of others *alike*: of scenario, agent, old and new score."""

    move: Move
    alike: int


@define
class Moves:
    """
    Running lists of what moved.

    Attributes:
        flips: The first episodes whose pass was lost or gained.
    """

    flips: list[Move] = Factory(list)
    _groups: dict[tuple[str, str, float, float], tuple[Move, int]] = Factory(dict)

    def add(self, regraded: RegradedEpisode, pass_at: float) -> None:
        """Add an episode that moved."""
        info, old, new = regraded.info, regraded.change.old.score, regraded.change.new.score
        if (old >= pass_at) != (new >= pass_at) and len(self.flips) < MOST_FLIPS:
            self.flips.append(move_of(regraded))
        key = info.scenario, info.agent, old, new
        known = self._groups.get(key)
        self._groups[key] = (move_of(regraded), 0) if known is None else (known[0], known[1] + 1)
        if len(self._groups) > _GROUPS_HELD:
            # What is dropped here is smaller than all that can be shown in the end.
            self._groups = dict(_largest(list(self._groups.items()), _GROUPS_HELD // 2))

    def largest(self) -> tuple[LargestMove, ...]:
        """Return the largest moves, each with the number of those alike."""
        found = _largest(list(self._groups.items()), MOST_GROUPS)
        return tuple(LargestMove(*each) for _, each in found)


_Group = tuple[tuple[str, str, float, float], tuple[Move, int]]


def _largest(groups: Sequence[_Group], most: int) -> list[_Group]:
    return heapq.nlargest(most, groups, key=lambda each: (abs(each[0][3] - each[0][2]), each[1][1]))


def move_of(regraded: RegradedEpisode) -> Move:
    """Return the row of an episode that moved."""
    info, change = regraded.info, regraded.change
    parts = [(part.points, part.name, what_changed(part, change)) for part in change.parts]
    if clamped := clamped_points(change):
        parts.append((clamped, SCORE, CLAMPED))
    moved = sorted(
        (each for each in parts if abs(each[0]) > ROUNDING_ERROR), key=lambda each: -abs(each[0])
    )
    return Move(
        episode=info.id,
        scenario=info.scenario,
        agent=info.agent,
        seed=info.seed,
        old=change.old.score,
        new=change.new.score,
        causes=tuple((name, word) for _, name, word in moved),
    )
