"""Who plays the episodes that are judged, and who plays on from each of their steps."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from refold.agents import make_policy
from refold.engine import Family
from refold.engine.presentation import Policy
from refold.scenarios.inbox.actions import Action as InboxAction
from refold.scenarios.inbox.rules import due_action
from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT
from refold.scenarios.workflow.refusals import legal_actions
from refold.scenarios.workflow.state import State as WorkflowState

Player = Callable[[Any], Any]
"""From a state, with all that is hidden in it, to an action."""

_LONGEST_STUBBORNNESS = 6


def stumbling(policy: Policy, rate: float, seed: int) -> Policy:
    """
    Return *policy*, which at a *rate* of steps does something else: as models err.

    It then takes any legal action, or its last one once more, up to six times in a row.
    """
    dice = random.Random(f"stumbling/{seed}")
    last: list[Any] = []
    stubborn = 0

    def choose(observation: Any, legal: Callable[[], Sequence[Any]]) -> Any:
        nonlocal stubborn
        action = policy(observation, legal)
        if stubborn and last:
            stubborn -= 1
            return last[-1]
        if dice.random() < rate:
            if last and dice.random() < 0.4:
                stubborn = dice.randrange(_LONGEST_STUBBORNNESS)
                return last[-1]
            action = dice.choice([*legal()] or [action])
        last.append(action)
        return action

    return choose


def careful(family: Family, seed: int) -> Iterator[Player]:
    """Yield careful players of *family*, fresh ones: they see what is hidden, or read well."""
    if family.name == "workflow" and family.rules == 1:
        yield from (_worker(*order) for order in _ORDERS)
    elif family.name == "inbox" and family.rules == 1:
        yield _due
    else:
        yield family.seers["greedy"]
        for name in ("reader", "baseline"):
            policy = make_policy(name, family, seed=seed, epoch=0)
            yield _sighted(policy, family)


def _sighted(policy: Policy, family: Family) -> Player:
    return lambda state: policy(family.observe(state), lambda: family.legal_actions(state))


def _due(state: Any) -> InboxAction:
    """Take the due action on the first e-mail, with all keywords in the reply."""
    id, email = next(iter(state.pending.items()))
    kind = due_action(email.category)
    return InboxAction(kind, id, " ".join(state.keywords[id]) if kind == "respond" else "")


_Key = Callable[[WorkflowState, Any], Any]
_KEYS: Mapping[str, _Key] = {
    "listed": lambda state, action: state.plan.seats[action.agent_name],
    "fast": lambda state, action: state.workers[action.agent_name].speed,
    "sure": lambda state, action: -_chance(state, action),
    "cheap": lambda state, action: state.plan.costs[action.agent_name],
}
_ORDERS = (
    ("sure", "fast", "cheap"),
    ("sure", "cheap", "fast"),
    ("fast", "sure", "cheap"),
    ("cheap", "sure", "fast"),
    ("listed",),
    ("fast", "cheap", "sure"),
)


def _chance(state: WorkflowState, action: Any) -> float:
    failures = state.subtasks[action.subtask_id].attempt_count
    return state.plan.reliability(action.agent_name, action.subtask_id, failures)


def _worker(*order: str) -> Player:
    """Return who retries, delegates, synthesizes or waits, and prefers workers in this *order*."""

    def choose(state: WorkflowState) -> Any:
        legal = legal_actions(state)
        if SYNTHESIZE in legal:
            return SYNTHESIZE
        for kind in ("retry", "delegate"):
            found = [action for action in legal if action.action_type == kind]
            if found:
                first = found[0].subtask_id
                mine = [action for action in found if action.subtask_id == first]
                return min(mine, key=lambda each: tuple(_KEYS[key](state, each) for key in order))
        return WAIT

    return choose
