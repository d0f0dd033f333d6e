"""Plants the witness: who works at what, from when to when, tick by tick."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from refold.scenarios.dice import Dice
from refold.scenarios.workflow2.sizes import Knobs
from refold.scenarios.workflow2.texts import SYSTEMS
from refold.scenarios.workflow2.world import Departure, Outage, Slowdown, Worker

_LENGTHS = (2, 3, 3, 4, 5)  # ticks
_LEAST_TICKS = 2
_NEEDS = (1, 1, 2)
_VALUES = (1, 2, 2, 3, 5)


@frozen
class Job:
    """
    A piece of the plan; others are named by their place in it.

    Attributes:
        worker: Who does it.
        start: Tick at which it begins.
        ticks: How long it takes.
        work: How much there is to do.
        needs: What visibly comes before.
        hidden: What comes before and is not shown, None if nothing.
        skill: A skill of the worker's.
        system: A system that lets the worker in and is up throughout.
        value: What it is worth.
    """

    worker: str
    start: int
    ticks: int
    work: int
    needs: tuple[int, ...]
    hidden: int | None
    skill: str
    system: str
    value: int

    @property
    def end(self) -> int:
        """Tick at which it is done."""
        return self.start + self.ticks


@frozen
class Plot:
    """The ground on which a plan is planted: knobs, workers, and what befalls them."""

    knobs: Knobs
    workers: Mapping[str, Worker]
    outages: Sequence[Outage]
    departures: Sequence[Departure]
    slowdowns: Sequence[Slowdown]

    def leaves(self, worker: str) -> int | None:
        """Return the tick at which *worker* leaves, None if never."""
        return next((each.tick for each in self.departures if each.worker == worker), None)

    def pace(self, worker: str, tick: int) -> int:
        """Return the pace of what *worker* begins at *tick*."""
        for each in self.slowdowns:
            if each.worker == worker and tick >= each.tick:
                return each.pace
        return self.workers[worker].pace

    def open_systems(self, worker: str, begin: int, end: int) -> list[str]:
        """Return the systems that let *worker* in and are up from *begin* to before *end*."""
        barred = self.workers[worker].barred
        down = {each.system for each in self.outages if each.begin < end and begin < each.end}
        systems = SYSTEMS[: self.knobs.systems]
        return [each for each in systems if each not in barred and each not in down]


def plant(dice: Dice, plot: Plot) -> list[Job]:
    """Return the jobs of a plan for as many tasks as the knobs say, in order of their start."""
    bed = _Bed(dice, plot)
    tick = 0
    while not bed.full:
        bed.plant_tick(tick)
        tick += 1
    return bed.jobs


class _Bed:
    """A plan while it is planted."""

    def __init__(self, dice: Dice, plot: Plot) -> None:
        self.jobs: list[Job] = []
        self._dice = dice
        self._plot = plot
        self._before: list[frozenset[int]] = []  # all that comes before each job, all the way back

    @property
    def full(self) -> bool:
        return len(self.jobs) >= self._plot.knobs.tasks

    def plant_tick(self, tick: int) -> None:
        """Plant what begins at *tick*: cheap workers first, more or less."""
        busy = {job.worker for job in self.jobs if job.end > tick}
        for worker in self._idle(busy, tick):
            if len(busy) >= self._plot.knobs.capacity or self.full:
                break
            if self._plant_job(worker, tick):
                busy.add(worker)

    def _idle(self, busy: set[str], tick: int) -> list[str]:
        workers, leaves = self._plot.workers, self._plot.leaves
        idle = [name for name in workers if name not in busy]
        idle = [name for name in idle if (gone := leaves(name)) is None or tick < gone]
        return sorted(idle, key=lambda name: workers[name].rate * self._dice.uniform(0.3, 1.7))

    def _plant_job(self, worker: str, tick: int) -> bool:
        """Plant a job of *worker* at *tick*, if there is one that works."""
        dice, plot = self._dice, self._plot
        ticks = dice.choice(_LENGTHS)
        gone = plot.leaves(worker)
        if gone is not None and tick + ticks > gone:
            ticks = gone - tick
            if ticks < _LEAST_TICKS:
                return False
        systems = plot.open_systems(worker, tick, tick + ticks)
        if not systems:
            return False
        pace = plot.pace(worker, tick)
        work = ticks * pace - dice.between(0, pace - 1)
        needs, hidden = self._draw_needs(tick)
        skill = dice.choice(plot.workers[worker].skills)
        system, value = dice.choice(systems), dice.choice(_VALUES)
        self.jobs.append(Job(worker, tick, ticks, work, needs, hidden, skill, system, value))
        return True

    def _draw_needs(self, tick: int) -> tuple[tuple[int, ...], int | None]:
        """Return what the next job visibly needs at *tick*, and what it needs beside that."""
        dice, capacity = self._dice, self._plot.knobs.capacity
        ready = [place for place, job in enumerate(self.jobs) if job.end <= tick]
        needs: tuple[int, ...] = ()
        if ready:
            recent = sorted(ready, key=lambda place: -self.jobs[place].end)[: 2 * capacity]
            size = min(len(recent), dice.choice(_NEEDS))
            needs = tuple(sorted(set(dice.sample(recent, size))))
        before = frozenset(needs).union(*(self._before[need] for need in needs))
        # What the visible needs do not bring with them: anything else could never bite.
        spare = [place for place in ready if place not in before]
        hidden = None
        if spare and dice.chance(self._plot.knobs.hidden):
            hidden = dice.choice(spare)
            before |= {hidden} | self._before[hidden]
        self._before.append(before)
        return needs, hidden
