"""
The reducer of workflows: the next state, for each type of event.

It applies what events say and knows no rules: whatever dice decided stands in the event. Each
function changes the draft of a state that it is given, and returns it.
"""

from typing import Any

from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, Reseeded, StepRewarded
from refold.engine.family import Reducer, unchanged
from refold.scenarios.workflow.draft import Draft
from refold.scenarios.workflow.events import (
    FailuresLingered,
    ParallelismObserved,
    SubtaskAborted,
    SubtaskCompleted,
    SubtaskDelegated,
    SubtaskFailed,
    SubtaskRetried,
    SubtasksUnblocked,
    WorkAdvanced,
    WorkerDegraded,
    WorkerDroppedOut,
)
from refold.scenarios.workflow.phrases import say
from refold.scenarios.workflow.state import Job, in_order


def _without(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    if id not in ids:
        return ids
    place = ids.index(id)
    return ids[:place] + ids[place + 1 :]


def _take(draft: Draft, _event: ActionTaken[Any]) -> Draft:
    draft.setbacks = ()
    return draft


def _refuse(draft: Draft, event: ActionRefused) -> Draft:
    draft.setbacks = (event,)
    return draft


def _begin(draft: Draft, event: SubtaskDelegated | SubtaskRetried) -> Draft:
    id, name = event.subtask, event.worker
    worker = replace(draft.workers[name], status="working", current_task=id)
    subtask = replace(draft.subtasks[id], status="in_progress", assigned_to=name, error=None)
    draft.put_worker(worker)
    draft.put_subtask(subtask)
    draft.put_job(name, Job(id, due=draft.t + event.duration - 1))
    draft.ready = _without(draft.ready, id)
    draft.failed = _without(draft.failed, id)
    draft.idle -= {name}
    return draft


def _release(draft: Draft, name: str | None) -> None:
    """Make the worker *name*, if any, idle again and without its job."""
    if name is None:
        return
    draft.put_worker(replace(draft.workers[name], status="idle", current_task=None))
    draft.drop_job(name)
    draft.idle |= {name}


def _mark_failed(draft: Draft, id: str, *, failures: int, error: str) -> None:
    subtask = replace(
        draft.subtasks[id], status="failed", assigned_to=None, attempt_count=failures, error=error
    )
    draft.put_subtask(subtask)
    draft.ready = _without(draft.ready, id)
    draft.failed = in_order(draft, {*draft.failed, id})


def _abort(draft: Draft, event: SubtaskAborted) -> Draft:
    failures = draft.subtasks[event.subtask].attempt_count
    _release(draft, event.worker)
    _mark_failed(draft, event.subtask, failures=failures, error=say(event))
    return draft


def _complete(draft: Draft, event: SubtaskCompleted) -> Draft:
    _release(draft, event.worker)
    output = draft.plan.outputs[event.subtask]
    draft.put_subtask(replace(draft.subtasks[event.subtask], status="completed", output=output))
    draft.put_output(event.subtask, output)
    draft.recoveries += event.failures > 0
    return draft


def _record_failure(draft: Draft, event: SubtaskFailed) -> Draft:
    _release(draft, event.worker)
    _mark_failed(draft, event.subtask, failures=event.failures, error=say(event))
    _add_setback(draft, event)
    return draft


def _add_setback(draft: Draft, event: SubtaskFailed | WorkerDroppedOut) -> None:
    draft.failures += 1
    draft.setbacks = (*draft.setbacks, event)


def _drop_out(draft: Draft, event: WorkerDroppedOut) -> Draft:
    if event.released is not None:
        _release(draft, event.worker)
        failures = draft.subtasks[event.released].attempt_count + 1
        _mark_failed(draft, event.released, failures=failures, error=say(event))
        _add_setback(draft, event)
    draft.put_worker(replace(draft.workers[event.worker], status="offline"))
    draft.idle -= {event.worker}
    return draft


def _degrade(draft: Draft, event: WorkerDegraded) -> Draft:
    draft.put_worker(replace(draft.workers[event.worker], speed=event.speed))
    return draft


def _unblock(draft: Draft, event: SubtasksUnblocked) -> Draft:
    ready = list(draft.ready)
    for id in event.subtasks:
        subtask = draft.subtasks[id]
        status = subtask.status
        if status == "pending":
            status = "ready"
            ready.append(id)
        draft.put_subtask(replace(subtask, status=status, dependencies_met=True))
    draft.ready = in_order(draft, ready)
    return draft


def _advance(draft: Draft, event: WorkAdvanced) -> Draft:
    draft.budget_used = event.budget_used
    return draft


def _linger(draft: Draft, event: FailuresLingered) -> Draft:
    draft.lingering = event.subtasks
    return draft


def _reward(draft: Draft, event: StepRewarded) -> Draft:
    draft.t = event.step + 1
    draft.parts = event.parts
    draft.total = event.total
    return draft


def _reseed(draft: Draft, event: Reseeded) -> Draft:
    draft.seed = event.seed
    return draft


def _end(draft: Draft, event: EpisodeEnded) -> Draft:
    draft.ended = event.reason
    return draft


REDUCER: Reducer[Draft] = {
    ActionTaken: _take,
    ActionRefused: _refuse,
    SubtaskDelegated: _begin,
    SubtaskRetried: _begin,
    SubtaskAborted: _abort,
    ParallelismObserved: unchanged,
    WorkAdvanced: _advance,
    SubtaskCompleted: _complete,
    SubtaskFailed: _record_failure,
    WorkerDroppedOut: _drop_out,
    WorkerDegraded: _degrade,
    SubtasksUnblocked: _unblock,
    FailuresLingered: _linger,
    StepRewarded: _reward,
    Reseeded: _reseed,
    EpisodeEnded: _end,
}
