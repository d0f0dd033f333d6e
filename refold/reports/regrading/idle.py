"""Criteria that do nothing: constant, the same as another, or paid over no event."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from attrs import Factory, define, field, frozen

from refold.graders import Grade, Part

_FEWEST = 5  # of a few episodes, nearly everything is constant


@frozen
class IdleCriterion:
    """
    A criterion that tells no episode from another, or pays for nothing.

    Attributes:
        rubric: Name of the rubric.
        criterion: The criterion.
        kind: ``constant`` (the same points in all *episodes*), ``same`` (the same share of its
            points as *other* in all of them), or ``no event`` (in so many *episodes* it gives all
            its points over no event).
        episodes: How many.
        points: What it gives there; None where that differs.
        other: The criterion that it equals; empty except for ``same``.
    """

    rubric: str
    criterion: str
    kind: str
    episodes: int
    points: float | None = None
    other: str = ""


@define
class _Criteria:
    """What is known of the criteria of one rubric."""

    episodes: int = 0
    constant: dict[str, float] = Factory(dict)
    alike: list[list[str]] = Factory(list)
    over_nothing: Counter[str] = Factory(Counter)
    most: dict[str, float] = Factory(dict)

    def add(self, parts: tuple[Part, ...]) -> None:
        if not self.episodes:
            self.constant = {part.name: part.points for part in parts}
            self.alike = [[part.name for part in parts]]
        self.episodes += 1
        if self.constant:
            given = {part.name: part.points for part in parts}
            self.constant = {k: v for k, v in self.constant.items() if given.get(k) == v}
        if self.alike:
            self._split({part.name: part.value * part.gate for part in parts})
        for part in parts:
            if part.most and not part.seqs and part.points >= part.most:
                self.over_nothing[part.name] += 1
                self.most[part.name] = part.points

    def _split(self, shares: dict[str, float]) -> None:
        """Keep together only what is still alike; what stands alone is dropped."""
        groups: list[list[str]] = []
        for group in self.alike:
            by_share: dict[float | None, list[str]] = {}
            for name in group:
                by_share.setdefault(shares.get(name), []).append(name)
            groups += [each for each in by_share.values() if len(each) > 1]
        self.alike = groups


@define
class IdleCriteria:
    """Running knowledge of the criteria of all rubrics."""

    _rubrics: dict[tuple[str, str], _Criteria] = field(
        factory=lambda: defaultdict(_Criteria), init=False
    )

    def add(self, grade: Grade) -> None:
        """Add the new *grade* of an episode."""
        self._rubrics[grade.rubric.name, grade.rubric.digest].add(grade.parts)

    def found(self) -> tuple[IdleCriterion, ...]:
        """Return the criteria that do nothing, rubric by rubric."""
        return tuple(
            each
            for (rubric, _), criteria in self._rubrics.items()
            if criteria.episodes >= _FEWEST
            for each in _idle_of(rubric, criteria)
        )


def _idle_of(rubric: str, criteria: _Criteria) -> Iterator[IdleCriterion]:
    many = criteria.episodes
    for name, points in criteria.constant.items():
        yield IdleCriterion(rubric, name, "constant", many, points)
    for group in criteria.alike:
        first, *others = [name for name in group if name not in criteria.constant] or [""]
        for other in others:
            yield IdleCriterion(rubric, other, "same", many, other=first)
    for name, times in criteria.over_nothing.items():
        if name not in criteria.constant:
            yield IdleCriterion(rubric, name, "no event", times, criteria.most[name])
