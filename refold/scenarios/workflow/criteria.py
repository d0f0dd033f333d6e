"""
Measures for workflow rubrics.

A subtask's *completion* counts once. *Complete* means that the episode has ended and every
subtask is completed. Formulas are those of the published graders of these scenarios.
"""

from collections.abc import Iterator, Mapping, Sequence

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded
from refold.scenarios import Criteria, Measure
from refold.scenarios.facts import Facts, Finding, IndexedEvent
from refold.scenarios.workflow.criteria_parameters import (
    After,
    Avoided,
    Before,
    Completed,
    Cost,
    Each,
    Least,
    Nothing,
    Overrun,
    Subtasks,
    problems,
)
from refold.scenarios.workflow.events import (
    ParallelismObserved,
    SubtaskCompleted,
    SubtaskFailed,
    SubtaskRetried,
    WorkAdvanced,
)
from refold.scenarios.workflow.parameters import WorkflowParameters

_RECOVERY_SPAN = 3


def activity(facts: Facts) -> float:
    """Return the number of distinct completed subtasks."""
    return len(_completions(facts))


def _completions(facts: Facts) -> Mapping[str, IndexedEvent]:
    """Return each completed subtask's completion, in order."""
    return facts.compute_once(_by_subtask)


def _by_subtask(facts: Facts) -> Mapping[str, IndexedEvent]:
    return {at.event.subtask: at for at in facts.of_type(SubtaskCompleted)}


def _parameters(facts: Facts) -> WorkflowParameters:
    parameters: WorkflowParameters = facts.initial_state.plan.parameters
    return parameters


def _complete(facts: Facts) -> bool:
    return facts.ended and len(_completions(facts)) == len(_parameters(facts).subtasks)


def _end_if_complete(facts: Facts) -> Sequence[IndexedEvent]:
    """Return the end of the episode, which tells how many steps it took, if it is complete."""
    return facts.of_type(EpisodeEnded) if _complete(facts) else ()


def share_completed(facts: Facts, _: Nothing) -> Finding:
    """Completed subtasks of all."""
    done, total = _completions(facts), len(_parameters(facts).subtasks)
    return Finding.of(
        len(done) / total, done.values(), subtasks_completed=len(done), subtasks_total=total
    )


def all_completed(facts: Facts, _: Nothing) -> Finding:
    """1 if complete."""
    return Finding.of(float(_complete(facts)), _completions(facts).values())


def step_efficiency(facts: Facts, params: Least) -> Finding:
    """If complete, the fewest possible steps of those taken, at most 1."""
    ratio = params.least / facts.steps if facts.steps else 0.0
    return Finding.of(
        min(1.0, ratio) if _complete(facts) else 0.0,
        _end_if_complete(facts),
        steps_used=facts.steps,
        theoretical_min_steps=params.least,
        efficiency_ratio=round(ratio, 4),
    )


def fan_out(facts: Facts, params: Subtasks) -> Finding:
    """1 if all of these subtasks were in progress at once."""
    wanted = set(params.subtasks)
    found = facts.where(ParallelismObserved, lambda event: wanted.issubset(event.subtasks))
    return Finding.of(float(bool(found)), found[:1])


def parallel_share(facts: Facts, _: Nothing) -> Finding:
    """Steps with parallel work of all steps."""
    found = facts.of_type(ParallelismObserved)
    return Finding.of(min(1.0, len(found) / facts.steps) if facts.steps else 0.0, found)


def recovered(facts: Facts, params: Subtasks) -> Finding:
    """Of these subtasks, those that failed and were completed later."""
    done = _completions(facts)
    found = []
    achieved = 0
    for id in params.subtasks:
        failures = [at for at in facts.of_type(SubtaskFailed) if at.event.subtask == id]
        if failures and id in done and failures[0].seq < done[id].seq:
            achieved += 1
            found += [failures[0], done[id]]
    total = len(params.subtasks)
    return Finding.of(
        achieved / total, found, recoveries_achieved=achieved, recoveries_possible=total
    )


def time_saved(facts: Facts, _: Nothing) -> Finding:
    """If complete, steps left of the time budget."""
    budget = _parameters(facts).time_budget
    saved = (budget - facts.steps) / budget if _complete(facts) else 0.0
    return Finding.of(saved, _end_if_complete(facts))


def _cost_share(facts: Facts) -> tuple[float, Sequence[IndexedEvent]]:
    """Return the cost used as a share of the budget, and the event that says so."""
    work = facts.of_type(WorkAdvanced)[-1:]
    budget = _parameters(facts).cost_budget
    used = work[0].event.budget_used if work else 0.0
    return (used / budget if budget else 0.0), work


def cost_saved(facts: Facts, params: Cost) -> Finding:
    """1 up to a share of the cost budget, falling linearly to 0 at the whole of it."""
    share, found = _cost_share(facts)
    return Finding.of(min(1.0, max(0.0, (1 - share) / (1 - params.full_at))), found)


def budget_overrun(facts: Facts, params: Overrun) -> Finding:
    """For a penalty: how far the cost budget is overrun, times a rate, at most 1."""
    share, found = _cost_share(facts)
    value = min(1.0, params.rate * max(0.0, share - 1))
    return Finding.of(value, found if value else ())


def refused_actions(facts: Facts, params: Each) -> Finding:
    """For a penalty: refused actions, at most 1 in all."""
    found = facts.of_type(ActionRefused)
    return Finding.of(min(1.0, params.each * len(found)), found, invalid_actions=len(found))


def avoided(facts: Facts, params: Avoided) -> Finding:
    """1, less something for each refusal of one class, at least 0."""
    found = facts.where(ActionRefused, lambda event: event.error == params.error)
    name = (
        "permanent_retry_errors"
        if params.error == "permanent_failure"
        else f"{params.error}_errors"
    )
    counts = {name: len(found)}
    return Finding.of(max(0.0, 1 - params.each * len(found)), found, **counts)


def different_workers(facts: Facts, params: Before) -> Finding:
    """1 if, when a subtask completes, others have been completed, each by another worker."""
    done = _completions(facts)
    last = done.get(params.before)
    others = [done[id] for id in params.subtasks if id in done]
    if last is None or len(others) < len(params.subtasks):
        return Finding.of(0.0)
    workers = {at.event.worker for at in others}
    held = len(workers) == len(others) and all(at.seq < last.seq for at in others)
    return Finding.of(float(held), [last, *others])


def milestones_met(facts: Facts, _: Nothing) -> Finding:
    """Milestones whose subtask completed at a step index of at most the deadline, of all."""
    milestones = _parameters(facts).sla_milestones
    done = _completions(facts)
    met = [
        done[each.subtask]
        for each in milestones
        if each.subtask in done and done[each.subtask].step <= each.deadline
    ]
    total = len(milestones)
    return Finding.of(
        len(met) / total if total else 0.0,
        met,
        sla_milestones_met=len(met),
        sla_milestones_total=total,
    )


def patience(facts: Facts, params: After) -> Finding:
    """1 if, after a subtask completed, enough valid waits come in a row before any synthesize."""
    done = _completions(facts).get(params.after)
    waits: list[IndexedEvent] = []
    for at in _valid_actions(facts) if done else ():
        kind = at.event.action.action_type
        if done is not None and at.seq < done.seq:
            continue
        if kind == "synthesize":
            break
        waits = [*waits, at] if kind == "wait" else []
        if len(waits) >= params.waits:
            return Finding.of(1.0, waits)
    return Finding.of(0.0)


def _valid_actions(facts: Facts) -> Iterator[IndexedEvent]:
    return (at for at in facts.of_type(ActionTaken) if at.step not in facts.refused_steps)


def recovery_speed(facts: Facts, _: Nothing) -> Finding:
    """
    How soon failures were retried: 1 for the step after, 0 from four steps on, on average.

    A failure opens a gap for its subtask unless one is open, its next valid retry closes it.
    1 when nothing failed, 0 when nothing was retried.
    """
    failures = facts.of_type(SubtaskFailed)
    if not failures:
        return Finding.of(1.0)
    opened: dict[str, IndexedEvent] = {}
    gaps: list[int] = []
    found: list[IndexedEvent] = []
    attempts = (*failures, *facts.of_type(SubtaskRetried))
    for at in sorted(attempts, key=lambda at: at.seq):
        id = at.event.subtask
        if isinstance(at.event, SubtaskFailed):
            opened.setdefault(id, at)
        elif id in opened:
            failure = opened.pop(id)
            gaps.append(at.step - failure.step)
            found += [failure, at]
    if not gaps:
        return Finding.of(0.0, failures)
    mean = sum(gaps) / len(gaps)
    return Finding.of(max(0.0, 1 - max(0.0, mean - 1) / _RECOVERY_SPAN), found)


def completed(facts: Facts, params: Completed) -> Finding:
    """1 if a subtask was completed: by the right worker, not by a wrong one, and in time."""
    at = _completions(facts).get(params.subtask)
    if at is None:
        return Finding.of(0.0)
    worker = at.event.worker
    held = (
        (not params.workers or worker in params.workers)
        and worker not in params.not_workers
        and (params.by_step is None or at.step <= params.by_step)
    )
    return Finding.of(float(held), [at])


CRITERIA = Criteria(
    measures={
        "all_completed": Measure(Nothing, all_completed, "all subtasks completed"),
        "avoided": Measure(Avoided, avoided, "no action refused as {error}"),
        "budget_overrun": Measure(Overrun, budget_overrun, "an overrun of the cost budget"),
        "completed": Measure(Completed, completed, "{subtask} completed as asked"),
        "cost_saved": Measure(Cost, cost_saved, "cost budget left"),
        "different_workers": Measure(
            Before,
            different_workers,
            "{subtasks} completed by different workers, before {before}",
        ),
        "fan_out": Measure(Subtasks, fan_out, "{subtasks} in progress at once"),
        "milestones_met": Measure(Nothing, milestones_met, "milestones met, of all"),
        "parallel_share": Measure(Nothing, parallel_share, "steps with parallel work, of all"),
        "patience": Measure(After, patience, "{waits} waits in a row after {after}"),
        "recovered": Measure(
            Subtasks, recovered, "{subtasks}: failed, then completed", items="subtasks"
        ),
        "recovery_speed": Measure(Nothing, recovery_speed, "failures retried soon"),
        "refused_actions": Measure(Each, refused_actions, "refused actions"),
        "share_completed": Measure(Nothing, share_completed, "completed subtasks, of all"),
        "step_efficiency": Measure(
            Least, step_efficiency, "all completed in few steps, {least} at best"
        ),
        "time_saved": Measure(Nothing, time_saved, "all completed with time left"),
    },
    activity=activity,
    problems=problems,
    unit="completions",
    progress={"subtasks": ("subtasks_completed", "subtasks_total")},
)
"""What rubrics of workflow scenarios, rules version 1, can draw on."""
