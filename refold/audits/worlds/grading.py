"""Checks of how an external environment is graded: by what is done in it, and always alike."""

from collections.abc import Iterator
from typing import Any

from refold.audits.again import several_grades
from refold.audits.edits import edits_of
from refold.audits.findings import Check, Measurement
from refold.audits.played import Played
from refold.audits.worlds.answers import actions_taken
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.scoring import NO_ORACLE
from refold.scenarios.answered.said import calls_in

MOST_EDITED = 8
"""Actions of the oracle that are edited; of more, so many from the first to the last."""


def mutation(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many edits of one action of the oracle's play lower its score."""
    if case.oracle is None:
        yield Measurement("", None, 1, NO_ORACLE)
        return
    run = case.oracle[0]
    if run.score <= 0:
        yield Measurement("", None, 1, "the known solution earns nothing that could be lost")
        return
    edited = list(_edited(case, run))
    lower = [each for each in edited if each.score < run.score]
    about = (
        f"of {len(edited)} plays of the known solution with one action left out or changed, "
        f"{len(lower)} score less"
    )
    yield Measurement("", len(lower), 1, about, (lower or [run])[0].shown)


def determinism(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many plays have more than one grade when they are graded again."""
    return several_grades(case.all_runs)


def _edited(case: WorldCase, run: Played) -> Iterator[Played]:
    """Yield *run* with one action left out, and then with its values changed, for some actions."""
    actions = actions_taken(run)
    last = len(actions) - 1
    for place in range(0, len(actions), -(-len(actions) // MOST_EDITED)):
        before, after = actions[:place], actions[place + 1 :]
        changed = [[*before, other, *after] for other in _changed(actions[place])]
        # Without its last action a play may not end, of which no grader is to blame.
        for edited in changed if place == last else [[*before, *after], *changed]:
            played = case.plays.follow("known solution, edited", edited, run.shown.seed)
            if played is not None:
                yield played


def _changed(action: Any) -> Iterator[Any]:
    """Yield *action* with one value changed, of its calls in their arguments, for each of them."""
    calls = calls_in(action)
    if not calls:
        yield from edits_of(action)
    for at, call in enumerate(calls):
        for arguments in edits_of(call.get("arguments")):
            changed = {**call, "arguments": arguments}
            yield {**action, "tool_calls": [*calls[:at], changed, *calls[at + 1 :]]}


CHECKS = (
    Check("grader.mutation", "the score rests on what is done", "at least", mutation),
    Check("semantic.verifier_determinism", "one play has one grade", "at most", determinism),
)
"""The checks of how it is graded."""
