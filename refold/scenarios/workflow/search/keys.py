"""Which workflow states have the same future, and which workers are as good as each other."""

from collections.abc import Hashable, Iterable, Mapping

from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.plan import Plan
from refold.scenarios.workflow.state import State


def state_key(state: State, stand_ins: Mapping[str, str]) -> Hashable:
    """
    Return what the future of *state* depends on, apart from its step, cost and reward.

    A subtask is completed, worked at, failed, or else neither ever begun nor given up.
    """
    subtasks = state.subtasks
    jobs = sorted(
        (stand_ins[worker], job.subtask, job.due, subtasks[job.subtask].attempt_count)
        for worker, job in state.jobs.items()
    )
    failed = tuple((id, subtasks[id].attempt_count) for id in state.failed)
    return frozenset(state.outputs), tuple(jobs), failed


def interchangeable(plan: Plan) -> Mapping[str, str]:
    """
    Return for each worker the first one that is as good as it in every respect.

    Dice are rolled by name, so only workers that never roll any are.
    """
    scheduled = {event.worker for event in plan.parameters.scheduled_events}
    first: dict[Hashable, str] = {}
    found = {}
    for each in plan.parameters.workers:
        chances = tuple(
            plan.chances.get((each.name, kind), (each.reliability,)) for kind in each.capabilities
        )
        alike: Hashable = each.name
        if each.name not in scheduled and all(set(row) <= {0.0, 1.0} for row in chances):
            offered = frozenset(zip(each.capabilities, chances, strict=True))
            alike = (offered, each.speed, each.cost_per_step)
        found[each.name] = first.setdefault(alike, each.name)
    return found


def unequal(actions: Iterable[Action], stand_ins: Mapping[str, str]) -> list[Action]:
    """Return *actions* without those that differ from an earlier one in an equal worker only."""
    kept: dict[Hashable, Action] = {}
    for action in actions:
        worker = stand_ins.get(action.agent_name or "")
        kept.setdefault((action.action_type, action.subtask_id, worker), action)
    return list(kept.values())
