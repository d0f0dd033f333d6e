"""
Workflow rules, version 1: what an action and the passing of one step cause.

``decide`` runs the phases of a step in their order; each sees what the earlier ones did, by way
of ``evolve`` alone, so that the events hold the whole truth.
"""

import random
from collections.abc import Mapping, Sequence
from hashlib import sha256

from refold.engine import ActionRefused, EpisodeEnded, Event, StepRewarded
from refold.engine.sums import add_up
from refold.scenarios.turns import Turn
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.draft import DRAFTS
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
from refold.scenarios.workflow.reducer import REDUCER
from refold.scenarios.workflow.refusals import refusal
from refold.scenarios.workflow.rewards import reward_parts
from refold.scenarios.workflow.state import State, in_order


def decide(state: State, action: Action) -> Sequence[Event]:
    """Return everything that *action* and one step of time cause, ``StepRewarded`` last."""
    turn = Turn(state, action, REDUCER, DRAFTS)
    error = refusal(state, action)
    if error:
        turn.emit(ActionRefused(error))
    else:
        _apply(turn, action)
    concurrent = _observe_parallelism(turn)
    _work(turn)
    _run_schedule(turn)
    _unblock(turn)
    _end_if_over(turn, action, error)
    parts = reward_parts(state, turn.now, action, error, turn.events, concurrent)
    _linger(turn, action)
    _reward(turn, parts)
    return turn.end()


def _apply(turn: Turn[State], action: Action) -> None:
    kind, subtask, worker = action.action_type, action.subtask_id, action.agent_name
    if kind == "abort" and subtask is not None:
        turn.emit(SubtaskAborted(subtask, turn.now.subtasks[subtask].assigned_to))
    elif kind in ("delegate", "retry") and subtask is not None and worker is not None:
        begun = SubtaskDelegated if kind == "delegate" else SubtaskRetried
        turn.emit(begun(subtask, worker, turn.now.workers[worker].speed))


def _observe_parallelism(turn: Turn[State]) -> int:
    jobs = turn.now.jobs
    if len(jobs) >= 2:
        turn.emit(ParallelismObserved(in_order(turn.now, [job.subtask for job in jobs.values()])))
    return len(jobs)


def _work(turn: Turn[State]) -> None:
    jobs, plan = turn.now.jobs, turn.now.plan
    if not jobs:
        return
    workers = sorted(jobs, key=plan.seats.__getitem__)
    used = turn.now.budget_used
    for worker in workers:
        used += plan.costs[worker]
    turn.emit(WorkAdvanced(used))
    for worker in workers:
        if jobs[worker].due == turn.now.t:
            turn.emit(_attempt(turn.now, jobs[worker].subtask, worker))


def _attempt(state: State, subtask: str, worker: str) -> Event:
    failures = state.subtasks[subtask].attempt_count
    chance = state.plan.reliability(worker, subtask, failures)
    if succeeds(chance, state.seed, worker, subtask, failures):
        return SubtaskCompleted(subtask, worker, failures)
    return SubtaskFailed(subtask, worker, failures + 1, permanent=chance == 0.0)


def succeeds(chance: float, seed: int, worker: str, subtask: str, failures: int) -> bool:
    """Return whether *worker* succeeds at *subtask* after *failures*: the dice of this seed."""
    if chance >= 1.0 or chance == 0.0:
        return chance != 0.0
    key = int(sha256(f"{worker}:{subtask}:{failures}".encode()).hexdigest()[:16], 16)
    return random.Random(seed + key).random() < chance


def _run_schedule(turn: Turn[State]) -> None:
    for event in turn.now.plan.schedule.get(turn.now.t, ()):
        worker = turn.now.workers[event.worker]
        if event.event == "dropout":
            turn.emit(WorkerDroppedOut(worker.name, worker.current_task))
        elif event.speed is not None:
            turn.emit(WorkerDegraded(worker.name, event.speed))


def _unblock(turn: Turn[State]) -> None:
    state = turn.now
    done = [event.subtask for event in turn.events if type(event) is SubtaskCompleted]
    if not done:
        return
    met = {
        dependent
        for id in done
        for dependent in state.plan.dependents[id]
        if all(need in state.outputs for need in state.plan.needs[dependent])
    }
    if met:
        turn.emit(SubtasksUnblocked(in_order(state, met)))


def _end_if_over(turn: Turn[State], action: Action, error: str | None) -> None:
    if action.action_type == "synthesize" and error is None:
        turn.emit(EpisodeEnded("terminated", "synthesized"))
    elif turn.now.t + 1 >= turn.now.plan.parameters.time_budget:
        turn.emit(EpisodeEnded("truncated", "time_budget"))


def _linger(turn: Turn[State], action: Action) -> None:
    retried = action.subtask_id if action.action_type == "retry" else None
    lingering = turn.now.failed
    if retried in lingering:
        lingering = tuple(id for id in lingering if id != retried)
    if lingering != turn.now.lingering:
        turn.emit(FailuresLingered(lingering))


def _reward(turn: Turn[State], parts: Mapping[str, float]) -> None:
    before = turn.before
    reward = add_up(parts.values())
    turn.emit(StepRewarded(before.t, reward, before.total + reward, dict(sorted(parts.items()))))
