"""
Draws a workflow around a plan that works: the witness.

The plan is planted tick by tick, and everything else is put around it: what tasks need has been
finished by then, workers may do what they do, deadlines, budget and horizon leave room. So the
witness scores 1, and 1 is the best there is. The order of all draws is part of the rules.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from refold.scenarios.dice import Dice
from refold.scenarios.workflow2.planting import Job, Plot, plant
from refold.scenarios.workflow2.sizes import Knobs
from refold.scenarios.workflow2.texts import (
    ADJECTIVES,
    DECOYS,
    HINTS,
    NAMES,
    NOTES,
    NOUNS,
    SKILLS,
    SYSTEMS,
)
from refold.scenarios.workflow2.world import (
    Departure,
    Outage,
    Planned,
    Slowdown,
    Task,
    Worker,
    World,
)

_RATES = {1: 1.0, 2: 3.0, 3: 6.0}  # by pace
_TICKS_A_TASK = 3.2  # roughly; to place what befalls the plan


def draw_world(knobs: Knobs, seed: int) -> World:
    """Return the workflow of *seed*, in which there is a witness; *knobs* are without problems."""
    dice = Dice(f"workflow@2/{knobs.split}/{knobs.size}/{seed}")
    workers = _draw_workers(dice, knobs)
    length = max(8, round(knobs.tasks * _TICKS_A_TASK / knobs.capacity))
    outages = _draw_outages(dice, knobs, length)
    departures, slowdowns = _draw_changes(dice, knobs, length, workers)
    titles = _draw_titles(dice, knobs.tasks)
    plot = Plot(knobs, workers, outages, departures, slowdowns)
    jobs = plant(dice, plot)
    horizon = max(job.end for job in jobs) + knobs.slack_horizon
    tasks, names = _draw_tasks(dice, knobs, jobs, titles, workers, horizon)
    cost = 0.0
    for job in jobs:
        cost += job.ticks * workers[job.worker].rate
    return World(
        tasks=tasks,
        workers=tuple(_with_note(dice, knobs, worker) for worker in workers.values()),
        capacity=knobs.capacity,
        horizon=horizon,
        budget=round(cost * (1 + knobs.slack_budget), 1),
        per_tick=2 * knobs.capacity,
        lead=knobs.lead,
        odd=knobs.odd,
        outages=outages,
        departures=departures,
        slowdowns=slowdowns,
        witness=_witness(jobs, names),
    )


def _draw_workers(dice: Dice, knobs: Knobs) -> dict[str, Worker]:
    skills = _enough(SKILLS, knobs.skills, "skill{number}")
    systems = SYSTEMS[: knobs.systems]
    names = list(NAMES[: knobs.workers])
    if knobs.workers > len(NAMES):
        rounds = range(knobs.workers)
        names = [f"{NAMES[at % len(NAMES)]}{at // len(NAMES) + 1}" for at in rounds]
    dice.shuffle(names)
    workers = {}
    for place, name in enumerate(names):
        own = {skills[place % len(skills)]}
        if dice.chance(0.6):
            own.add(dice.choice(skills))
        pace = dice.choice((1, 1, 2, 2, 3))
        rate = round(_RATES[pace] + dice.choice((0.0, 0.2, 0.4)), 1)
        barred = tuple(system for system in systems if dice.chance(0.35))
        if len(barred) == len(systems):
            barred = barred[1:]
        workers[name] = Worker(name, tuple(sorted(own)), pace, rate, barred, "")
    return workers


def _enough(words: Sequence[str], number: int, more: str) -> list[str]:
    """Return the first *number* of *words*, or as many made-up ones if there are too few."""
    if number <= len(words):
        return list(words[:number])
    return [more.format(number=place) for place in range(number)]


def _draw_outages(dice: Dice, knobs: Knobs, length: int) -> tuple[Outage, ...]:
    outages = []
    for _ in range(knobs.outages):
        begin = dice.between(2, max(3, length - 5))
        system = dice.choice(SYSTEMS[: knobs.systems])
        outages.append(Outage(system, begin, begin + dice.between(3, 5)))
    return tuple(outages)


def _draw_changes(
    dice: Dice, knobs: Knobs, length: int, workers: Mapping[str, Worker]
) -> tuple[tuple[Departure, ...], tuple[Slowdown, ...]]:
    names = list(workers)
    dice.shuffle(names)
    third = length // 3
    departures = [
        Departure(name, dice.between(third, max(third + 1, length - 3)))
        for name in names[: knobs.departures]
    ]
    slowdowns = [
        Slowdown(name, dice.between(2, max(3, length // 2)), pace=1)
        for name in names[knobs.departures : knobs.departures + knobs.slowdowns]
        if workers[name].pace > 1
    ]
    return tuple(departures), tuple(slowdowns)


def _draw_titles(dice: Dice, tasks: int) -> list[str]:
    titles = [f"{adjective} {noun}" for adjective in ADJECTIVES for noun in NOUNS]
    dice.shuffle(titles)
    while len(titles) < tasks:
        titles += [f"{title} {len(titles)}" for title in titles[:tasks]]
    return titles


def _draw_tasks(
    dice: Dice,
    knobs: Knobs,
    jobs: Sequence[Job],
    titles: Sequence[str],
    workers: Mapping[str, Worker],
    horizon: int,
) -> tuple[tuple[Task, ...], list[str]]:
    """Return the tasks by id, and each job's id; ids tell nothing of the plan."""
    shuffled = list(range(len(jobs)))
    dice.shuffle(shuffled)
    digits = max(2, len(str(knobs.tasks)))
    names = [""] * len(jobs)
    for number, place in enumerate(shuffled, 1):
        names[place] = f"t{number:0{digits}d}"
    tasks = []
    for place in shuffled:
        job, due = jobs[place], None
        if dice.chance(knobs.due):
            due = min(horizon, job.end + dice.between(0, knobs.slack_due))
        told = _describe(dice, knobs, jobs, place, titles)
        hidden = None if job.hidden is None else names[job.hidden]
        tasks.append(
            Task(
                id=names[place],
                title=titles[place],
                skill=job.skill,
                system=job.system,
                work=job.work,
                needs=tuple(sorted(names[need] for need in job.needs)),
                hidden=hidden,
                value=job.value,
                due=due,
                description=told,
                trap=hidden is not None or _often_barred(job, workers),
            )
        )
    return _with_all_criteria(tasks, jobs[shuffled[0]], knobs, horizon), names


def _with_all_criteria(
    tasks: list[Task], first: Job, knobs: Knobs, horizon: int
) -> tuple[Task, ...]:
    """Return *tasks* with at least one that is due and one trap: none may be worth nothing."""
    if all(task.due is None for task in tasks):
        tasks[0] = replace(tasks[0], due=min(horizon, first.end + knobs.slack_due))
    if not any(task.trap for task in tasks):
        tasks[0] = replace(tasks[0], trap=True)
    return tuple(tasks)


def _describe(
    dice: Dice, knobs: Knobs, jobs: Sequence[Job], place: int, titles: Sequence[str]
) -> str:
    job = jobs[place]
    text = f"{titles[place].capitalize()}: a matter of {job.skill}, kept in {job.system}."
    if job.hidden is not None and dice.chance(knobs.hinted):
        return f"{text} {dice.choice(HINTS).format(x=titles[job.hidden])}"
    if dice.chance(0.3):
        # No text lies: a decoy names nothing that the task needs.
        apart = {place, job.hidden, *job.needs}
        others = [other for other in range(len(jobs)) if other not in apart]
        if others:
            other = dice.choice(others)
            return f"{text} {dice.choice(DECOYS).format(x=titles[other])}"
    return text


def _often_barred(job: Job, workers: Mapping[str, Worker]) -> bool:
    trained = [worker for worker in workers.values() if job.skill in worker.skills]
    return 2 * sum(job.system in worker.barred for worker in trained) >= len(trained)


def _with_note(dice: Dice, knobs: Knobs, worker: Worker) -> Worker:
    told = [system for system in worker.barred if dice.chance(knobs.hinted)]
    return replace(worker, note=" ".join(dice.choice(NOTES).format(s=each) for each in told))


def _witness(jobs: Sequence[Job], names: Sequence[str]) -> tuple[Planned, ...]:
    planned = sorted((job.start, names[place], job.worker) for place, job in enumerate(jobs))
    return tuple(Planned(*each) for each in planned)
