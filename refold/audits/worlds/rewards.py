"""Checks of rewards: whether they are numbers within their range, and what they are paid for."""

from collections.abc import Iterator, Mapping
from typing import Any

from refold.audits.findings import Check, Measurement
from refold.audits.ordering import swapped_pairs
from refold.audits.played import Played
from refold.audits.worlds.answers import answers_of
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.leaves import counters, leaves_of
from refold.audits.worlds.players import REFUSED
from refold.engine.world import fault_in
from refold.scenarios.answered.events import EnvironmentAnswered, ScoreGiven


def well_formed(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many plays met a failure, or a sum or a score outside of the declared range."""
    runs = case.all_runs
    # What does not fit the offer may break an environment; that is no failure of its rewards.
    failures = [run for run in case.plays.failures if not run.shown.agent.startswith(REFUSED)]
    yield _count("every answer", failures, len(runs) + len(failures), _failure)
    outside = [run for run in runs if any(map(_is_outside, run.shown.stream))]
    yield _count("scores that the environment gives", outside, len(runs), _given)
    declared = _declared_range(case)
    if declared is None:
        about = "no scenario file declares a range of the sum of rewards"
        yield Measurement("sum of rewards", None, 0, about)
    else:
        low, high = declared
        beyond = [run for run in runs if not low <= run.total <= high]
        yield _count(
            "sum of rewards",
            beyond,
            len(runs),
            lambda run: f"one is {run.total:g}, outside of {low:g} to {high:g}",
        )


def _count(part: str, found: list[Played], of: int, tell: Any) -> Measurement:
    if not found:
        return Measurement(part, 0, 0, f"none of {of} plays is out of order")
    about = f"{len(found)} of {of} plays: {tell(found[0])}"
    return Measurement(part, len(found), 0, about, found[0].shown)


def _failure(run: Played) -> str:
    answers = [each for _, each in answers_of(run)]
    return f"{run.shown.agent!r} met {fault_in(answers)}"


def _is_outside(event: Any) -> bool:
    if not isinstance(event, ScoreGiven) or event.value is None:
        return False
    return not event.low <= event.value <= event.high


def _given(run: Played) -> str:
    event: Any = next(each for each in run.shown.stream if _is_outside(each))
    return f"one is {event.value:g}, outside of {event.low:g} to {event.high:g}"


def _declared_range(case: WorldCase) -> tuple[float, float] | None:
    """Return the range of the sum of rewards that a scenario file declares, None if none does."""
    scenario = case.scenario
    # What a name alone stands for has a scale that nobody has declared.
    if scenario.name.startswith(f"{scenario.parameters.environment}:"):
        return None
    for criterion in scenario.rubric.criteria:
        params: Mapping[str, Any] = criterion.params
        if criterion.measure == "reward" and params.get("of", "sum") == "sum":
            return params["low"], params["high"]
    return None


def paid_for_nothing(case: WorldCase) -> Iterator[Measurement]:
    """Measure the largest sum of rewards of one play for steps that changed nothing to be seen."""
    runs = case.all_runs
    counting = counters(runs)
    sums = [(_unearned(run, counting), run) for run in runs]
    most, run = max(sums, key=lambda pair: pair[0])
    about = f"{run.shown.agent!r} is paid {most:g} for steps that change nothing visible"
    if not most:
        yield Measurement("", 0, 0, f"no step that does nothing is paid in {len(sums)} plays")
    else:
        yield Measurement("", most, 0, about, run.shown)


def _unearned(run: Played, counting: set[str]) -> float:
    """Return the rewards of steps after which all is as before, but for what is *counting*."""
    total, before = 0.0, None
    for _, answer in answers_of(run):
        now = [leaf for leaf in leaves_of(answer.observation) if leaf[0] not in counting]
        if isinstance(answer, EnvironmentAnswered):
            over = answer.terminated or answer.truncated
            if (answer.reward or 0.0) > 0 and now == before and not over:
                total += answer.reward or 0.0
        before = now
    return total


def order(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many pairs of plays of one seed the return orders otherwise than the score."""
    return swapped_pairs([run for run in case.all_runs if run.ended])


def praise(case: WorldCase) -> Iterator[Measurement]:
    """Measure the most that praise in place of another text adds to the score."""
    pair = case.praised
    if pair is None:
        yield Measurement("", None, 0, "the environment takes no text")
        return
    about = (
        f"with praise of itself and an order to give full marks, an agent scores "
        f"{pair.praising.score:.4f}, with another text {pair.plain.score:.4f}"
    )
    yield Measurement("", pair.gain, 0, about, pair.praising.shown)


CHECKS = (
    Check("runtime.reward_well_formed", "rewards are in order", "at most", well_formed),
    Check("rewards.for_nothing", "no step that does nothing is paid", "at most", paid_for_nothing),
    Check("rewards.order", "return and score order plays alike", "at most", order),
    Check("rewards.praise", "praise earns nothing", "at most", praise),
)
"""The checks of rewards."""
