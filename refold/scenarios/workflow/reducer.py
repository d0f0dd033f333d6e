"""
The reducer of workflows: the next state, for each type of event.

It applies what events say and knows no rules: whatever dice decided stands in the event.
"""

from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, Event, Reseeded, StepRewarded
from refold.engine.family import Reducer, unchanged
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
from refold.scenarios.workflow.state import Job, State, in_order


def reduce(state: State, event: Event) -> State:
    """Return *state* after *event*; an event that changes nothing returns *state* itself."""
    change = REDUCER.get(type(event))
    return change(state, event) if change else state


def _without(ids: tuple[str, ...], id: str) -> tuple[str, ...]:
    if id not in ids:
        return ids
    place = ids.index(id)
    return ids[:place] + ids[place + 1 :]


def _begin(state: State, event: SubtaskDelegated | SubtaskRetried) -> State:
    worker = replace(state.workers[event.worker], status="working", current_task=event.subtask)
    job = Job(event.subtask, due=state.t + event.duration - 1)
    subtask = replace(
        state.subtasks[event.subtask],
        status="in_progress",
        assigned_to=event.worker,
        error=None,
    )
    return replace(
        state,
        subtasks={**state.subtasks, event.subtask: subtask},
        workers={**state.workers, event.worker: worker},
        jobs={**state.jobs, event.worker: job},
        ready=_without(state.ready, event.subtask),
        failed=_without(state.failed, event.subtask),
        idle=state.idle - {event.worker},
    )


def _release(state: State, name: str | None) -> State:
    """Return *state* with the worker *name*, if any, idle again and without its job."""
    if name is None:
        return state
    worker = replace(state.workers[name], status="idle", current_task=None)
    jobs = dict(state.jobs)
    del jobs[name]
    return replace(
        state,
        workers={**state.workers, name: worker},
        jobs=jobs,
        idle=state.idle | {name},
    )


def _mark_failed(state: State, id: str, *, failures: int, error: str) -> State:
    subtask = replace(
        state.subtasks[id], status="failed", assigned_to=None, attempt_count=failures, error=error
    )
    return replace(
        state,
        subtasks={**state.subtasks, id: subtask},
        ready=_without(state.ready, id),
        failed=in_order(state, {*state.failed, id}),
    )


def _abort(state: State, event: SubtaskAborted) -> State:
    failures = state.subtasks[event.subtask].attempt_count
    state = _release(state, event.worker)
    return _mark_failed(state, event.subtask, failures=failures, error=say(event))


def _complete(state: State, event: SubtaskCompleted) -> State:
    state = _release(state, event.worker)
    output = state.plan.outputs[event.subtask]
    subtask = replace(state.subtasks[event.subtask], status="completed", output=output)
    return replace(
        state,
        subtasks={**state.subtasks, event.subtask: subtask},
        outputs={**state.outputs, event.subtask: output},
        recoveries=state.recoveries + (event.failures > 0),
    )


def _record_failure(state: State, event: SubtaskFailed) -> State:
    state = _release(state, event.worker)
    state = _mark_failed(state, event.subtask, failures=event.failures, error=say(event))
    return replace(state, failures=state.failures + 1, setbacks=(*state.setbacks, event))


def _drop_out(state: State, event: WorkerDroppedOut) -> State:
    if event.released is not None:
        state = _release(state, event.worker)
        failures = state.subtasks[event.released].attempt_count + 1
        state = _mark_failed(state, event.released, failures=failures, error=say(event))
        state = replace(state, failures=state.failures + 1, setbacks=(*state.setbacks, event))
    gone = replace(state.workers[event.worker], status="offline")
    workers = {**state.workers, event.worker: gone}
    return replace(state, workers=workers, idle=state.idle - {event.worker})


def _degrade(state: State, event: WorkerDegraded) -> State:
    worker = replace(state.workers[event.worker], speed=event.speed)
    return replace(state, workers={**state.workers, event.worker: worker})


def _unblock(state: State, event: SubtasksUnblocked) -> State:
    subtasks = dict(state.subtasks)
    ready = list(state.ready)
    for id in event.subtasks:
        subtask = subtasks[id]
        status = subtask.status
        if status == "pending":
            status = "ready"
            ready.append(id)
        subtasks[id] = replace(subtask, status=status, dependencies_met=True)
    return replace(state, subtasks=subtasks, ready=in_order(state, ready))


def _reward(state: State, event: StepRewarded) -> State:
    return replace(state, t=event.step + 1, parts=event.parts, total=event.total)


REDUCER: Reducer[State] = {
    ActionTaken: lambda state, event: replace(state, setbacks=()) if state.setbacks else state,
    ActionRefused: lambda state, event: replace(state, setbacks=(event,)),
    SubtaskDelegated: _begin,
    SubtaskRetried: _begin,
    SubtaskAborted: _abort,
    ParallelismObserved: unchanged,
    WorkAdvanced: lambda state, event: replace(state, budget_used=event.budget_used),
    SubtaskCompleted: _complete,
    SubtaskFailed: _record_failure,
    WorkerDroppedOut: _drop_out,
    WorkerDegraded: _degrade,
    SubtasksUnblocked: _unblock,
    FailuresLingered: lambda state, event: replace(state, lingering=event.subtasks),
    StepRewarded: _reward,
    Reseeded: lambda state, event: replace(state, seed=event.seed),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}
