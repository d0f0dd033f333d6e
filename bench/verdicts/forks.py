"""What an episode could still have come to after each of its steps, found by playing on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from bench.verdicts.players import Player, careful
from refold.engine import Event, Stream, fold
from refold.engine.events import ActionTaken
from refold.engine.folding import fold_decided, step_ranges
from refold.graders.grading import recorded_grader
from refold.scenarios.facts import Facts

_MOST_STEPS = 500


def falls(stream: Stream) -> list[float]:
    """
    Return by how much each step, from 1, lowered the best final score that could be reached.

    The best is that of careful players who play on from there, or that of the episode itself.
    """
    ranges = step_ranges(stream)
    final = _score(stream, stream[:])
    best = [final] * len(ranges)
    seed = stream.started.seed
    for position in range(len(ranges) - 1):
        start = stream[: ranges[position].stop]
        state = fold(start, family=stream.family)
        players = careful(stream.family, seed)
        best[position] = max(final, *(_play_on(stream, start, state, each) for each in players))
    for position in reversed(range(len(best) - 1)):  # what is found later could be reached before
        best[position] = max(best[position], best[position + 1])
    return [before - after for before, after in pairwise(best)]


def _play_on(stream: Stream, start: Sequence[Event], state: Any, player: Player) -> float:
    family = stream.family
    events = list(start)
    for _ in range(_MOST_STEPS):
        if _is_over(events):
            break
        action: Any = player(state)
        taken, decided = ActionTaken(action), family.decide(state, action)
        state = fold_decided(decided, (taken,), family=family, start=state)
        events += (taken, *decided)
    return _score(stream, events)


def _is_over(events: Sequence[Event]) -> bool:
    return len(events) > 1 and type(events[-2]).__name__ == "EpisodeEnded"


def _score(stream: Stream, events: Sequence[Event]) -> float:
    played = Stream(stream.family, events, (), "")
    return recorded_grader(stream.scenario).grade(Facts(played)).score
