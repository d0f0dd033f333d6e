"""What an agent may see as arrays of fixed shapes; nothing that ``observe`` would not show."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from refold.scenarios.inbox.state import State as Inbox
from refold.scenarios.workflow.state import State as Workflow

Arrays = dict[str, Any]

STATUSES = ("pending", "ready", "in_progress", "completed", "failed")
WORKERS = ("idle", "working", "offline")
CATEGORIES = (
    *("other", "access", "account", "billing", "compliance", "legal", "newsletter", "payment"),
    *("product", "security"),
)
PRIORITIES = ("other", "low", "medium", "high")
_MOST = 2**31 - 1


def _counts(number: int) -> spaces.Box:
    return spaces.Box(0, _MOST, (number,), np.int64)


def space_of(family: str, state: Any) -> dict[str, spaces.Space[Any]]:
    """Return the spaces of what ``seen`` returns, for an episode that begins in *state*."""
    return _SPACES[family](state)


def seen(family: str, state: Any) -> Arrays:
    """Return *state* as its agent may see it."""
    return _SEEN[family](state)


def _workflow_space(state: Workflow) -> dict[str, spaces.Space[Any]]:
    subtasks, workers = len(state.subtasks), len(state.workers)
    dearest = sum(each.cost_per_step for each in state.workers.values())
    most = max(1.0, dearest * state.plan.parameters.time_budget)
    return {
        "subtasks": spaces.MultiDiscrete([len(STATUSES)] * subtasks),
        "assigned": spaces.MultiDiscrete([workers + 1] * subtasks),
        "attempts": _counts(subtasks),
        "workers": spaces.MultiDiscrete([len(WORKERS)] * workers),
        "speeds": _counts(workers),
        "time_remaining": _counts(1),
        "budget_used": spaces.Box(0.0, most, (1,), np.float64),
    }


def _workflow_seen(state: Workflow) -> Arrays:
    place = {name: number for number, name in enumerate(state.workers, 1)}
    subtasks, workers = state.subtasks.values(), state.workers.values()
    return {
        "subtasks": np.array([STATUSES.index(each.status) for each in subtasks], np.int64),
        "assigned": np.array([place.get(each.assigned_to or "", 0) for each in subtasks], np.int64),
        "attempts": np.array([each.attempt_count for each in subtasks], np.int64),
        "workers": np.array([WORKERS.index(each.status) for each in workers], np.int64),
        "speeds": np.array([each.speed for each in workers], np.int64),
        "time_remaining": np.array([state.plan.parameters.time_budget - state.t], np.int64),
        "budget_used": np.array([state.budget_used], np.float64),
    }


def _inbox_space(state: Inbox) -> dict[str, spaces.Space[Any]]:
    mails = len(state.keywords)
    return {
        "pending": spaces.MultiBinary(mails),
        "category": spaces.MultiDiscrete([len(CATEGORIES)] * mails),
        "priority": spaces.MultiDiscrete([len(PRIORITIES)] * mails),
        "step_count": _counts(1),
    }


def _inbox_seen(state: Inbox) -> Arrays:
    mails = [state.pending.get(id) for id in state.keywords]
    categories = [_place(CATEGORIES, mail.category) if mail else 0 for mail in mails]
    priorities = [_place(PRIORITIES, mail.priority) if mail else 0 for mail in mails]
    return {
        "pending": np.array([mail is not None for mail in mails], np.int8),
        "category": np.array(categories, np.int64),
        "priority": np.array(priorities, np.int64),
        "step_count": np.array([state.t], np.int64),
    }


def _place(words: tuple[str, ...], word: str) -> int:
    return words.index(word) if word in words else 0


_SPACES: Mapping[str, Callable[[Any], dict[str, spaces.Space[Any]]]] = {
    "inbox": _inbox_space,
    "workflow": _workflow_space,
}
_SEEN: Mapping[str, Callable[[Any], Arrays]] = {"inbox": _inbox_seen, "workflow": _workflow_seen}
