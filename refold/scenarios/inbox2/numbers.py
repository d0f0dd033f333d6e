"""
An inbox of the rules version 2 as numbers: choices by place, and what is seen as arrays.

The choices are those of a clerk with templates: which thread, and what to do with it. Replies and
refunds are filled in from the records that have been looked up.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from refold.engine.presentation import Choice, Numbers, Shape
from refold.scenarios.inbox2.actions import Action
from refold.scenarios.inbox2.days import TODAY, days_after, spellings
from refold.scenarios.inbox2.intents import core_of, intent_of, is_held, seems_false
from refold.scenarios.inbox2.parameters import DRAWING
from refold.scenarios.inbox2.plan import ORDER
from refold.scenarios.inbox2.refusals import TEAMS, suggested_lookups
from refold.scenarios.inbox2.state import State
from refold.scenarios.inbox2.values import money
from refold.scenarios.inbox2.world import Order, OrderStatus, Thread

_LOOKUPS = 8  # suggested look-ups that can be chosen, in their order
_INTENTS = (
    *("none", "scam", "supplier", "breach", "legal", "fyi", "access", "invoice", "return"),
    "whereabouts",
)
_STATUSES = ("unknown", *get_args(OrderStatus))
_SENDERS = ("unknown", "registered", "another")

_Template = Callable[[State, Thread], Action]


def _choices(start: State) -> Sequence[Choice]:
    places = range(_places(start))
    return [
        lambda state: Action("wait"),
        *(_look_up(place) for place in range(_LOOKUPS)),
        *(_close(place, template) for place in places for template in _TEMPLATES),
    ]


def _places(state: State) -> int:
    """Return how many threads have a place; a seed may have fewer, never more."""
    knobs = DRAWING.knobs_of(state.setup.parameters)
    return len(state.plan.threads) if knobs is None else knobs.threads


def _look_up(place: int) -> Choice:
    def choice(state: State) -> Action:
        suggested = suggested_lookups(state)
        return suggested[place] if place < len(suggested) else Action("lookup")

    return choice


def _close(place: int, template: _Template) -> Choice:
    def choice(state: State) -> Action:
        threads = state.plan.world.threads
        # Without such a thread, or before it comes, this is refused.
        seen = place < len(threads) and state.has_arrived(threads[place])
        return template(state, threads[place]) if seen else Action("archive", "")

    return choice


def _order_of(state: State, thread: Thread) -> Order | None:
    """Return the looked-up order that *thread* is about, as far as its mails name one."""
    for mail in reversed(state.mails_of(thread)):
        for id in ORDER.findall(core_of(mail)):
            if state.asked.get(("order", id)) is not None:
                return state.plan.orders[id]
    owner = state.asked.get(("customer", thread.mails[0].sender))
    orders = state.plan.customers[owner].orders if owner is not None else ()
    known = [id for id in orders if state.asked.get(("order", id)) is not None]
    return state.plan.orders[known[0]] if known else None


def _reply(text: Callable[[State, Thread], str]) -> _Template:
    return lambda state, thread: Action("reply", thread.id, content=text(state, thread))


def _delivery(state: State, thread: Thread) -> str:
    order = _order_of(state, thread)
    day = (order.eta or order.delivered) if order else None
    return f"Tracking {order.tracking}, {spellings(day)[0]}" if order and day else ""


def _invoice(state: State, thread: Thread) -> str:
    order = _order_of(state, thread)
    return f"Invoice {order.invoice}, {money(order.paid)}" if order else ""


def _last_day(state: State, order: Order | None) -> str | None:
    """Return the last day on which *order* could go back, None as long as it is not known."""
    if order is None or order.delivered is None or ("policy", "returns") not in state.asked:
        return None
    return days_after(order.delivered, state.plan.returns[order.item].window)


def _too_late(state: State, thread: Thread) -> str:
    order = _order_of(state, thread)
    last = _last_day(state, order)
    if order is None or last is None:
        return ""
    return f"{state.plan.returns[order.item].code}: the last day was {spellings(last)[0]}"


def _access_code(state: State, thread: Thread) -> str:
    owner = state.asked.get(("customer", thread.mails[0].sender))
    if owner is None or ("policy", "access") not in state.asked:
        return ""
    return state.plan.access[state.plan.customers[owner].tier].code


def _refund(state: State, thread: Thread) -> Action:
    order = _order_of(state, thread)
    if order is None or _last_day(state, order) is None:
        return Action("refund", thread.id)
    amount = money(order.paid - state.plan.returns[order.item].fee)
    return Action("refund", thread.id, order=order.id, amount=amount)


def _escalate(team: str) -> _Template:
    return lambda state, thread: Action("escalate", thread.id, team=team)


def _merge(state: State, thread: Thread) -> Action:
    """Merge into the first other thread of the same sender."""
    sender = thread.mails[0].sender
    alike = (each.id for each in state.visible if each.mails[0].sender == sender)
    return Action("merge", thread.id, into=next((id for id in alike if id != thread.id), None))


_TEMPLATES: Sequence[_Template] = (
    *map(_reply, (_delivery, _invoice, _too_late, _access_code)),
    _refund,
    *map(_escalate, TEAMS),
    lambda state, thread: Action("archive", thread.id),
    lambda state, thread: Action("report", thread.id),
    _merge,
)


def _shapes(start: State) -> Mapping[str, Shape]:
    places = _places(start)
    return {
        "open": Shape("flag", places),
        "mails": Shape("count", places),
        "due": Shape("count", places),
        "intent": Shape("category", places, most=len(_INTENTS)),
        "held": Shape("flag", places),
        "false_domain": Shape("flag", places),
        "sender": Shape("category", places, most=len(_SENDERS)),
        "order_status": Shape("category", places, most=len(_STATUSES)),
        "returnable": Shape("flag", places),
        "time": Shape("count", 2),
    }


def _values(state: State) -> Mapping[str, Sequence[float]]:
    rows = [_row(state, thread) for thread in state.plan.world.threads]
    missing = _places(state) - len(rows)
    padded = [*rows, *[(0,) * len(_ROW)] * missing]
    arrays = {name: [row[at] for row in padded] for at, name in enumerate(_ROW)}
    return {**arrays, "time": [state.t, state.plan.world.max_steps - state.t]}


_ROW = (
    *("open", "mails", "due", "intent", "held", "false_domain", "sender", "order_status"),
    "returnable",
)


def _row(state: State, thread: Thread) -> tuple[float, ...]:
    """Return what is seen of *thread*, in the order of ``_ROW``; nothing before it comes."""
    mails = state.mails_of(thread)
    if not mails:
        return (0,) * len(_ROW)
    order = _order_of(state, thread)
    last = _last_day(state, order)
    return (
        thread.id not in state.closed,
        len(mails),
        (thread.due or 0) + 1 if thread.due is not None else 0,
        _INTENTS.index(intent_of(core_of(mails[-1]))),
        is_held(mails),
        seems_false(mails[0]),
        0 if order is None else 1 if order.email == mails[0].sender else 2,
        _STATUSES.index(order.status if order else "unknown"),
        last is not None and last >= TODAY,
    )


NUMBERS = Numbers(choices=_choices, shapes=_shapes, values=_values)
