"""
Why scores moved: which criteria, what about them changed, and by which events.

These are facts about the episodes graded. What changed about a part of a grade is told by both
grades alone: a criterion that is ``new`` or ``dropped``, another ``weight`` or ``gate``, another
``value`` of the same events, or other ``evidence``. ``clamped`` is what parts do not add up to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from statistics import fmean

from attrs import Factory, define, frozen

from refold.graders import Grade, Part
from refold.graders.changes import ROUNDING_ERROR, GradeChange, PartChange
from refold.graders.grading import DECIMAL_PLACES
from refold.graders.regrading import RegradedEpisode
from refold.reports.statistics import PLACES, Bounds
from refold.scenarios.keys import ScenarioKey

SCORE = "score"
"""Stands for the criterion where a score is clamped."""
CLAMPED = "clamped"

_HALF_STEP: float = 0.5 * 10**-DECIMAL_PLACES


@frozen
class EventCount:
    """Events of a *type* that count by now, no longer, or as before: *how*."""

    how: str
    type: str
    count: int


@frozen
class Cause:
    """
    One thing about one criterion that moved scores, or the events behind them.

    Attributes:
        criterion: The criterion.
        change: What changed about it.
        episodes: In how many episodes.
        points: What it moved the mean by: of all scenarios' means, over all their episodes.
        up: In how many episodes it added points.
        down: In how many it took some.
        decides: Flips that undoing this alone would undo.
        events: The events behind it.
        example: The episode that it moved most.
    """

    criterion: str
    change: str
    episodes: int
    points: float
    up: int
    down: int
    decides: int
    events: tuple[EventCount, ...]
    example: str


@define
class _Totals:
    episodes: int = 0
    up: int = 0
    down: int = 0
    decides: int = 0
    points: Counter[ScenarioKey] = Factory(Counter)
    events: Counter[tuple[str, str]] = Factory(Counter)
    example: str = ""
    largest: float = -1.0


@define
class Causes:
    """
    Running totals of the causes.

    Attributes:
        several: Flips that undoing no single part would undo.
    """

    several: int = 0
    _totals: dict[tuple[str, str], _Totals] = Factory(lambda: defaultdict(_Totals))
    _reach: dict[str, Bounds] = Factory(dict)

    def add(self, regraded: RegradedEpisode, scenario: ScenarioKey, pass_at: float) -> None:
        """Add an episode whose grades differ."""
        change = regraded.change
        flipped = (change.old.score >= pass_at) != (change.new.score >= pass_at)
        deciding = set(_deciding(change, pass_at)) if flipped else set()
        self.several += flipped and not deciding
        for part in change.parts:
            if not _matters(part):
                continue
            word = what_changed(part, change)
            totals = self._totals[part.name, word]
            self._reach[part.name] = _wider(self._reach.get(part.name), _reach(part, word))
            totals.decides += part.name in deciding
            for event in _events(part, regraded.evidence.types):
                totals.events[event] += 1
            _count(totals, part.points, regraded.info.id, scenario)
        if clamped := clamped_points(change):
            _count(self._totals[SCORE, CLAMPED], clamped, regraded.info.id, scenario)

    @property
    def reach(self) -> Bounds:
        """How far down and up the criteria that changed can move any score."""
        lows, highs = zip(*self._reach.values(), strict=True) if self._reach else ((), ())
        return max(-1.0, sum(lows)), min(1.0, sum(highs))

    def found(self, episodes: Mapping[ScenarioKey, int]) -> tuple[Cause, ...]:
        """Return the causes, the largest first; *episodes* are all that there are."""
        causes = (
            Cause(
                criterion=name,
                change=change,
                episodes=totals.episodes,
                points=_mean_move(totals, episodes),
                up=totals.up,
                down=totals.down,
                decides=totals.decides,
                events=tuple(
                    EventCount(how, kind, count)
                    for (how, kind), count in totals.events.most_common()
                ),
                example=totals.example,
            )
            for (name, change), totals in self._totals.items()
        )
        return tuple(sorted(causes, key=lambda each: (-abs(each.points), -each.episodes)))


def what_changed(part: PartChange, change: GradeChange) -> str:
    """
    Return what *change* did to *part*, in one word, or more joined by ``and``.

    Between a rubric and a function, which knows no weights, all that can differ in a part are its
    points and its events.
    """
    old, new = part.old, part.new
    if old is None or new is None:
        return "new" if old is None else "dropped"
    other_events = old.seqs != new.seqs
    if _is_weighed(change.old) != _is_weighed(change.new):
        return "evidence" if other_events else "value"
    words = []
    if old.value != new.value:
        words.append("evidence" if other_events else "value")
    if old.gate != new.gate:
        words.append("gate")
    if _other_weight(old, new):
        words.append("weight")
    return " and ".join(words) or ("evidence" if other_events else "value")


def _is_weighed(grade: Grade) -> bool:
    """Return whether the grade is by a rubric; functions have the version 0."""
    return grade.rubric.version > 0


def clamped_points(change: GradeChange) -> float:
    """Return what the score moved by beyond its parts: 0 unless either score was clamped."""
    if not (_is_clamped(change.old) or _is_clamped(change.new)):
        return 0.0
    rest = change.score - sum(part.points for part in change.parts)
    # Points and scores are rounded each: what that may add up to is no finding.
    steps = len(change.old.parts) + len(change.new.parts) + 2
    return rest if abs(rest) > steps * _HALF_STEP else 0.0


def _is_clamped(grade: Grade) -> bool:
    rest = grade.score - sum(part.points for part in grade.parts)
    return abs(rest) > (len(grade.parts) + 1) * _HALF_STEP + ROUNDING_ERROR


def _other_weight(old: Part, new: Part) -> bool:
    if old.most or new.most:
        return old.most != new.most
    # Of a penalty, a grade holds no weight: told by its points, which are rounded.
    shares = old.value * old.gate, new.value * new.gate
    if not all(shares):
        return False
    weights = old.points / shares[0], new.points / shares[1]
    blurred = _HALF_STEP * (1 / abs(shares[0]) + 1 / abs(shares[1]))
    return abs(weights[0] - weights[1]) > blurred


def _matters(part: PartChange) -> bool:
    old, new = part.old, part.new
    if abs(part.points) > ROUNDING_ERROR:
        return True
    return old is not None and new is not None and old.seqs != new.seqs


def _count(totals: _Totals, points: float, id: str, scenario: ScenarioKey) -> None:
    totals.episodes += 1
    totals.up += points > ROUNDING_ERROR
    totals.down += points < -ROUNDING_ERROR
    totals.points[scenario] += points  # type: ignore[assignment]  # a Counter adds floats as well
    if abs(points) > totals.largest:
        totals.largest, totals.example = abs(points), id


def _mean_move(totals: _Totals, episodes: Mapping[ScenarioKey, int]) -> float:
    return round(fmean(totals.points[key] / many for key, many in episodes.items()), PLACES) + 0.0


def _deciding(change: GradeChange, pass_at: float) -> Iterator[str]:
    """Yield the parts each of which, undone alone, undoes the flip."""
    total = sum(part.points for part in change.new.parts)
    passes = change.new.score >= pass_at
    for part in change.parts:
        undone = round(min(max(total - part.points, 0.0), 1.0), DECIMAL_PLACES)
        if (undone >= pass_at) != passes:
            yield part.name


def _events(part: PartChange, types: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    groups = {"counted": part.gained_seqs, "dropped": part.lost_seqs, "same": part.kept_seqs}
    for how, seqs in groups.items():
        for seq in seqs:
            if seq in types:  # a saved grade may be of other events
                yield how, types[seq]


def _reach(part: PartChange, word: str) -> Bounds:
    """Return how far this change of a criterion can move a score, whatever is measured."""
    olds, news = _range(part.old), _range(part.new)
    if word == "weight":
        ends = 0.0, news[0] - olds[0], news[1] - olds[1]
        return min(ends), max(ends)
    return news[0] - olds[1], news[1] - olds[0]


def _range(part: Part | None) -> Bounds:
    """Return the fewest and the most points that the part can give."""
    if part is None:
        return 0.0, 0.0
    if part.value < 0:  # of a function, which takes points too
        return -1.0, 1.0
    if part.most:
        return 0.0, part.most
    share = part.value * part.gate
    return (min(part.points / share, 0.0) if share else -1.0), 0.0


def _wider(known: Bounds | None, other: Bounds) -> Bounds:
    return other if known is None else (min(known[0], other[0]), max(known[1], other[1]))
