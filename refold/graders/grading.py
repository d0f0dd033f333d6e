"""
Grades: a rubric applied to an event stream. Pure, so a saved stream grades as it did live.

score = sum over criteria of weight x gate x value, clamped to the rubric's floor and ceiling and
rounded to 4 decimal places, as in the published graders of these scenarios.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256

from msgspec import Struct

from refold.engine import Stream
from refold.engine.codec import encode
from refold.engine.definition import header_of
from refold.engine.sums import add_up
from refold.judges.asking import Answers, Ask
from refold.scenarios import Criteria, Criterion, Rubric, ScenarioError, recorded_rubric
from refold.scenarios.criteria import find_criteria
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.judge import NAME as JUDGE_MEASURE
from refold.scenarios.strict import beside, plain, structure

DECIMAL_PLACES = 4


class Part(Struct, frozen=True, gc=False, omit_defaults=True):  # grades of 0.1.0 keep their bytes
    """
    One criterion's share of a grade.

    Attributes:
        name: The criterion.
        points: What it added to the score, rounded; below 0 for a penalty.
        most: The most it could have added: its weight, or 0 for a penalty.
        value: The measured value, 0 to 1, before the gate.
        gate: Factor of the activity gate, 0 to 1.
        seqs: Seqs of the events it rests on, ascending.
        judged: Digests of the questions to a judge that it rests on.
    """

    name: str
    points: float
    most: float
    value: float
    gate: float
    seqs: tuple[int, ...]
    judged: tuple[str, ...] = ()


class RubricName(Struct, frozen=True, gc=False):
    """
    The rubric that a grade was given by; equal digests mean equal rubrics.

    Where a judge answered, the digest covers the judge as well, so that the grades by two judges
    stand beside each other.
    """

    name: str
    version: int
    digest: str

    def judged_by(self, judge: str) -> "RubricName":
        """Return the name of the same rubric with the judge of the digest *judge*."""
        digest = sha256(f"{self.digest} {judge}".encode()).hexdigest()
        return RubricName(self.name, self.version, digest)


class Grade(Struct, frozen=True, gc=False):
    """
    A score with its reasons.

    Attributes:
        score: Within the rubric's floor and ceiling, 4 decimal places.
        breakdown: Points by criterion, in the rubric's order.
        counts: Diagnostic numbers, which do not affect the score.
        parts: The criteria with their events, in the rubric's order.
        rubric: The rubric it was given by.
        scenario: Name of the scenario.
        episode_digest: Digest of the stream that was graded.
        complete: Whether the episode had ended.
    """

    score: float
    breakdown: Mapping[str, float]
    counts: Mapping[str, float]
    parts: tuple[Part, ...]
    rubric: RubricName
    scenario: str
    episode_digest: str
    complete: bool

    def to_json(self) -> bytes:
        """Return the grade as canonical JSON: equal grades give equal bytes."""
        return encode(self)


def grade(
    events: Stream, *, rubric: Rubric | None = None, judge: str = "", answers: Answers | None = None
) -> Grade:
    """
    Return the grade of the episode with these *events*, complete or not.

    Args:
        events: The stream, as ``EventLog.events`` or ``Episode.events`` give it.
        rubric: The rubric to grade by; if None, the scenario's own, which the stream holds.
        judge: Digest of the judge whose *answers* they are.
        answers: What a judge has answered, for rubrics that ask one.

    Raises:
        ScenarioError: The recorded rubric, or *rubric*, does not fit the family.
        NotAsked: A judge's answer is needed that is not among the *answers*.
        NotJudged: A judge failed to give one.
    """
    if rubric is None:
        return recorded_grader(events.scenario)(events, answers, judge=judge)
    grader = Grader(rubric, find_criteria(events.family.name, events.family.rules))
    return grader(events, answers, judge=judge)


class Grader:
    """
    Grades many streams of one family by one rubric.

    Attributes:
        asks: Whether the rubric asks a judge.
    """

    def __init__(self, rubric: Rubric, criteria: Criteria) -> None:
        self._rubric = rubric
        self._name = RubricName(rubric.name, rubric.version, rubric.digest)
        self._activity = criteria.activity
        self._bound = [_bind(criterion, criteria) for criterion in rubric.criteria]
        self.asks = any(map(_asks, rubric.criteria))

    def __call__(
        self, events: Stream, answers: Answers | None = None, *, judge: str = "", again: int = 0
    ) -> Grade:
        """
        Return the grade of the episode with these *events*.

        Args:
            events: The stream.
            answers: What a judge has answered.
            judge: Digest of that judge.
            again: Which set of its answers to take.

        Raises:
            NotAsked: An answer is needed that is not among the *answers*.
            NotJudged: A judge failed to give one.
        """
        if not self.asks:
            return self.grade(Facts(events))
        name = self._name.judged_by(judge) if judge else self._name
        ask = Ask(events, answers, again=again)
        return ask.finish(lambda ask: self._grade(Facts(events, ask), name))

    def grade(self, facts: Facts) -> Grade:
        """
        Return the grade of the episode with these *facts*, by a rubric that asks nobody.

        Graders that are given the same facts share what they measure alike.
        """
        return self._grade(facts, self._name)

    def _grade(self, facts: Facts, name: RubricName) -> Grade:
        events = facts.stream
        activity = self._activity(facts)
        counts: dict[str, float] = {}
        scored = [bound.score(facts, activity, counts) for bound in self._bound]
        # Penalties may take the sum below 0; the rubric's own bounds apply to the rounded score.
        total = min(max(add_up([points for points, _ in scored]), 0.0), 1.0)
        parts = tuple([part for _, part in scored])
        return Grade(
            score=min(max(round_points(total), self._rubric.floor), self._rubric.ceiling),
            breakdown={part.name: part.points for part in parts},
            counts=counts,
            parts=parts,
            rubric=name,
            scenario=header_of(events.scenario).name,
            episode_digest=events.digest,
            complete=facts.ended,
        )


@lru_cache(maxsize=64)  # keyed by the scenario's bytes, which the episodes of a run share
def recorded_grader(body: bytes) -> Grader:
    """
    Return the grader by the rubric of the scenario whose canonical JSON is *body*.

    Raises:
        ScenarioError: The rubric does not fit the family.
    """
    header = header_of(body)
    return Grader(recorded_rubric(body), find_criteria(header.family, header.rules))


class _BoundCriterion(Struct, frozen=True):
    """A criterion with its measure looked up and its parameters bound."""

    criterion: Criterion
    take: Callable[[Facts], Finding]

    def score(self, facts: Facts, activity: float, counts: dict[str, float]) -> tuple[float, Part]:
        """Return unrounded points and the part; add the diagnostic counts to *counts*."""
        criterion = self.criterion
        finding = self.take(facts)
        gate = 1.0 if criterion.gate is None else min(1.0, activity / criterion.gate)
        points = criterion.weight * finding.value * gate
        counts.update(finding.counts)
        most = max(criterion.weight, 0.0)
        part = Part(
            criterion.name,
            round_points(points),
            most,
            finding.value,
            gate,
            finding.seqs,
            finding.judged,
        )
        return points, part


def _asks(criterion: Criterion) -> bool:
    return criterion.measure == JUDGE_MEASURE or any(map(_asks, criterion.parts))


def _bind(criterion: Criterion, criteria: Criteria) -> _BoundCriterion:
    if criterion.parts:
        bound = [(part.weight, _bind(part, criteria).take) for part in criterion.parts]
        return _BoundCriterion(criterion, lambda facts: _weighted_sum(facts, bound))
    measure = criteria.measures[criterion.measure]
    path = f"$.{criterion.name}.params"
    params, problems = structure(criterion.params, measure.params, path)
    if params is not None:  # a recorded rubric may come from a log that nobody checked
        further = criteria.problems(params, None)
        problems += beside(problems, ((f"{path}{at}", text) for at, text in further))
    if problems:
        raise ScenarioError("rubric", problems)
    key = measure.take, encode(plain(params))

    def take(facts: Facts) -> Finding:
        found = facts.findings.get(key)
        if found is None:
            found = facts.findings[key] = measure.take(facts, params)
        return found

    return _BoundCriterion(criterion, take)


def _weighted_sum(facts: Facts, parts: list[tuple[float, Callable[[Facts], Finding]]]) -> Finding:
    findings = [(weight, take(facts)) for weight, take in parts]
    judged = [digest for _, finding in findings for digest in finding.judged]
    return Finding(
        value=add_up([weight * finding.value for weight, finding in findings]),
        seqs=tuple(sorted({seq for _, finding in findings for seq in finding.seqs})),
        counts={name: n for _, finding in findings for name, n in finding.counts.items()},
        judged=tuple(dict.fromkeys(judged)) if judged else (),
    )


def round_points(points: float) -> float:
    """Return *points* to the decimal places that grades are given in, never as -0.0."""
    return round(points, DECIMAL_PLACES) + 0.0  # adding 0.0 turns -0.0, a penalty of none, into 0.0
