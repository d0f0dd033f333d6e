"""Checks of environments that are played again: what seed and actions alone decide."""

from collections.abc import Iterator, Sequence

from refold.audits.findings import Check, Measurement
from refold.audits.worlds.case import WorldCase
from refold.replays.transcripts import Difference

_LONGEST_VALUE = 60  # letters
_MOST_PATHS = 5


def seed_control(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values of the beginning differ for equal seeds."""
    found = [each for each in case.repeats.by_chance if each.step == 0]
    yield _measured(case, found, "two episodes with the same seed begin alike")


def episode_determinism(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values of the answers differ for equal seeds and actions."""
    found = case.repeats.by_chance
    if any(each.step == 0 for each in found):
        yield Measurement("", None, 0, "episodes with the same seed begin differently")
    else:
        yield _measured(case, found, "the same actions have the same answers")


def episode_isolation(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values another episode moves, before or beside this one."""
    repeats = case.repeats
    for transcript, when in ((repeats.after, "after"), (repeats.beside, "beside")):
        part = f"{when} another episode"
        if repeats.by_chance:
            about = "the answers differ even if nothing else is played"
            yield Measurement(part, None, 0, about)
        else:
            found = repeats.between(repeats.first, transcript)
            yield _measured(case, found, "the answers are those of a fresh process", part=part)


def replayability(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values change by themselves, so that no replay can be compared."""
    yield _measured(case, case.repeats.passing, "no value is a clock or a generated id")


def seed_effect(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values another seed changes, under the same actions."""
    repeats = case.repeats
    if not case.environment.seeded:
        yield Measurement("", None, 1, "environments of this kind take no seed")
    elif repeats.by_chance:
        about = "the answers differ from play to play, whatever the seed"
        yield Measurement("", None, 1, about)
    else:
        found = repeats.between(repeats.first, repeats.other_seed)
        yield _measured(case, found, "another seed changes nothing under the same actions", bound=1)


def _measured(
    case: WorldCase,
    found: Sequence[Difference],
    without: str,
    *,
    bound: int = 0,
    part: str = "",
) -> Measurement:
    """Return how many values differ, and in words which; *without* says that none does."""
    about = _describe(found) if found else without
    return Measurement(part, len(found), bound, about, case.telling.shown)


def _describe(found: Sequence[Difference]) -> str:
    first, *rest = found
    where = f"after {first.step} actions" if first.step else "at the beginning"
    a, b = (f"{value!r:.{_LONGEST_VALUE}}" for value in (first.value.a, first.value.b))
    told = f"{where}, {first.value.path} is {a} or {b}"
    if rest:
        paths = ", ".join(each.value.general_path for each in rest[:_MOST_PATHS])
        told += f"; also {paths}"
    return told


CHECKS = (
    Check("runtime.seed_control", "equal seeds begin alike", "at most", seed_control),
    Check(
        "runtime.episode_determinism",
        "equal actions have equal answers",
        "at most",
        episode_determinism,
    ),
    Check(
        "runtime.episode_isolation",
        "no episode affects another",
        "at most",
        episode_isolation,
    ),
    Check("semantic.replayability", "nothing changes by itself", "at most", replayability),
    Check("seeds.effect", "the seed changes something", "at least", seed_effect),
)
"""The checks of environments that are played again."""
