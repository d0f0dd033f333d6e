"""
What a model is told of a workflow: the rules in words, and each observation as text.

The text is regular, so that a program can read it as well: sections under ``## ``, one line for
each subtask, worker and deadline, with `` | `` between the parts. Raise the version with every
change, however small.
"""

from collections.abc import Callable, Iterator, Mapping

from refold.engine.presentation import Prompt, Tool
from refold.engine.sums import add_up
from refold.scenarios.workflow.observation import Observation
from refold.scenarios.workflow.phrases import say
from refold.scenarios.workflow.state import Subtask, Worker
from refold.scenarios.writing import (
    flatten,
    format_name,
    format_names,
    format_number,
    mark_lines,
    quote,
    write_sections,
)

SYSTEM = """\
You coordinate a workflow: a graph of subtasks, carried out step by step by simulated workers. \
Each turn you are shown the situation and give exactly one action. Then one step of time passes, \
in which all busy workers work, and you are asked again. Time is limited.

Subtasks
- pending: some of what it needs is not completed. ready: it can be delegated. in_progress, \
completed, failed: a failed one can be retried, once or many times.
- When the last thing that a subtask needs is completed, it is ready from the next step on.

Workers
- A worker is idle, working (on one subtask), or offline (gone for good). It can do only \
subtasks of the types listed under "can".
- Speed is how many steps a subtask takes it: begun in step t with speed s, it is decided at the \
end of step t + s - 1. Cost is paid for each step that it works.
- Reliability is the chance that an attempt succeeds. It is the worker's own general figure: at \
some type of subtask a worker can be better or worse than that, or fail always. If an error says \
that a worker will always fail at a subtask, do not give it that type of subtask again.
- Workers may slow down or leave in the middle; what a leaving worker was doing fails.

Actions
- delegate: an idle worker begins a ready subtask (subtask_id, agent_name: the worker's name).
- retry: an idle worker begins a failed subtask anew (subtask_id, agent_name). It need not be \
the worker that failed.
- wait: nothing new begins, and time passes.
- synthesize: put the results together and end the episode. Only when all subtasks are completed.
- abort: give up a subtask that is not completed (subtask_id). It counts as failed, its worker \
is idle again, and it can be retried. Seldom of use.
No more workers may work at once than the capacity allows. You begin one subtask in a step, and \
those begun go on side by side: whenever there is a ready subtask and a suitable idle worker, \
begin it rather than wait.

Refused actions
An action is refused if its subtask or worker does not exist, if the subtask is not ready (for \
delegate) or not failed (for retry) or is completed (for abort), if the worker is offline, busy \
or cannot do that type, if capacity is used up, if a retry is hopeless because that worker \
always fails at it, or if synthesize comes too early. It uses up its step, changes nothing, \
costs 0.05 to 0.15 at once, and lowers the final grade.

Reward of each step
- Plus: beginning subtasks, completing them, completing one that had failed, having several in \
progress together, and waiting when nothing can begin.
- With a cost budget: plus for the cheapest of the suitable idle workers, minus for a dearer one.
- Minus: waiting while something could begin, aborting, every step in which a failed subtask is \
left alone, and the steps after a missed deadline.
- At the end: plus for synthesize with all completed, more with time and budget left; minus if \
time runs out.

Final grade
Completing subtasks counts most, and all of them with synthesize at the end. Beyond that, as it \
applies: independent subtasks side by side; failures recovered, soon, and with a worker that can \
succeed; deadlines met; little of the time and cost budgets used, never more than there is; no \
refused actions; findings that are weighed against each other made by different workers; and \
whatever else the task asks for. A fast or cheap worker that fails can cost more than a reliable \
one, so look at what is due when.

What you are shown
Step numbers begin at 0. A deadline "by step 10" is met if the subtask is completed in step 10 \
or before. Text after ">" or in double quotes comes with the task; the rest is the situation. \
Give ids and names exactly as they are shown, without quotes that stand around them."""

TOOLS = (
    Tool(
        "delegate",
        "Let an idle worker that can do its type begin a ready subtask.",
        ("subtask_id", "agent_name"),
        ("subtask_id", "agent_name"),
    ),
    Tool(
        "retry",
        "Let an idle worker that can do its type begin a failed subtask anew.",
        ("subtask_id", "agent_name"),
        ("subtask_id", "agent_name"),
    ),
    Tool("wait", "Begin nothing new and let one step pass."),
    Tool("synthesize", "Put the results together and end, once all subtasks are completed."),
    Tool(
        "abort",
        "Give up a subtask that is not completed; its worker is idle again.",
        ("subtask_id",),
        ("subtask_id",),
    ),
)


def render(observation: Observation) -> str:
    """Return *observation* as text; no text of the scenario in it can fake its structure."""
    return write_sections(_SECTIONS, observation)


def _task(observation: Observation) -> Iterator[str]:
    yield mark_lines(observation.task_description)


def _now(observation: Observation) -> Iterator[str]:
    yield f"time: step {observation.time_elapsed}, {observation.time_remaining} steps left"
    left = observation.budget_remaining
    limit = "no limit" if left is None else f"{format_number(left)} left"
    yield f"budget: {format_number(observation.budget_used)} used, {limit}"
    yield f"capacity: {observation.active_count} of {observation.capacity_limit} workers at work"
    yield (
        f"failures: {observation.failures_occurred} so far, "
        f"{observation.failures_recovered} recovered"
    )
    yield f"critical path: {observation.critical_path_length} steps for the whole graph, at best"
    kinds = format_names(observation.available_actions) or "none, the episode is over"
    yield f"actions that may make sense: {kinds}"
    if observation.hint is not None:
        yield f"hint: {flatten(say(observation.hint))}"


def _last_step(observation: Observation) -> Iterator[str]:
    if not observation.time_elapsed:
        yield "none yet"
        return
    parts = observation.reward_breakdown
    earned = ", ".join(f"{format_name(part)} {value:+.4g}" for part, value in parts.items())
    yield f"reward: {add_up(parts.values()):+.4g}{f' ({earned})' if earned else ''}"
    for error in observation.errors:
        yield f"went wrong: {flatten(error)}"


def _subtasks(observation: Observation) -> Iterator[str]:
    subtasks = observation.subtasks
    return (_subtask(subtask, subtasks) for subtask in subtasks.values())


def _subtask(subtask: Subtask, subtasks: Mapping[str, Subtask]) -> str:
    parts = [f"- {format_name(subtask.id)}", subtask.status, f"type {format_name(subtask.type)}"]
    needs = [
        f"{format_name(id)} ({'met' if subtasks[id].status == 'completed' else 'open'})"
        for id in subtask.dependencies
    ]
    parts.append(f"needs {', '.join(needs)}" if needs else "needs nothing")
    if subtask.assigned_to is not None:
        parts.append(f"worker {format_name(subtask.assigned_to)}")
    if subtask.attempt_count:
        parts.append(f"failed attempts {subtask.attempt_count}")
    if subtask.error is not None:
        parts.append(f"error {quote(subtask.error)}")
    if subtask.output is not None:
        parts.append(f"output {quote(subtask.output)}")
    elif subtask.description:
        parts.append(f"about {quote(subtask.description)}")
    return " | ".join(parts)


def _workers(observation: Observation) -> Iterator[str]:
    return map(_worker, observation.workers.values())


def _worker(worker: Worker) -> str:
    at = "" if worker.current_task is None else f" on {format_name(worker.current_task)}"
    return (
        f"- {format_name(worker.name)} | {worker.status}{at} | "
        f"can {format_names(worker.capabilities)} | speed {worker.speed} | "
        f"cost {format_number(worker.cost_per_step)} | "
        f"reliability {format_number(worker.reliability)}"
    )


def _deadlines(observation: Observation) -> Iterator[str]:
    for milestone in observation.sla_milestones:
        left = milestone.deadline - observation.time_elapsed + 1
        status = "missed" if left < 1 else f"{left} steps left"
        if observation.subtasks[milestone.subtask].status == "completed":
            status = "completed"
        yield f"- {format_name(milestone.subtask)} | by step {milestone.deadline} | {status}"


_SECTIONS: Mapping[str, Callable[[Observation], Iterator[str]]] = {
    "Task": _task,
    "Now": _now,
    "Last step": _last_step,
    "Subtasks": _subtasks,
    "Workers": _workers,
    "Deadlines": _deadlines,
}

PROMPT = Prompt(version=1, system=SYSTEM, render=render, tools=TOOLS)
"""What a model is told of a workflow of the rules version 1."""
