"""
The built-in agents of workflows, rules version 2; what each does is fixed.

``witness`` and ``greedy`` see the state with all that is hidden: they are bounds, not rivals.
The canaries choose without reading: whatever they score comes for free.
"""

import random
from collections.abc import Mapping

from refold.engine.presentation import LegalActions, MakePolicy, Policy, Seer
from refold.scenarios.blind import BLIND
from refold.scenarios.looking_ahead import best_at_once
from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.workflow2.observation import Observation
from refold.scenarios.workflow2.reader import Reader
from refold.scenarios.workflow2.refusals import legal_actions
from refold.scenarios.workflow2.rules import decide
from refold.scenarios.workflow2.state import State


def baseline(shown: Observation, _legal: LegalActions) -> Action:
    """Gives the first ready task to the first idle worker with its skill, else lets time pass."""
    if shown.running < shown.capacity:
        for task in (each for each in shown.tasks.values() if each.status == "ready"):
            for worker in shown.workers.values():
                if worker.status == "idle" and task.skill in worker.skills:
                    return Action("assign", task.id, worker.name)
    return ADVANCE


def witness(state: State) -> Action:
    """Plays the planted plan, which scores 1; sees all that is hidden."""
    for planned in state.plan.world.witness:
        begun = planned.task in state.jobs or planned.task in state.done
        if planned.tick == state.tick and not begun:
            return Action("assign", planned.task, planned.worker)
    return ADVANCE


def greedy(state: State) -> Action:
    """Takes what pays most at once, by the rules; sees all that is hidden."""
    return best_at_once(state, legal_actions(state), decide)[0]


def _first_assignment(_seed: int) -> Policy:
    return lambda shown, legal: next(iter(_assignments(legal)), ADVANCE)


def _assignments(legal: LegalActions) -> list[Action]:
    return [action for action in legal() if action.type == "assign"]


def _random_kind(seed: int) -> Policy:
    dice = random.Random(seed)

    def choose(_shown: Observation, legal: LegalActions) -> Action:
        found = _assignments(legal)
        return dice.choice(found) if found and dice.random() < 0.5 else ADVANCE

    return choose


def _always_busy(seed: int) -> Policy:
    dice = random.Random(seed)

    def choose(_shown: Observation, legal: LegalActions) -> Action:
        found = _assignments(legal)
        return dice.choice(found) if found else ADVANCE

    return choose


POLICIES: Mapping[str, Policy] = {"baseline": baseline}
PLAYERS: Mapping[str, MakePolicy] = {"reader": Reader}
SEERS: Mapping[str, Seer] = {"greedy": greedy, "witness": witness}
CANARIES: Mapping[str, MakePolicy] = {
    **BLIND,
    "first assignment": _first_assignment,
    "random kind": _random_kind,
    "random, always busy": _always_busy,
}
