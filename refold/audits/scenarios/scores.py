"""Checks of scores: what is possible, what doing nothing earns, and what comes for free."""

from collections.abc import Iterator, Mapping

from refold.audits.findings import Check, Measurement
from refold.audits.played import Runs, mean_score
from refold.audits.scenarios.case import ScenarioCase

LEAST_GAP = 0.5
"""How far below the best the agent that does nothing has to stay."""
MOST_SHARE = 0.25
"""The share of the best that a player may reach that cannot do well."""
LEAST_LEFT = 0.1
"""The share of the best that taking what pays most has to miss."""


def oracle_max(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the best score, against the highest that the rubric declares."""
    best, ceiling = case.best, case.scenario.rubric.ceiling
    worst = min(best.runs, key=lambda run: run.score)
    value = None if best.score < ceiling <= best.bound else worst.score
    about = f"the best score is {worst.score:.4f}, {best.words}; the rubric goes to {ceiling:g}"
    yield Measurement("", value, ceiling, about, worst.shown)


def floor_gap(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how far agents that do nothing stay below the best."""
    agents = {"leaving at once": case.at_once}
    if case.idle is not None:
        agents["doing nothing"] = case.idle
    for name, runs in agents.items():
        score = mean_score(runs)
        about = f"{name} scores {score:.4f}, the best known {case.best.score:.4f}"
        gap = case.best.score - score
        yield Measurement(name, gap, LEAST_GAP, about, runs[0].shown)


def adversarial_floor(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the best player of the panel."""
    yield _best_of(case, case.panel, "players that do not read")


def canary_floor(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the best of the family's own canaries."""
    if case.canaries:
        yield _best_of(case, case.canaries, "canaries of the family")
    else:
        about = f"family {case.family.title} declares no canaries"
        yield Measurement("", None, None, about)


def gameability_gap(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure what an agent misses that tries each action and takes what pays most."""
    name, runs = _highest({name: case.comparable(runs) for name, runs in case.greedy.items()})
    best, score = case.best.score, mean_score(runs)
    missed = (best - score) / best if best else None
    about = f"{name} scores {score:.4f}, of {best:.4f} that is known to be possible"
    yield Measurement("", missed, LEAST_LEFT, about, runs[0].shown)


def unbeaten(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure the mean score of each player, against the best known with the same seeds."""
    players = {**case.panel, **case.canaries, **case.honest, **case.greedy}
    for name, played in players.items():
        runs = case.comparable(played)
        scores = [run.score for run in runs]
        about = (
            f"{min(scores):.4f} to {max(scores):.4f} with {len(runs)} seeds"
            if len(runs) > 1
            else "with the first seed"
        )
        best = max(runs, key=lambda run: run.score)
        yield Measurement(name, mean_score(runs), case.best.score, about, best.shown)


def _best_of(case: ScenarioCase, players: Mapping[str, Runs], whose: str) -> Measurement:
    name, runs = _highest(players)
    score = mean_score(runs)
    highest = max(runs, key=lambda run: run.score)
    about = f"the best of {len(players)} {whose} is {name!r} with {score:.4f}"
    if len(runs) > 1:
        about += f" on average over {len(runs)} seeds, at most {highest.score:.4f}"
    bound = MOST_SHARE * case.best.score
    return Measurement("", score, bound, about, highest.shown)


def _highest(players: Mapping[str, Runs]) -> tuple[str, Runs]:
    return max(players.items(), key=lambda pair: mean_score(pair[1]))


CHECKS = (
    Check("semantic.oracle_max", "the highest score can be reached", "at least", oracle_max),
    Check("semantic.floor_gap", "doing nothing earns little", "at least", floor_gap),
    Check("semantic.canary_floor", "known cheats earn little", "at most", canary_floor),
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
    Check("statistical.unbeaten", "nobody beats the best known", "at most", unbeaten),
)
"""The checks of scores."""
