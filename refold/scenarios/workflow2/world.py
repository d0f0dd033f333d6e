"""
The world of one episode: all that there is to do, by whom, and what will befall them.

It stands whole in the first event of a stream, so that nobody draws it again. What a running
agent must not see of it is said with each class.
"""

from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=2_000)]
Tick = Annotated[int, Meta(ge=0, le=1_000_000)]
Whole = Annotated[int, Meta(ge=1, le=1_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Cost = Annotated[float, Meta(ge=0, le=1e12)]


class Task(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """
    Something to be done.

    Attributes:
        id: What actions call it.
        title: What texts call it.
        skill: What whoever does it must have learned.
        system: Where it is done.
        work: How much there is to do; a worker of pace p needs work / p ticks, rounded up.
        needs: Ids of the tasks that have to be done before.
        hidden: One more such task, which only words tell of; not shown.
        value: What it is worth, against other tasks.
        due: Last tick at which its completion is in time, or None.
        description: What the agent reads of it.
        trap: Whether mastering it counts for recovery; not shown.
    """

    id: Name
    title: Name
    skill: Name
    system: Name
    work: Whole
    needs: tuple[Name, ...] = ()
    hidden: Name | None = None
    value: Whole = 1
    due: Tick | None = None
    description: Text = ""
    trap: bool = False


class Worker(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """
    Somebody who works.

    Attributes:
        name: What actions and texts call them.
        skills: What they have learned, at least one.
        pace: Work done in a tick.
        rate: Cost of a tick of theirs.
        barred: Systems that refuse them; shown by words only.
        note: What the agent reads of them.
    """

    name: Name
    skills: Annotated[tuple[Name, ...], Meta(min_length=1)]
    pace: Whole
    rate: Cost
    barred: tuple[Name, ...] = ()
    note: Text = ""


class Outage(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """*system* is down in the ticks from *begin* to before *end*."""

    system: Name
    begin: Tick
    end: Tick


class Departure(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """*worker* leaves for good at *tick*."""

    worker: Name
    tick: Tick


class Slowdown(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """*worker* begins work at *pace* from *tick* on."""

    worker: Name
    tick: Tick
    pace: Whole


class Planned(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The witness gives *task* to *worker* at *tick*."""

    tick: Tick
    task: Name
    worker: Name


class World(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """
    A workflow to come. Outages, departures and slowdowns are announced *lead* ticks ahead.

    Attributes:
        tasks: In order of id.
        workers: In the order of lists.
        capacity: Tasks that may run at once.
        horizon: Tick at which the episode ends.
        budget: Cost that may be spent without loss.
        per_tick: Actions after which a tick passes by itself.
        lead: Ticks from a notice to what it announces.
        odd: Share of errors that are worded oddly; not shown.
        outages: What goes down.
        departures: Who leaves.
        slowdowns: Who slows down.
        witness: A plan that reaches the best score, by tick; not shown, empty if none is known.
    """

    tasks: Annotated[tuple[Task, ...], Meta(min_length=1, max_length=1_000)]
    workers: Annotated[tuple[Worker, ...], Meta(min_length=1, max_length=1_000)]
    capacity: Whole
    horizon: Whole
    budget: Cost
    per_tick: Whole
    lead: Tick = 0
    odd: Share = 0.0
    outages: tuple[Outage, ...] = ()
    departures: tuple[Departure, ...] = ()
    slowdowns: tuple[Slowdown, ...] = ()
    witness: tuple[Planned, ...] = ()
