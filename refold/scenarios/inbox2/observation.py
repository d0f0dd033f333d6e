"""What the agent of an inbox of the rules version 2 may see, and what a watcher may see."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from refold.scenarios.inbox2.actions import ActionKind
from refold.scenarios.inbox2.days import TODAY
from refold.scenarios.inbox2.plan import Plan
from refold.scenarios.inbox2.refusals import TEAMS
from refold.scenarios.inbox2.state import State
from refold.scenarios.inbox2.values import money
from refold.scenarios.inbox2.world import HOUSE, Mail

INTERNAL = "internal, not for customers"
"""Name of the field of a record that no reply may tell."""


class ThreadSeen(Struct, frozen=True, gc=False):
    """An open thread as the agent sees it: the mails so far, and the last step in time."""

    id: str
    due: int | None
    mails: tuple[Mail, ...]


class RecordSeen(Struct, frozen=True, gc=False):
    """What was looked up, and its fields by name; None if there is no such record."""

    record: str
    key: str
    fields: Mapping[str, Any] | None


class ClosedSeen(Struct, frozen=True, gc=False):
    """How a thread was closed, and at which 0-based step."""

    id: str
    action: ActionKind
    step: int


class Observation(Struct, frozen=True, gc=False):
    """
    Everything that the agent may see, between two steps.

    Attributes:
        instructions: The task in words.
        today: The day on which the inbox is handled.
        house: Domain of the house.
        teams: Whom threads can be escalated to.
        partners: Names of partners.
        t: Index of the next step.
        steps_left: Steps until the episode is cut off.
        threads: Open threads, in order of id.
        records: All that was looked up, in order of kind and key.
        closed: Threads that are closed, in order.
        refusal: Why the last action was refused, or None.
    """

    instructions: str
    today: str
    house: str
    teams: tuple[str, ...]
    partners: tuple[str, ...]
    t: int
    steps_left: int
    threads: tuple[ThreadSeen, ...]
    records: tuple[RecordSeen, ...]
    closed: tuple[ClosedSeen, ...]
    refusal: str | None


def observe(state: State) -> Observation:
    """Return what the agent may see of *state*."""
    plan = state.plan
    return Observation(
        instructions=state.setup.instructions,
        today=TODAY,
        house=HOUSE,
        teams=TEAMS,
        partners=tuple(plan.partners),
        t=state.t,
        steps_left=plan.world.max_steps - state.t,
        threads=tuple(
            ThreadSeen(thread.id, thread.due, tuple(state.mails_of(thread)))
            for thread in state.open
        ),
        records=tuple(
            RecordSeen(record, key, _fields(plan, record, id))
            for (record, key), id in sorted(state.asked.items())
        ),
        closed=tuple(
            ClosedSeen(id, closed.action, closed.step) for id, closed in state.closed.items()
        ),
        refusal=state.refusal,
    )


def _fields(plan: Plan, record: str, id: str | None) -> Mapping[str, Any] | None:
    """Return the fields of a record, amounts as replies have them."""
    if id is None:
        return None
    match record:
        case "customer":
            fields: dict[str, Any] = msgspec.to_builtins(plan.customers[id])
        case "order":
            fields = msgspec.to_builtins(plan.orders[id])
            fields["paid"] = money(plan.orders[id].paid)
        case "partner":
            fields = msgspec.to_builtins(plan.partners[id])
        case _:
            return _policy(plan, id)
    fields[INTERNAL] = fields.pop("internal")
    return fields


def _policy(plan: Plan, id: str) -> Mapping[str, Any]:
    if id == "access":
        return {rule.tier: {"code": rule.code} for rule in plan.access.values()}
    return {
        rule.item: {"window": rule.window, "fee": money(rule.fee), "code": rule.code}
        for rule in plan.returns.values()
    }


def view(state: State) -> dict[str, Any]:
    """
    Return what a watcher may see of *state*: JSON data with fixed keys.

    ``open`` are [id, mails seen, due] of open threads, ``closed`` maps an id to [action, step],
    ``records`` are those that were looked up.
    """
    return {
        "t": state.t,
        "left": state.plan.world.max_steps - state.t,
        "open": [[thread.id, len(state.mails_of(thread)), thread.due] for thread in state.open],
        "closed": {id: [each.action, each.step] for id, each in state.closed.items()},
        "records": [f"{record} {key}" for record, key in state.asked],
        "total": state.total,
    }
