"""
A careful reader: the built-in agent of inboxes of the rules version 2.

It takes the matter from lists of words, looks up what it needs, compares senders with records,
and minds deadlines, announced mails, later mails and repeats.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from refold.engine.presentation import LegalActions
from refold.scenarios.inbox2.actions import WAIT, Action, RecordKind
from refold.scenarios.inbox2.days import days_after, spellings
from refold.scenarios.inbox2.intents import (
    core_of,
    domain_of,
    intent_of,
    is_held,
    overruled,
    seems_false,
)
from refold.scenarios.inbox2.observation import Observation, ThreadSeen
from refold.scenarios.inbox2.plan import CUSTOMER, ORDER
from refold.scenarios.inbox2.values import money, read_amount
from refold.scenarios.inbox2.world import Mail

_SIMPLE = {
    "legal": ("escalate", "legal"),
    "breach": ("escalate", "security"),
    "fyi": ("archive", None),
    "drop": ("archive", None),
    "scam": ("report", None),
}


def by_urgency(shown: Observation) -> list[ThreadSeen]:
    """Return the open threads: those still in time first, by when they are due."""

    def key(thread: ThreadSeen) -> tuple[bool, int, str]:
        in_time = thread.due is not None and thread.due >= shown.t
        return not in_time, thread.due if in_time and thread.due is not None else 0, thread.id

    return sorted(shown.threads, key=key)


def simple_closing(thread: str, kind: str) -> Action | None:
    """Return the closing of a matter of *kind* if it takes no record, else None."""
    if kind not in _SIMPLE:
        return None
    type, team = _SIMPLE[kind]
    return Action(type, thread, team=team)  # type: ignore[arg-type]


class _NotLookedUp(Exception):
    """Something is to be looked up before anything can be said."""

    def __init__(self, record: RecordKind, key: str) -> None:
        super().__init__(record, key)
        self.action = Action("lookup", record=record, key=key)


@frozen
class _Records:
    """What has been looked up."""

    shown: Observation

    def find(self, record: RecordKind, key: str) -> Mapping[str, Any] | None:
        """Return the fields of a record, None if there is none; raises ``_NotLookedUp``."""
        for each in self.shown.records:
            if (each.record, each.key) == (record, key):
                return each.fields
        raise _NotLookedUp(record, key)


class Reader:
    """
    Reads mails by lists of words, looks up what it takes.

    A fresh one for each episode: it remembers closed threads, which may be repeated.
    """

    def __init__(self, _seed: int) -> None:
        self._seen: dict[str, tuple[Mail, ...]] = {}

    def __call__(self, shown: Observation, _legal: LegalActions) -> Action:
        """Return the action to take where *shown* is what is seen."""
        self._seen.update({thread.id: thread.mails for thread in shown.threads})
        for thread in by_urgency(shown):
            if is_held(thread.mails):
                continue
            try:
                return self._close(thread, _Records(shown))
            except _NotLookedUp as needed:
                return needed.action
        return WAIT

    def _close(self, thread: ThreadSeen, records: _Records) -> Action:
        """Return how to close *thread*; raises ``_NotLookedUp``."""
        mail = thread.mails[0]
        text = core_of(mail)
        kind, numbers = intent_of(text), ORDER.findall(text)
        if seems_false(mail):
            return Action("report", thread.id)
        if len(thread.mails) > 1:
            later = core_of(thread.mails[-1])
            kind, numbers = overruled(kind, later), ORDER.findall(later) or numbers
        simple = simple_closing(thread.id, kind)
        if simple is not None:
            return simple
        if kind == "supplier":
            return _close_supplier(thread, records)
        if kind == "access":
            return _close_access(thread, records)
        return self._close_order(thread, kind, numbers, records)

    def _close_order(
        self, thread: ThreadSeen, kind: str, numbers: Sequence[str], records: _Records
    ) -> Action:
        sender = thread.mails[0].sender
        if not numbers:
            customer = records.find("customer", sender)
            if not customer or not customer["orders"]:
                return Action("report", thread.id)
            numbers = customer["orders"]
        order = records.find("order", numbers[0])
        if not order:
            return Action("archive", thread.id)
        if order["email"] != sender:
            return Action("report", thread.id)
        first = self._repeated(thread, kind)
        if first is not None:
            return Action("merge", thread.id, into=first)
        return _answer(thread.id, kind, order, records)

    def _repeated(self, thread: ThreadSeen, kind: str) -> str | None:
        """Return the earlier thread that *thread* repeats, None if there is none."""
        mail = thread.mails[0]
        numbers = ORDER.findall(core_of(mail))
        for id, mails in sorted(self._seen.items()):
            if id >= thread.id:
                break
            text = core_of(mails[0])
            alike = mails[0].sender == mail.sender and intent_of(text) == kind
            if alike and len(mails) == 1 and ORDER.findall(text) == numbers:
                return id
        return None


def _close_supplier(thread: ThreadSeen, records: _Records) -> Action:
    text = core_of(thread.mails[0])
    firm = next((each for each in records.shown.partners if each in text), None)
    if firm is None:
        return Action("archive", thread.id)
    partner = records.find("partner", firm)
    genuine = partner and partner["domain"] == domain_of(thread.mails[0])
    if partner and genuine and partner["ticket"] in text:
        return Action("escalate", thread.id, team="finance")
    return Action("report", thread.id)


def _close_access(thread: ThreadSeen, records: _Records) -> Action:
    found = CUSTOMER.search(core_of(thread.mails[0]))
    if found is None:
        return Action("archive", thread.id)
    customer = records.find("customer", found[0])
    if not customer or customer["email"] != thread.mails[0].sender:
        return Action("report", thread.id)
    rules = records.find("policy", "access") or {}
    return Action("reply", thread.id, content=f"Use code {rules[customer['tier']]['code']}.")


def _answer(id: str, kind: str, order: Mapping[str, Any], records: _Records) -> Action:
    """Return how to close the thread *id*, a genuine matter of *kind* about *order*."""
    if kind == "invoice":
        text = f"Invoice {order['invoice']} over {order['paid']}."
        return Action("reply", id, content=text)
    if kind == "whereabouts" and order["status"] != "lost":
        day = spellings(order["eta"] or order["delivered"])[0]
        return Action("reply", id, content=f"Tracking code {order['tracking']}, date {day}.")
    if kind == "whereabouts" or not order["delivered"]:
        return Action("escalate", id, team="logistics")
    rule = (records.find("policy", "returns") or {})[order["item"]]
    last = days_after(order["delivered"], rule["window"])
    if last >= records.shown.today:
        refund = (read_amount(order["paid"]) or 0) - (read_amount(rule["fee"]) or 0)
        return Action("refund", id, order=order["id"], amount=money(refund))
    text = f"By rule {rule['code']} the last day was {spellings(last)[0]}."
    return Action("reply", id, content=text)
