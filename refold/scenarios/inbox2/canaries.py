"""
Agents of an inbox that choose without reading: whatever they score comes for free.

The best of them do look up what a mail names, and answer everybody with the same fields of it.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from refold.engine.presentation import LegalActions, MakePolicy, Policy
from refold.scenarios.blind import BLIND
from refold.scenarios.inbox2.actions import LONGEST_REPLY, WAIT, Action, ActionKind, RecordKind
from refold.scenarios.inbox2.days import DAY, spellings
from refold.scenarios.inbox2.observation import INTERNAL, Observation, ThreadSeen
from refold.scenarios.inbox2.plan import CUSTOMER, ORDER
from refold.scenarios.inbox2.refusals import TEAMS

_Close = Callable[[Observation, ThreadSeen], Action]


def _to_all(close: _Close) -> MakePolicy:
    """Return what makes the agent that does the same to each open thread in turn."""

    def make(_seed: int) -> Policy:
        def choose(shown: Observation, _legal: LegalActions) -> Action:
            return close(shown, shown.threads[0]) if shown.threads else WAIT

        return choose

    return make


def _always(kind: ActionKind, **fields: str) -> MakePolicy:
    return _to_all(lambda shown, thread: replace(Action(kind, thread.id), **fields))


def _text(thread: ThreadSeen) -> str:
    return "\n".join(f"{mail.subject}\n{mail.body}" for mail in thread.mails)


def _echo(_shown: Observation, thread: ThreadSeen) -> Action:
    return Action("reply", thread.id, content=_text(thread)[:LONGEST_REPLY])


def _echo_all(shown: Observation, thread: ThreadSeen) -> Action:
    return Action("reply", thread.id, content=" ".join(map(_text, shown.threads))[:LONGEST_REPLY])


def _dump(*, internal: bool) -> _Close:
    """Return what looks up all that a thread names and replies with every value of it."""

    def close(shown: Observation, thread: ThreadSeen) -> Action:
        known = {(each.record, each.key): each.fields for each in shown.records}
        values: list[str] = []
        for record, key in _named(thread):
            if (record, key) not in known:
                return Action("lookup", record=record, key=key)
            fields = known[record, key] or {}
            values += _values({k: v for k, v in fields.items() if internal or k != INTERNAL})
        return Action("reply", thread.id, content=" ".join(values)[:LONGEST_REPLY])

    return close


def _named(thread: ThreadSeen) -> list[tuple[RecordKind, str]]:
    text = _text(thread)
    keys: list[tuple[RecordKind, str]] = [("order", each) for each in ORDER.findall(text)]
    keys += [("customer", each) for each in CUSTOMER.findall(text)]
    keys += [("customer", thread.mails[0].sender), ("policy", "returns"), ("policy", "access")]
    return keys


def _values(value: Any) -> Iterator[str]:
    """Yield every value in a record as a reply has it."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _values(inner)
    elif value is not None:
        yield spellings(value)[0] if DAY.fullmatch(str(value)) else str(value)


def _fields(*names: str) -> _Close:
    """Return what looks up the order that a thread names and replies with the same fields of it."""

    def close(shown: Observation, thread: ThreadSeen) -> Action:
        found = ORDER.search(_text(thread))
        if found is None:
            return Action("archive", thread.id)
        known = {each.key: each.fields for each in shown.records if each.record == "order"}
        if found[0] not in known:
            return Action("lookup", record="order", key=found[0])
        order = dict(known[found[0]] or {})
        order["day"] = order.get("eta") or order.get("delivered")
        values = _values([order.get(name) for name in names])
        return Action("reply", thread.id, content=" ".join(values))

    return close


def _first_closing(_seed: int) -> Policy:
    def choose(_shown: Observation, legal: LegalActions) -> Action:
        return next((each for each in legal() if each.type not in ("wait", "lookup")), WAIT)

    return choose


def _into_the_first(shown: Observation, thread: ThreadSeen) -> Action:
    # The first thread is the first that there is, whether it is open or not.
    first = min([each.id for each in shown.threads] + [each.id for each in shown.closed])
    return Action("merge", thread.id, into=first)


def _random_kind(seed: int) -> Policy:
    dice = random.Random(seed)

    def choose(_shown: Observation, legal: LegalActions) -> Action:
        closings = [each for each in legal() if each.type not in ("wait", "lookup")]
        if not closings:
            return WAIT
        kind = dice.choice(sorted({each.type for each in closings}))
        chosen: Action = dice.choice([each for each in closings if each.type == kind])
        return replace(chosen, content="thank you") if kind == "reply" else chosen

    return choose


CANARIES: Mapping[str, MakePolicy] = {
    **BLIND,
    "first closing": _first_closing,
    "archive all": _always("archive"),
    "report all": _always("report"),
    **{f"escalate all to {team}": _always("escalate", team=team) for team in TEAMS},
    "merge all into the first": _to_all(_into_the_first),
    "empty reply to all": _always("reply"),
    "echo of the mail": _to_all(_echo),
    "echo of all mails": _to_all(_echo_all),
    "look up, reply with all values": _to_all(_dump(internal=True)),
    "the same without internal ones": _to_all(_dump(internal=False)),
    "look up, tracking and day to all": _to_all(_fields("tracking", "day")),
    "look up, tracking and invoice to all": _to_all(_fields("tracking", "invoice")),
    "random kind": _random_kind,
}
