"""
A careful reader: the built-in agent of workflows of the rules version 2.

It schedules by latest start, with the cheapest worker that is in time, and takes in what fields,
notes, descriptions, notices and errors say. What is worded oddly it does not understand.
"""

import re
from collections.abc import Iterator, Mapping
from math import ceil

from attrs import field, frozen

from refold.engine.presentation import LegalActions
from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.workflow2.observation import Observation, WorkerSeen
from refold.scenarios.workflow2.seen import TaskSeen

_TITLE = "([a-z-]+ [a-z-]+)"
_BARRED = re.compile(r"(?:no login for|cleared for|barred from) (\w+)")
_NEEDS = re.compile(
    rf"(?:builds on the figures of|copies whole pages from|cannot be right without) the {_TITLE}"
    rf"|The {_TITLE} has to be finished"
)
_OUTAGE = re.compile(r"(\w+) will be down from tick (\d+) until tick (\d+)")
_DEPARTURE = re.compile(r"(\w+) leaves for good at tick (\d+)")
_BACK = re.compile(r"comes back at tick (\d+)|back at tick (\d+)")
_REFUSED = re.compile(r"refused|not cleared")
_MISSING = re.compile(rf"missing: the {_TITLE} does|since the {_TITLE} has not")
_PAUSE = 6  # ticks for which a worker that failed for no known reason is left out

Down = tuple[int, int]


@frozen
class _Learned:
    """What a reader has learned: who is barred where, what needs what, what is down, who goes."""

    barred: set[tuple[str, str]] = field(factory=set)
    needs: dict[str, set[str]] = field(factory=dict)
    down: dict[str, set[Down]] = field(factory=dict)
    leaving: dict[str, int] = field(factory=dict)
    paused: dict[tuple[str, str], int] = field(factory=dict)
    read: set[tuple[str, int]] = field(factory=set)


class Reader:
    """
    Schedules by latest start, reads notes and errors.

    A fresh one for each episode: it remembers what it has read.
    """

    def __init__(self, _seed: int) -> None:
        self._learned = _Learned()
        self._given: dict[str, str] = {}  # the last worker of each task
        self._fastest: Mapping[str, int] = {}

    def __call__(self, shown: Observation, _legal: LegalActions) -> Action:
        """Return the action to take where *shown* is what is seen."""
        if not self._fastest:
            self._begin(shown)
        self._read_notices(shown)
        self._read_errors(shown)
        if shown.running >= shown.capacity:
            return ADVANCE
        latest = self._latest_ends(shown)
        for task in self._by_urgency(shown, latest):
            worker = self._choose(shown, task, latest[task.id])
            if worker is not None:
                self._given[task.id] = worker
                return Action("assign", task.id, worker)
        return ADVANCE

    def _begin(self, shown: Observation) -> None:
        self._fastest = {
            task.id: min(
                ceil(task.work / worker.pace)
                for worker in shown.workers.values()
                if task.skill in worker.skills
            )
            for task in shown.tasks.values()
        }
        for worker in shown.workers.values():
            self._learned.barred.update(
                (worker.name, found[1]) for found in _BARRED.finditer(worker.note)
            )
        for task in shown.tasks.values():
            self._learn_need(shown, task.id, _NEEDS.search(task.description))

    def _learn_need(self, shown: Observation, task: str, found: "re.Match[str] | None") -> None:
        if found is None:
            return
        title = found[1] or found[2]
        needed = [each.id for each in shown.tasks.values() if each.title == title]
        self._learned.needs.setdefault(task, set()).update(needed)

    def _read_notices(self, shown: Observation) -> None:
        for text in shown.notices:
            if found := _OUTAGE.match(text):
                self._learned.down.setdefault(found[1], set()).add((int(found[2]), int(found[3])))
            elif found := _DEPARTURE.match(text):
                self._learned.leaving[found[1]] = int(found[2])

    def _read_errors(self, shown: Observation) -> None:
        for task in shown.tasks.values():
            key = (task.id, task.failures)
            if task.error is not None and key not in self._learned.read:
                self._learned.read.add(key)
                self._read_error(shown, task, task.error)

    def _read_error(self, shown: Observation, task: TaskSeen, error: str) -> None:
        if found := _BACK.search(error):
            until = int(found[1] or found[2])
            self._learned.down.setdefault(task.system, set()).add((shown.tick, until))
        elif _REFUSED.search(error):
            names = [name for name in shown.workers if re.search(rf"\b{name}\b", error)]
            self._learned.barred.update((name, task.system) for name in names)
        elif found := _MISSING.search(error):
            self._learn_need(shown, task.id, found)
        else:
            self._learned.paused[task.id, self._given.get(task.id, "")] = shown.tick + _PAUSE

    def _latest_ends(self, shown: Observation) -> dict[str, int]:
        """Return by when each task has to end, for itself and for what comes after it."""
        dependents: dict[str, list[str]] = {id: [] for id in shown.tasks}
        for task in shown.tasks.values():
            for need in {*task.needs, *self._learned.needs.get(task.id, ())}:
                dependents[need].append(task.id)
        ends: dict[str, int] = {}

        def latest(id: str) -> int:
            if id not in ends:
                ends[id] = shown.horizon  # should hints ever lead in a circle
                task = shown.tasks[id]
                open_due = task.due is not None and shown.tick < task.due
                end = task.due if open_due and task.due is not None else shown.horizon
                after = [each for each in dependents[id] if shown.tasks[each].status != "done"]
                ends[id] = min([end, *(latest(each) - self._fastest[each] for each in after)])
            return ends[id]

        return {id: latest(id) for id in shown.tasks}

    def _by_urgency(self, shown: Observation, latest: Mapping[str, int]) -> Iterator[TaskSeen]:
        """Yield the tasks that can be begun, as far as is known, the most urgent first."""
        found = [
            (latest[task.id] - self._fastest[task.id], -task.value, task.id)
            for task in shown.tasks.values()
            if task.status == "ready" and not self._is_waiting(shown, task)
        ]
        return (shown.tasks[id] for *_, id in sorted(found))

    def _is_waiting(self, shown: Observation, task: TaskSeen) -> bool:
        needs = self._learned.needs.get(task.id, ())
        return any(shown.tasks[need].status != "done" for need in needs)

    def _choose(self, shown: Observation, task: TaskSeen, latest: int) -> str | None:
        """Return the cheapest worker that ends *task* by *latest*, else the fastest, or None."""
        able = [
            (ticks, ticks * worker.rate, worker.name)
            for worker in shown.workers.values()
            if worker.status == "idle"
            for ticks in [ceil(task.work / worker.pace)]
            if self._is_able(shown, task, worker, shown.tick + ticks)
        ]
        in_time = [each for each in able if shown.tick + each[0] <= latest]
        if in_time:
            return min(in_time, key=lambda each: (each[1], each[0]))[2]
        return min(able, key=lambda each: each[:2])[2] if able else None

    def _is_able(self, shown: Observation, task: TaskSeen, worker: WorkerSeen, end: int) -> bool:
        learned, name = self._learned, worker.name
        return (
            task.skill in worker.skills
            and (name, task.system) not in learned.barred
            and learned.paused.get((task.id, name), 0) <= shown.tick
            and end <= learned.leaving.get(name, end)
            and not any(
                begin < end and shown.tick < back
                for begin, back in learned.down.get(task.system, ())
            )
        )
