"""
Built-in policies: what each does is fixed, so that their scores are reference points.

A policy is a function of the observation and, for those that want it, of the legal actions.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

from refold.engine import Family, RefoldError
from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT, ActionKind
from refold.scenarios.workflow.actions import Action as WorkflowAction
from refold.scenarios.workflow.observation import Observation as WorkflowObservation
from refold.scenarios.workflow.state import Status

Legal = Callable[[], Sequence[Any]]
"""Gives the legal actions when called; computing them costs something."""

Policy = Callable[[Any, Legal], Any]
"""From an observation, and the legal actions if wanted, to an action; None to stop playing."""


def noop(family: Family) -> Policy:
    """
    Return the policy that always does nothing.

    Raises:
        RefoldError: The family has no action that does nothing.
    """
    if family.wait is None:
        raise RefoldError(
            f"agent 'noop': expected a family with an action that does nothing, got "
            f"{family.name!r}; use another agent"
        )
    return lambda observation, legal: family.wait


def uniform(seed: int, epoch: int) -> Policy:
    """Return the policy that picks one of the legal actions, by dice of *seed* and *epoch*."""
    dice = random.Random(f"{seed}/{epoch}")

    def choose(_observation: Any, legal: Legal) -> Any:
        actions = legal()
        return dice.choice(actions) if actions else None

    return choose


def greedy(observation: WorkflowObservation, _legal: Legal) -> WorkflowAction:
    """
    Return the first useful action of a workflow, in definition order, without any foresight.

    Synthesize when all is completed; else retry the first failed subtask that has an idle
    capable worker, with the first such worker; else delegate likewise; else wait.
    """
    subtasks = observation.subtasks.values()
    if all(subtask.status == "completed" for subtask in subtasks):
        return SYNTHESIZE
    idle = [worker for worker in observation.workers.values() if worker.status == "idle"]
    choices: tuple[tuple[Status, ActionKind], ...] = (("failed", "retry"), ("ready", "delegate"))
    for status, kind in choices:
        for subtask in subtasks:
            if subtask.status != status:
                continue
            for worker in idle:
                if subtask.type in worker.capabilities:
                    return WorkflowAction(kind, subtask.id, worker.name)
    return WAIT
