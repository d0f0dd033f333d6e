"""Checks of scores: what the known solution reaches, and what comes for free."""

from collections.abc import Iterator

from refold.audits.findings import Check, Measurement
from refold.audits.played import mean_score
from refold.audits.scenarios.scores import LEAST_GAP, MOST_SHARE
from refold.audits.worlds.case import WorldCase

NO_ORACLE = "no agent is known to do all that is expected; --oracle AGENT names one"


def oracle_max(case: WorldCase) -> Iterator[Measurement]:
    """Measure the lowest score of the oracle, against the highest that the rubric declares."""
    if case.oracle is None:
        yield Measurement("", None, case.ceiling, NO_ORACLE)
        return
    worst = min(case.oracle, key=lambda run: run.score)
    about = f"{worst.shown.agent} scores {worst.score:.4f}; the rubric goes to {case.ceiling:g}"
    yield Measurement("", worst.score, case.ceiling, about, worst.shown)


def floor_gap(case: WorldCase) -> Iterator[Measurement]:
    """Measure how far agents that do nothing stay below the highest score."""
    for name, runs in {"leaving at once": case.at_once, **case.idle}.items():
        score = mean_score(runs)
        about = f"{name} scores {score:.4f}; the rubric goes to {case.ceiling:g}"
        yield Measurement(name, case.ceiling - score, LEAST_GAP, about, runs[0].shown)


def adversarial_floor(case: WorldCase) -> Iterator[Measurement]:
    """Measure the best player of the panel."""
    if not case.panel:
        yield Measurement("", None, None, "the environment does not declare its actions")
        return
    name, runs = max(case.panel.items(), key=lambda pair: mean_score(pair[1]))
    score = mean_score(runs)
    highest = max(runs, key=lambda run: run.score)
    about = f"the best of {len(case.panel)} players that do not read is {name!r} with {score:.4f}"
    if len(runs) > 1:
        about += f" on average over {len(runs)} plays, at most {highest.score:.4f}"
    yield Measurement("", score, MOST_SHARE * case.ceiling, about, highest.shown)


CHECKS = (
    Check("semantic.oracle_max", "the highest score can be reached", "at least", oracle_max),
    Check("semantic.floor_gap", "doing nothing earns little", "at least", floor_gap),
    Check(
        "statistical.adversarial_floor",
        "playing without reading earns little",
        "at most",
        adversarial_floor,
    ),
)
"""The checks of scores."""
