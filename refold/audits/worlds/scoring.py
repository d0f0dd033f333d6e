"""Checks of scores: what the known solution reaches, and what comes for free."""

from collections.abc import Iterator

from refold.audits.findings import Check, Measurement
from refold.audits.played import mean_score
from refold.audits.scenarios.scores import LEAST_GAP, LEAST_LEFT, MOST_SHARE
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.greedy import MOST_TRIED
from refold.audits.worlds.players import MOST_REPEATED

NO_ORACLE = "no agent is known to do all that is expected; --oracle AGENT names one"
NO_PANEL = "the environment does not declare its actions"


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
        yield Measurement("", None, None, NO_PANEL)
        return
    name, runs = max(case.panel.items(), key=lambda pair: mean_score(pair[1]))
    score = mean_score(runs)
    highest = max(runs, key=lambda run: run.score)
    about = f"the best of {len(case.panel)} players that do not read is {name!r} with {score:.4f}"
    if len(runs) > 1:
        about += f" on average over {len(runs)} plays, at most {highest.score:.4f}"
    yield Measurement("", score, MOST_SHARE * case.ceiling, about, highest.shown)


def gameability_gap(case: WorldCase) -> Iterator[Measurement]:
    """Measure what an agent misses that tries each action and takes what pays most."""
    if not case.greedy:
        about = f"only among 2 to {MOST_REPEATED} kinds of action is each tried"
        yield Measurement("", None, LEAST_LEFT, about)
        return
    best, words = case.ceiling, "the rubric goes to"
    if case.oracle is not None:
        best, words = mean_score(case.oracle), "the known solution scores"
    score = mean_score(case.greedy)
    missed = (best - score) / best if best > 0 else None
    about = (
        f"taking what pays most at once, for up to {MOST_TRIED} steps, scores {score:.4f}; {words} "
        f"{best:g}"
    )
    yield Measurement("", missed, LEAST_LEFT, about, case.greedy[0].shown)


CHECKS = (
    Check("semantic.oracle_max", "the highest score can be reached", "at least", oracle_max),
    Check("semantic.floor_gap", "doing nothing earns little", "at least", floor_gap),
    Check(
        "statistical.adversarial_floor",
        "playing without reading earns little",
        "at most",
        adversarial_floor,
    ),
    Check(
        "statistical.gameability_gap",
        "taking the highest reward at each step is not enough",
        "at least",
        gameability_gap,
    ),
)
"""The checks of scores."""
