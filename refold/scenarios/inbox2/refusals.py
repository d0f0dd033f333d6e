"""
Which actions the inbox rules refuse, version 2, and which they suggest.

Whether a closing is right is not for refusals: it is accepted all the same.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import get_args

from refold.scenarios.inbox2.actions import LONGEST_REPLY, WAIT, Action
from refold.scenarios.inbox2.plan import Named
from refold.scenarios.inbox2.state import State
from refold.scenarios.inbox2.values import money, read_amount
from refold.scenarios.inbox2.world import Team

TEAMS: tuple[str, ...] = get_args(Team)


class Refusal(StrEnum):
    """Error classes."""

    UNKNOWN_THREAD = "unknown_thread"
    CLOSED = "closed"
    TOO_LONG = "too_long"
    UNKNOWN_ORDER = "unknown_order"
    UNREADABLE_AMOUNT = "unreadable_amount"
    UNKNOWN_TARGET = "unknown_target"
    UNKNOWN_TEAM = "unknown_team"


def refusal(state: State, action: Action) -> Refusal | None:
    """Return why the rules refuse *action* in *state*, the first reason that applies, or None."""
    if action.type in ("wait", "lookup"):
        return None
    if not _is_visible(state, action.thread):
        return Refusal.UNKNOWN_THREAD
    if action.thread in state.closed:
        return Refusal.CLOSED
    match action.type:
        case "reply" if len(action.content) > LONGEST_REPLY:
            return Refusal.TOO_LONG
        case "refund" if action.order not in state.plan.orders:
            return Refusal.UNKNOWN_ORDER
        case "refund" if read_amount(action.amount or "") is None:
            return Refusal.UNREADABLE_AMOUNT
        case "merge" if action.into == action.thread or not _is_visible(state, action.into):
            return Refusal.UNKNOWN_TARGET
        case "escalate" if action.team not in TEAMS:
            return Refusal.UNKNOWN_TEAM
    return None


def _is_visible(state: State, id: str | None) -> bool:
    thread = state.plan.threads.get(id or "")
    return thread is not None and state.has_arrived(thread)


def legal_actions(state: State) -> list[Action]:
    """
    Return the actions that what is seen suggests, none of which is refused in *state*.

    Contents are free, and left empty; amounts are free, and those of whole orders. Ordered: wait;
    look-ups not made yet, as what suggests them is seen; closings by thread. Empty after the end.
    """
    if state.ended:
        return []
    visible = state.visible
    actions = [WAIT, *suggested_lookups(state)]
    paid = [
        (id, money(state.plan.orders[id].paid))
        for (record, _), id in state.asked.items()
        if record == "order" and id is not None
    ]
    for thread in visible:
        if thread.id not in state.closed:
            actions += _closings(thread.id, paid, [each.id for each in visible])
    return actions


def _closings(id: str, paid: list[tuple[str, str]], visible: list[str]) -> Iterator[Action]:
    yield Action("reply", id)
    for order, amount in paid:
        yield Action("refund", id, order=order, amount=amount)
    for team in TEAMS:
        yield Action("escalate", id, team=team)
    yield Action("archive", id)
    yield Action("report", id)
    for other in visible:
        if other != id:
            yield Action("merge", id, into=other)


def suggested_lookups(state: State) -> list[Action]:
    """Return each look-up that what is seen suggests and that was not made yet, in order."""
    keys: dict[Named, None] = {("policy", "returns"): None}
    keys["policy", "access"] = None
    for thread in state.visible:
        for named in state.plan.named[thread.id][: len(state.mails_of(thread))]:
            keys.update(dict.fromkeys(named))
    for (record, _), id in state.asked.items():
        if record == "customer" and id is not None:
            keys.update({("order", order): None for order in state.plan.customers[id].orders})
    return [
        Action("lookup", record=record, key=key)
        for record, key in keys
        if (record, key) not in state.asked
    ]
