"""The parts of a grade explained: what each pays for, what it lost, and because of what."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import asdict
from msgspec import Struct

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, StepRewarded, Stream
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.graders import Grade, Part
from refold.replays.marks import MISTAKE
from refold.replays.verdict.curve import lost_by
from refold.replays.verdict.places import marks_of, places_of
from refold.replays.verdict.wording import plain_name
from refold.scenarios import Criteria, Criterion, recorded_rubric
from refold.scenarios.criteria import find_criteria
from refold.scenarios.facts import Facts
from refold.scenarios.strict import structure

_UNTOLD = (ActionTaken, EpisodeEnded, StepRewarded, *EXCHANGE_EVENTS)


class Evidence(Struct, frozen=True):
    """
    Events that a part rests on, equal ones together.

    Attributes:
        say: What happened, in words.
        times: How often.
        first: Position of the first time.
        last: Position of the last time.
        bad: Whether it was a refusal or a mistake.
    """

    say: str
    times: int
    first: int
    last: int
    bad: bool


class Explanation(Struct, frozen=True):
    """
    A part of a grade in words.

    Attributes:
        name: The part.
        most: The most it could add; 0 for a penalty.
        earned: Points that it added, at least 0.
        lost: Points that it lost, at least 0, 4 decimal places.
        pays: What it pays for, or takes points for; empty if nobody says.
        needs: Why it does not count in full; empty if it does.
        evidence: What it rests on, in the order of the first times.
    """

    name: str
    most: float
    earned: float
    lost: float
    pays: str
    needs: str
    evidence: tuple[Evidence, ...]


def explain(stream: Stream, grade: Grade) -> list[Explanation]:
    """Return the parts of *grade* in words: those that lost most first, then in their order."""
    criteria = find_criteria(stream.family.name, stream.family.rules)
    known = _criteria_of(stream, grade)
    happened = _happenings(stream)
    activity = criteria.activity(Facts(stream)) if any(p.gate < 1 for p in grade.parts) else 0.0
    parts = [
        Explanation(
            name=part.name,
            most=part.most,
            earned=max(0.0, part.points),
            lost=lost_by(part),
            pays=_pays(known[part.name], criteria) if part.name in known else "",
            needs=_needs(part, known.get(part.name), activity, criteria.unit),
            evidence=tuple(_evidence(part, happened)),
        )
        for part in grade.parts
    ]
    return sorted(parts, key=lambda each: -each.lost)


def _criteria_of(stream: Stream, grade: Grade) -> Mapping[str, Criterion]:
    """Return the criteria by name that *grade* is by, as far as the stream holds them."""
    rubric = recorded_rubric(stream.scenario)
    if rubric.digest != grade.rubric.digest:
        return {}
    return {criterion.name: criterion for criterion in rubric.criteria}


def _pays(criterion: Criterion, criteria: Criteria) -> str:
    if criterion.parts:
        return "; ".join(_pays(part, criteria) for part in criterion.parts)
    measure = criteria.measures[criterion.measure]
    params, _ = structure(criterion.params, measure.params, "$")
    if params is None or not measure.pays:
        return plain_name(criterion.measure)
    return measure.pays.format(**{name: _value(value) for name, value in asdict(params).items()})


def _value(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else value


def _needs(part: Part, criterion: Criterion | None, activity: float, unit: str) -> str:
    if part.gate >= 1:
        return ""
    if criterion is None or criterion.gate is None or not unit:
        return f"counts {part.gate:.0%}: too little was done"
    return f"counts {part.gate:.0%}: {activity:g} of the {criterion.gate:g} {unit} that it asks for"


def _evidence(part: Part, happened: Sequence[tuple[int, str, bool]]) -> Iterator[Evidence]:
    found: dict[str, list[int]] = {}
    bad: dict[str, bool] = {}
    for place, say, is_bad in (happened[seq] for seq in part.seqs):
        if say:
            found.setdefault(say, []).append(place)
            bad[say] = is_bad
    for say, places in found.items():
        yield Evidence(say, len(places), min(places), max(places), bad[say])


def _happenings(stream: Stream) -> list[tuple[int, str, bool]]:
    """Return for each event its position, what it is in words, and whether it is bad."""
    say = stream.family.say
    places = places_of(stream)
    mistakes = {told for _, kind, told in marks_of(stream) if kind == MISTAKE}
    acts: dict[int, str] = {}
    told: dict[int, list[str]] = {}
    found = []
    for place, event in zip(places, stream, strict=True):
        words, bad = say(event), isinstance(event, ActionRefused)
        if isinstance(event, ActionTaken):
            words = f"“{words}”"
            acts[place] = words
        elif bad:
            words = f"{acts.get(place, '')} {words}".strip()
        elif isinstance(event, StepRewarded):
            # A reward by itself is a number: what it was given for says more.
            words = "; ".join(told.get(place, [])) or acts.get(place, "")
        if not isinstance(event, _UNTOLD):
            told.setdefault(place, []).append(words)
        found.append((place, words, bad or words in mistakes))
    return found
