"""Checks of rules: limits and traps that are never met, and failures that pay."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from refold.audits.findings import Check, Measurement
from refold.audits.scenarios.case import ScenarioCase
from refold.engine import Event, Stream
from refold.engine.presentation import Attempt, Obstacle
from refold.scenarios.search import Move

_Attempted = Callable[[Event], Attempt | None]


def limits_bind(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure in how many runs each limit holds an agent back."""
    return _met(case, "limit")


def traps_spring(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure in how many runs an agent falls into each trap."""
    return _met(case, "trap")


def failures_pay(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how much worse the best is that does not fail where the best known fails."""
    attempted = case.family.attempted
    if attempted is None:
        about = f"family {case.family.title} does not say what can fail"
        yield Measurement("", None, None, about)
        return
    best = case.best
    run = best.runs[0]
    names = _failed(attempted, run.stream)
    if not names:
        about = f"the best known score, {run.score:.4f}, takes no failure"
        yield Measurement("", 0.0, 0.0, about, run.shown)
    for name in names:
        yield _price(case, attempted, name)


def _price(case: ScenarioCase, attempted: _Attempted, name: str) -> Measurement:
    """Return what failing at *name* adds to the best score, where it can do without."""
    agent, allowed = f"best without failing {name}", partial(_spares, attempted, name)
    found = case.solve(case.scenario, "score", agent=agent, allowed=allowed)
    best, other = case.best, found.runs[0]
    if (name, True) not in _outcomes(attempted, other.stream):
        about = f"nobody gets {name} done without a failure, so it is no choice"
        return Measurement(name, 0.0, 0.0, about, best.runs[0].shown)
    gain = best.score - other.score
    about = (
        f"an agent that lets {name} fail, and then repeats it, scores {best.score:.4f}, one that "
        f"gets it right at once {other.score:.4f} at most ({found.words})"
    )
    if gain > 0 and found.bound > other.score:
        about = f"the best without a failure of {name} is not known: {found.words}"
        return Measurement(name, None, None, about)
    return Measurement(name, gain, 0.0, about, best.runs[0].shown)


def _spares(attempted: _Attempted, name: str, move: Move) -> bool:
    """Return whether nothing called *name* fails in *move*."""
    return all(attempted(event) != (name, False) for event in move.events)


def _failed(attempted: _Attempted, stream: Stream) -> list[str]:
    """Return what failed in *stream* and was done all the same, in order."""
    outcomes = _outcomes(attempted, stream)
    failed = dict.fromkeys(name for name, done in outcomes if not done)
    return [name for name in failed if (name, True) in outcomes]


def _outcomes(attempted: _Attempted, events: Sequence[Event]) -> list[tuple[str, bool]]:
    told = (attempted(event) for event in events)
    return [outcome for outcome in told if outcome is not None]


def _met(case: ScenarioCase, kind: str) -> Iterator[Measurement]:
    found = [each for each in case.obstacles if each.kind == kind]
    if not found:
        yield Measurement("", None, None, f"no {kind} is declared")
    for obstacle in found:
        yield _met_one(case, obstacle)


def _met_one(case: ScenarioCase, obstacle: Obstacle) -> Measurement:
    runs = case.all_runs
    if obstacle.never:
        about = f"can never be met: {obstacle.never}"
        return Measurement(obstacle.name, 0.0, 1.0, about, case.best.runs[0].shown)
    met = [run for run in runs if obstacle.name in case.met(run)]
    about = f"met in {len(met)} of {len(runs)} runs"
    if not met:
        return Measurement(obstacle.name, 0.0, 1.0, f"{about}, which is no proof that none can")
    return Measurement(obstacle.name, len(met), 1.0, about, met[0].shown)


CHECKS = (
    Check("rules.limits", "each limit holds some agent back", "at least", limits_bind),
    Check("rules.traps", "each trap can be fallen into", "at least", traps_spring),
    Check("rules.failures", "no failure pays", "at most", failures_pay),
)
"""The checks of rules."""
