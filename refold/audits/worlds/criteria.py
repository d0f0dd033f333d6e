"""Checks of the criteria of an environment's rubric, in the plays that there are."""

from collections.abc import Iterator

from refold.audits import lines
from refold.audits.findings import Check, Measurement
from refold.audits.lines import mean_share, paying
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.scoring import NO_ORACLE, NO_PANEL

MOST_FREE = 0.5
"""Share of a criterion that an agent may earn that does nothing."""
SOMETHING = 0.01
"""The value that each criterion has to have at least once, to be alive."""

_LONE = "the rubric has one criterion, which semantic.floor_gap and semantic.oracle_max cover"


def free(case: WorldCase) -> Iterator[Measurement]:
    """Measure the most of each criterion that an agent earns that does nothing."""
    if _is_lone(case):
        yield Measurement("", None, None, _LONE)
        return
    idle = {"leaving at once": case.at_once, **case.idle}
    for place, name in paying(case.all_runs):
        shares = {agent: mean_share(runs, place) for agent, runs in idle.items()}
        agent, share = max(shares.items(), key=lambda pair: pair[1])
        about = f"pays {share:.4f} of its weight for {agent}"
        yield Measurement(name, share, MOST_FREE, about, idle[agent][0].shown)


def dead(case: WorldCase) -> Iterator[Measurement]:
    """Measure the highest value of each criterion in any play, be it paid or taken off."""
    if _is_lone(case):
        yield Measurement("", None, None, _LONE)
    elif case.oracle is None:
        yield Measurement("", None, None, NO_ORACLE)
    else:
        runs = case.all_runs
        for place, part in enumerate(runs[0].grade.parts):
            best = max(runs, key=lambda run: run.grade.parts[place].value)
            value = best.grade.parts[place].value
            about = f"its value is at most {value:.4f} in {len(runs)} plays, which is no proof"
            yield Measurement(part.name, value, SOMETHING, about, best.shown)


def duplicate(case: WorldCase) -> Iterator[Measurement]:
    """Measure in how many plays the two criteria that are most alike have the same value."""
    return lines.duplicate(case.all_runs)


def vacuous(case: WorldCase) -> Iterator[Measurement]:
    """Measure the most that each criterion pays without an event to rest on."""
    if _is_lone(case):
        yield Measurement("", None, None, _LONE)
    else:
        yield from lines.vacuous(case.all_runs)


def constant(case: WorldCase) -> Iterator[Measurement]:
    """Measure how far the lowest and the highest value of each criterion are apart, but of dead."""
    runs = [run for run in case.all_runs if run.ended]
    if _is_lone(case) or not runs:
        about = _LONE if _is_lone(case) else "no play comes to an end"
        yield Measurement("", None, None, about)
        return
    parts = enumerate(runs[0].grade.parts)
    dead = {part.name for at, part in parts if not any(run.grade.parts[at].value for run in runs)}
    yield from (each for each in lines.constant(runs) if each.part not in dead)


def discrimination(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many players of the panel earn less of each criterion than the oracle does."""
    if _is_lone(case) or not case.panel:
        about = _LONE if case.panel else NO_PANEL
        yield Measurement("", None, None, about)
    elif case.oracle is None:
        yield Measurement("", None, None, NO_ORACLE)
    else:
        yield from lines.discrimination(case.panel, case.oracle)


def _is_lone(case: WorldCase) -> bool:
    return len(case.scenario.rubric.criteria) < 2


CHECKS = (
    Check("criteria.free", "no criterion comes for free", "at most", free),
    Check("criteria.dead", "each line of the rubric can pay", "at least", dead),
    Check("criteria.vacuous", "no criterion pays without evidence", "at most", vacuous),
    Check("criteria.constant", "each criterion varies", "at least", constant),
    Check("criteria.duplicate", "no two criteria are the same", "at most", duplicate),
    Check(
        "criteria.discrimination",
        "each criterion tells the oracle apart",
        "at least",
        discrimination,
    ),
)
"""The checks of criteria."""
