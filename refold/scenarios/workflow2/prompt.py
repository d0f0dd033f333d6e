"""
What a model is told of a workflow, rules version 2: the rules in words, observations as text.

The text is regular, so that a program can read it as well: sections under ``## ``, one line for
each task, worker and notice, with `` | `` between the parts. Raise the version with every
change, however small.
"""

from collections.abc import Callable, Iterator, Mapping

from refold.engine.presentation import Prompt, Tool
from refold.scenarios.workflow2.observation import Observation, WorkerSeen
from refold.scenarios.workflow2.phrases import REASONS
from refold.scenarios.workflow2.seen import TaskSeen
from refold.scenarios.writing import (
    format_name,
    format_names,
    format_number,
    mark_lines,
    quote,
    write_sections,
)

SYSTEM = """\
You coordinate workers who share the tasks of a workflow. Each turn you are shown the situation \
and give exactly one action. Assigning and cancelling take no time, so several tasks can be begun \
in the same tick; advancing lets one tick pass. After some actions in one tick, refused ones too, \
the tick passes by itself. The workflow ends when all is done, or at the horizon.

Tasks
- waiting: something that it needs is not done. ready: it can be assigned. running, done.
- A task has a skill, a system in which it is done, an amount of work, a value, and perhaps a \
tick by which it is due: finished at that tick or before, it is on time.
- Some tasks need one more task than is listed. Descriptions may tell of it; not every task that \
a description names is needed.

Workers
- A worker of pace p needs work / p ticks for a task, rounded up, and costs the rate for each \
tick. A task takes the pace that its worker had when it began.
- Only a worker who has the skill can do a task. A system lets only some workers in: notes tell \
of some who are barred.
- Notices announce when systems go down, workers leave for good or slow down. Work in a system \
that is down fails, and so does that of a worker who leaves.

Actions
- assign: an idle worker begins a ready task (task, worker).
- cancel: the work on a running task is broken off and lost (task); its worker is idle again.
- advance: one tick passes.
No more tasks may run at once than the capacity allows.

When work fails
A lack of skill, a barred worker, a missing need and an outage are not refused: the work fails, \
some ticks later, and what was said of it stands with the task. Read it: some failures pass by \
themselves, some need another worker, some another task first. A failed task is ready again.

Refused actions
An action is refused if its task or worker does not exist, if the task is done, running or \
waiting, if the worker has left or is busy, if capacity is used up, or if nobody works on what \
is to be cancelled. It counts as careless.

Score, 0 to 1; the rewards of all steps add up to it
- 0.35: value of the tasks that are done, as a share of all.
- 0.25: value of those that were due and done on time, as a share of all that are due.
- 0.15: tasks in which it is easy to go wrong, done with one failed attempt at most.
- 0.15: cost within the budget, times the share of value done; nothing from a quarter above it.
- 0.10: care, times the share of value done. Refused actions are careless, and so is assigning \
what cannot go well by what you have been shown: a worker without the skill, one whom that \
system has refused before, a system that an error said is still down, a task of which an error \
said what is missing, while that is missing still.

What you are shown
Text after ">" or in double quotes comes with the task; the rest is the situation. Give ids and \
names exactly as they are shown, without quotes that stand around them."""

TOOLS = (
    Tool(
        "assign", "Let an idle worker begin a ready task.", ("task", "worker"), ("task", "worker")
    ),
    Tool("cancel", "Break off the work on a running task; it is lost.", ("task",), ("task",)),
    Tool("advance", "Let one tick pass."),
)


def render(observation: Observation) -> str:
    """Return *observation* as text; no text of the scenario in it can fake its structure."""
    return write_sections(_SECTIONS, observation)


def _instructions(shown: Observation) -> Iterator[str]:
    yield mark_lines(shown.instructions)


def _now(shown: Observation) -> Iterator[str]:
    yield f"tick: {shown.tick} of {shown.horizon}"
    yield f"actions until the tick passes by itself: {shown.actions_left}"
    yield f"capacity: {shown.running} of {shown.capacity} tasks running"
    yield f"cost: {format_number(shown.cost)} of {format_number(shown.budget)}"
    if shown.refusal is not None:
        reason = REASONS.get(shown.refusal)
        yield f"refused: {shown.refusal}{f' ({reason})' if reason else ''}"


def _notices(shown: Observation) -> Iterator[str]:
    return (f"- {quote(text)}" for text in shown.notices)


def _tasks(shown: Observation) -> Iterator[str]:
    return (_task(task, shown.tasks) for task in shown.tasks.values())


def _task(task: TaskSeen, tasks: Mapping[str, TaskSeen]) -> str:
    needs = [
        f"{format_name(id)} ({'done' if tasks[id].status == 'done' else 'open'})"
        for id in task.needs
    ]
    parts = [
        f"- {format_name(task.id)}",
        task.status,
        f"skill {format_name(task.skill)}",
        f"system {format_name(task.system)}",
        f"work {task.work}",
        f"value {task.value}",
        "no due tick" if task.due is None else f"due by tick {task.due}",
        f"needs {', '.join(needs)}" if needs else "needs nothing listed",
    ]
    if task.worker is not None:
        parts.append(f"worker {format_name(task.worker)}, ticks so far {task.worked}")
    if task.failures:
        parts.append(f"failed attempts {task.failures}")
    if task.error is not None:
        parts.append(f"error {quote(task.error)}")
    parts += [f"title {quote(task.title)}", f"about {quote(task.description)}"]
    return " | ".join(parts)


def _workers(shown: Observation) -> Iterator[str]:
    return map(_worker, shown.workers.values())


def _worker(worker: WorkerSeen) -> str:
    on = "" if worker.task is None else f" on {format_name(worker.task)}"
    note = f" | note {quote(worker.note)}" if worker.note else ""
    return (
        f"- {format_name(worker.name)} | {worker.status}{on} | "
        f"can {format_names(worker.skills)} | pace {worker.pace} | "
        f"rate {format_number(worker.rate)}{note}"
    )


_SECTIONS: Mapping[str, Callable[[Observation], Iterator[str]]] = {
    "Instructions": _instructions,
    "Now": _now,
    "Notices": _notices,
    "Tasks": _tasks,
    "Workers": _workers,
}

PROMPT = Prompt(version=1, system=SYSTEM, render=render, tools=TOOLS)
"""What a model is told of a workflow of the rules version 2."""
