"""
Workflow rules, version 2: what happens before the first action, and what an action causes.

Assigning and cancelling take no time; advancing lets a tick pass, and so do too many actions in
one. The reward is the difference of one potential.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from refold.engine import ActionRefused, EpisodeEnded, Event
from refold.scenarios.dice import Dice
from refold.scenarios.tallies import rewarded
from refold.scenarios.turns import Turn
from refold.scenarios.workflow2.actions import Action
from refold.scenarios.workflow2.events import (
    Fault,
    NoticePosted,
    TaskCompleted,
    TaskFailed,
    TickPassed,
    WorkCancelled,
    WorkerLeft,
    WorkerSlowed,
    WorkStarted,
    WorldDrawn,
)
from refold.scenarios.workflow2.parameters import DRAWING
from refold.scenarios.workflow2.plan import Plan, compile_plan
from refold.scenarios.workflow2.reducer import REDUCER
from refold.scenarios.workflow2.refusals import refusal
from refold.scenarios.workflow2.score import potential
from refold.scenarios.workflow2.state import Job, State
from refold.scenarios.workflow2.texts import ERRORS, NOTICES, ODD_ERRORS
from refold.scenarios.workflow2.world import Task, World


def start(state: State) -> Sequence[Event]:
    """Return the drawing of the world, and what is announced before the first action."""
    world = DRAWING.world(state.setup.parameters, state.seed)
    return [WorldDrawn(world), *_befalls(compile_plan(world), 0)]


def decide(state: State, action: Action) -> Sequence[Event]:
    """Return everything that *action* causes, ``StepRewarded`` last."""
    turn = Turn(state, action, REDUCER)
    error = refusal(state, action)
    if error:
        turn.emit(ActionRefused(error))
    else:
        _apply(turn, action)
    if action.type == "advance" or state.actions + 1 >= state.plan.world.per_tick:
        _pass_tick(turn)
    _end_if_over(turn)
    _reward(turn)
    return turn.end()


def _apply(turn: Turn[State], action: Action) -> None:
    state = turn.now
    if action.type == "assign" and action.task is not None and action.worker is not None:
        task = state.plan.tasks[action.task]
        ticks = ceil(task.work / state.pace(action.worker))
        turn.emit(WorkStarted(task.id, action.worker, ticks, _is_sound(state, task, action.worker)))
    elif action.type == "cancel" and action.task is not None:
        turn.emit(WorkCancelled(action.task, state.jobs[action.task].worker))


def _is_sound(state: State, task: Task, worker: str) -> bool:
    """Return whether nothing that is public by fields and errors speaks against the start."""
    known = state.known
    missing = known.missing.get(task.id)
    return (
        task.skill in state.plan.workers[worker].skills
        and (worker, task.system) not in known.barred
        and state.tick >= known.back.get(task.system, 0)
        and (missing is None or missing in state.done)
    )


def _pass_tick(turn: Turn[State]) -> None:
    """Let one tick pass: pay, then see to all work in order of task, then to what befalls."""
    state = turn.now
    plan, tick = state.plan, state.tick
    cost = state.tally.cost
    jobs = sorted(state.jobs.items())
    for _, job in jobs:
        cost += plan.workers[job.worker].rate
    turn.emit(TickPassed(tick + 1, round(cost, 6)))
    for id, job in jobs:
        fault = _fault(state, plan.tasks[id], job)
        if fault:
            turn.emit(_failure(turn.now, id, job.worker, fault))
        elif tick + 1 - job.start >= job.ticks:
            turn.emit(TaskCompleted(id, job.worker, tick + 1))
    for event in _befalls(plan, tick + 1):
        turn.emit(event)
    for id, job in sorted(turn.now.jobs.items()):
        if job.worker in turn.now.gone:
            turn.emit(_failure(turn.now, id, job.worker, "left"))


def _fault(state: State, task: Task, job: Job) -> Fault | None:
    """Return what makes *job* fail in the tick after *state*, None if it continues or is done."""
    if state.plan.back_at(task.system, state.tick) is not None:
        return "outage"
    worked = state.tick + 1 - job.start
    worker = state.plan.workers[job.worker]
    # The first reason counts, and it shows late: at the end, at once, or half-way.
    if task.skill not in worker.skills:
        return "untrained" if worked >= job.ticks else None
    if task.system in worker.barred:
        return "access"
    if task.hidden is not None and state.done.get(task.hidden, job.start + 1) > job.start:
        return "missing" if worked >= ceil(job.ticks / 2) else None
    return None


def _failure(state: State, id: str, worker: str, kind: Fault) -> TaskFailed:
    """Return the failure of *worker* at the task *id*, in words drawn for it."""
    plan, task = state.plan, state.plan.tasks[id]
    number = state.tally.failures.get(id, 0) + 1
    dice = Dice(f"workflow@2/error/{state.seed}/{id}/{number}")
    bank = ODD_ERRORS if dice.chance(plan.world.odd) else ERRORS
    text = dice.choice(bank[kind]).format(
        w=worker,
        s=task.system,
        k=task.skill,
        x=plan.tasks[task.hidden].title if task.hidden else "",
        b=plan.back_at(task.system, state.tick - 1),
    )
    return TaskFailed(id, worker, kind, text)


def _befalls(plan: Plan, tick: int) -> Iterator[Event]:
    """Yield what befalls the world as *tick* comes, whatever the agent does."""
    for departure in plan.departures_at(tick):
        yield WorkerLeft(departure.worker)
    for slowdown in plan.slowdowns_at(tick):
        yield WorkerSlowed(slowdown.worker, slowdown.pace)
    for _, text in sorted(_notices(plan.world, tick)):
        yield NoticePosted(text)


def _notices(world: World, tick: int) -> Iterator[tuple[int, str]]:
    """Yield what is announced at *tick*, with the tick of which it tells."""
    due = tick + world.lead
    for each in world.outages:
        if _is_told(each.begin, due, tick):
            text = NOTICES["outage"].format(s=each.system, a=each.begin, b=each.end)
            yield each.begin, text
    for left in world.departures:
        if _is_told(left.tick, due, tick):
            yield left.tick, NOTICES["drop"].format(w=left.worker, a=left.tick)
    for slow in world.slowdowns:
        if _is_told(slow.tick, due, tick):
            text = NOTICES["slow"].format(w=slow.worker, a=slow.tick, p=slow.pace)
            yield slow.tick, text


def _is_told(begin: int, due: int, tick: int) -> bool:
    # Before the first tick all is told that is due by then.
    return begin == due or (tick == 0 and begin < due)


def _end_if_over(turn: Turn[State]) -> None:
    state = turn.now
    if len(state.done) == len(state.plan.tasks):
        turn.emit(EpisodeEnded("terminated", "completed"))
    elif state.tick >= state.plan.world.horizon:
        turn.emit(EpisodeEnded("truncated", "horizon"))


def _reward(turn: Turn[State]) -> None:
    before = turn.before
    was, now = _potential(before), _potential(turn.now)
    turn.emit(rewarded(before.steps, before.total, was, now))


def _potential(state: State) -> Mapping[str, float]:
    tasks = state.plan.tasks
    running = sum(tasks[id].value for id, job in state.jobs.items() if job.sound)
    ended = state.ended is not None
    return potential(state.tally, state.plan, running=running, ended=ended)
