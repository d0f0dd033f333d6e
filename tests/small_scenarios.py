"""Small scenarios made by dice, and every episode of one: what a solver is checked against."""

import random
from math import inf

from attrs import evolve
from msgspec.structs import replace

from refold.engine import ActionTaken, Episode, EpisodeEnded, Stream
from refold.engine.folding import decide, fold
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import Criterion, Rubric, Scenario, load
from refold.scenarios.inbox.parameters import EmailParameters, InboxParameters, Keywords
from refold.scenarios.workflow.actions import Action
from refold.scenarios.workflow.parameters import (
    Milestone,
    ReliabilityOverride,
    ScheduledEvent,
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)

TYPES = ("draw", "write")


def small_workflow(number, *, most_steps):
    """Return a workflow of two or three subtasks, and a rubric of measures drawn by *number*."""
    dice = random.Random(f"workflow {number}")
    steps = dice.randint(3, most_steps)
    ids = ["check_dependencies", "b", "c"][: dice.randint(2, 3 if steps < 5 else 2)]
    subtasks = tuple(
        SubtaskParameters(id, dice.choice(TYPES), tuple(ids[:place]) if dice.random() < 0.4 else ())
        for place, id in enumerate(ids)
    )
    types = tuple(dict.fromkeys(each.type for each in subtasks))
    workers = tuple(
        WorkerParameters(
            f"w{place}",
            types if place == 0 else (dice.choice(types),),
            dice.choice((1, 1, 2, 3)),
            dice.choice((1.0, 1.0, 0.5)),
            dice.choice((0.5, 1.0, 3.0)),
        )
        for place in range(dice.randint(1, 2))
    )
    parameters = WorkflowParameters(
        time_budget=steps,
        capacity_limit=dice.randint(1, 2),
        subtasks=subtasks,
        workers=workers,
        cost_budget=dice.choice((2.0, 6.0)),
        sla_milestones=(Milestone(dice.choice(ids), dice.randint(0, steps - 1)),),
        communication_subtasks=tuple(ids[:1]) if dice.random() < 0.3 else (),
        reliability_overrides=tuple(_overrides(dice, types)),
        scheduled_events=tuple(_schedule(dice, steps, workers)),
    )
    rubric = Rubric("small", 1, tuple(_criteria(dice, ids)))
    return evolve(
        load("workflow/easy"),
        name=f"small-{number}",
        seed=number,
        parameters=parameters,
        rubric=rubric,
    )


def _overrides(dice, types):
    if dice.random() < 0.5:
        chances = dice.choice(((0.0,), (0.0, 1.0), (0.3, 0.9), (1.0,)))
        yield ReliabilityOverride("w0", dice.choice(types), chances)


def _schedule(dice, steps, workers):
    if dice.random() < 0.3:
        worker = dice.choice(workers).name
        yield ScheduledEvent(dice.randrange(steps), "dropout", worker)
    elif dice.random() < 0.3:
        yield ScheduledEvent(dice.randrange(steps), "degradation", "w0", dice.randint(1, 3))


def _criteria(dice, ids):
    one, other = dice.sample(ids, 2)
    measures = [
        ("share_completed", {}),
        ("all_completed", {}),
        ("step_efficiency", {"least": 3}),
        ("time_saved", {}),
        ("fan_out", {"subtasks": [one, other]}),
        ("parallel_share", {}),
        ("recovered", {"subtasks": [one]}),
        ("cost_saved", {"full_at": dice.choice((0.0, 0.5))}),
        ("avoided", {"error": "not_ready", "each": 0.5}),
        ("different_workers", {"before": one, "subtasks": [other]}),
        ("milestones_met", {}),
        ("patience", {"after": one, "waits": dice.randint(1, 2)}),
        ("recovery_speed", {}),
        ("completed", {"subtask": one, "not_workers": ["w0"]}),
        ("completed", {"subtask": other, "by_step": 2}),
    ]
    chosen = dice.sample(measures, 4)
    for place, (measure, params) in enumerate(chosen):
        gate = dice.choice((None, 1, 2))
        yield Criterion(f"c{place}", 0.25, measure, params, gate)
    yield Criterion("refused", -0.1, "refused_actions", {"each": 0.3})
    yield Criterion("overrun", -0.1, "budget_overrun", {"rate": 2.0})


def small_inbox(number):
    """Return an inbox of two or three e-mails, with weights drawn by *number*."""
    dice = random.Random(f"inbox {number}")
    emails = tuple(_email(dice, f"e{place}") for place in range(dice.randint(2, 3)))
    shares = [dice.randint(1, 5) for _ in range(4)]
    names = ("correctness", "completion", "reply_quality", "perfection")
    criteria = [
        Criterion(name, share / sum(shares), name, {}, dice.choice((None, 1, 3)))
        for name, share in zip(names, shares, strict=True)
    ]
    rubric = Rubric("small", 1, (*criteria, Criterion("penalty", -0.5, "penalty")))
    parameters = InboxParameters(dice.randint(1, 4), emails)
    return evolve(
        load("inbox/easy"),
        name=f"mails-{number}",
        seed=number,
        parameters=parameters,
        rubric=rubric,
    )


def _email(dice, id):
    category = dice.choice(("legal", "billing", "news"))
    if dice.random() < 0.5:
        return EmailParameters(id, "Subject", "Body.", category, "low", "a@b")
    keywords = Keywords("reset", ("token", "link"))
    return EmailParameters(id, "Subject", "Quote {token}.", category, "low", "a@b", keywords)


def every_episode(scenario: Scenario):
    """Yield score and total of every episode, refused actions of each kind included."""
    for stream in every_stream(scenario):
        yield grade(stream).score, stream[-1].total


def every_stream(scenario: Scenario):
    """Yield the events of every episode, refused actions of each kind included."""
    stream = Episode.start(scenario).events
    family = find_family(scenario.family, scenario.rules)
    open_ones = [(tuple(stream), fold(stream, family=family))]
    while open_ones:
        events, state = open_ones.pop()
        for action in _any_actions(family, state):
            caused = (ActionTaken(action), *decide(family, state, action))
            after = (*events, *caused)
            if any(isinstance(event, EpisodeEnded) for event in caused):
                # The bytes are no part of a grade.
                yield Stream(family, after, (b"",), "0" * 64)
            else:
                open_ones.append((after, fold(caused, family=family, start=state)))


def _any_actions(family, state):
    legal = family.legal_actions(state)
    if family.name == "inbox":
        replies = [each for each in legal if each.type == "respond"]
        full = [replace(each, content=" ".join(state.keywords[each.email_id])) for each in replies]
        return [*legal, *full, family.forfeit]
    refused = [Action("retry", id) for id in state.subtasks]
    early = [] if state.all_completed else [Action("synthesize")]
    return [*legal, *refused, *early]


def best_of_all(scenario):
    """Return the best score and the best total of all episodes of *scenario*."""
    score, total = -inf, -inf
    for each in every_episode(scenario):
        score, total = max(score, each[0]), max(total, each[1])
    return score, total
