"""The built-in agent of workflows: what it does is fixed, so that its scores are a reference."""

from collections.abc import Mapping

from refold.engine.presentation import LegalActions, Policy
from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT, Action, ActionKind
from refold.scenarios.workflow.observation import Observation
from refold.scenarios.workflow.state import Status


def greedy(observation: Observation, _legal: LegalActions) -> Action:
    """
    First useful action, no foresight.

    Subtasks and workers are taken in the order of their definition.

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
                    return Action(kind, subtask.id, worker.name)
    return WAIT


POLICIES: Mapping[str, Policy] = {"greedy": greedy}
