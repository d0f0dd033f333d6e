"""States of a workflow that the reducer changes in place, while events in a row are applied."""

from collections.abc import Mapping

from msgspec.structs import astuple

from refold.engine import Event
from refold.engine.family import Drafts
from refold.scenarios.workflow.state import Job, State, Subtask, Worker


class Draft(State, frozen=False, gc=False):  # type: ignore[misc]  # it is no state until its end
    """
    A state that may be changed, except for what it shares with the state *base* that it began as.

    Mappings are copied before they are first changed: with many subtasks, that is what costs.
    """

    # Declared again, as they can be changed here.
    seed: int
    subtasks: dict[str, Subtask]
    workers: dict[str, Worker]
    jobs: dict[str, Job]
    ready: tuple[str, ...]
    failed: tuple[str, ...]
    idle: frozenset[str]
    outputs: dict[str, str]
    lingering: tuple[str, ...]
    t: int
    budget_used: float
    failures: int
    recoveries: int
    setbacks: tuple[Event, ...]
    parts: Mapping[str, float]
    total: float
    ended: str | None
    base: State

    def put_subtask(self, subtask: Subtask) -> None:
        """Put *subtask* in the place of the one with its id."""
        if self.subtasks is self.base.subtasks:
            self.subtasks = dict(self.subtasks)
        self.subtasks[subtask.id] = subtask

    def put_worker(self, worker: Worker) -> None:
        """Put *worker* in the place of the one with its name."""
        if self.workers is self.base.workers:
            self.workers = dict(self.workers)
        self.workers[worker.name] = worker

    def put_job(self, worker: str, job: Job) -> None:
        """Let *worker* work at *job*."""
        if self.jobs is self.base.jobs:
            self.jobs = dict(self.jobs)
        self.jobs[worker] = job

    def drop_job(self, worker: str) -> None:
        """End the job of *worker*; raises ``KeyError`` if it has none."""
        if self.jobs is self.base.jobs:
            self.jobs = dict(self.jobs)
        del self.jobs[worker]

    def put_output(self, subtask: str, output: str) -> None:
        """Add the *output* of a completed *subtask*."""
        if self.outputs is self.base.outputs:
            self.outputs = dict(self.outputs)
        self.outputs[subtask] = output


def _begin(state: State) -> Draft:
    return Draft(*(*astuple(state), state))


def _end(draft: State) -> State:
    return State(*astuple(draft)[:-1])  # without *base*


DRAFTS: Drafts[State] = Drafts(_begin, _end)
"""Drafts of the states of workflows."""
