"""Checks of the criteria of a world's rubric, in the plays that there are."""

from collections.abc import Iterator
from statistics import fmean

from refold.audits import lines
from refold.audits.findings import Check, Measurement
from refold.audits.lines import paying, share_of
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.scoring import NO_ORACLE

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
        shares = {
            agent: fmean(share_of(run.grade.parts[place]) for run in runs)
            for agent, runs in idle.items()
        }
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


def _is_lone(case: WorldCase) -> bool:
    return len(case.scenario.rubric.criteria) < 2


CHECKS = (
    Check("criteria.free", "no criterion comes for free", "at most", free),
    Check("criteria.dead", "each line of the rubric can pay", "at least", dead),
    Check("criteria.duplicate", "no two criteria are the same", "at most", duplicate),
)
"""The checks of criteria."""
