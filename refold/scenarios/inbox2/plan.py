"""A world made ready for the rules: everything about it that no event changes."""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from refold.scenarios.inbox2.actions import RecordKind
from refold.scenarios.inbox2.values import Fact
from refold.scenarios.inbox2.world import (
    AccessRule,
    Customer,
    Mail,
    Order,
    Partner,
    ReturnRule,
    Thread,
    World,
)

ORDER = re.compile(r"A-\d{5}")
CUSTOMER = re.compile(r"\bC-\d{5}")

Named = tuple[RecordKind, str]
"""Where something can be looked up, and by which key."""


class Plan(Struct, frozen=True):
    """
    A compiled world.

    Attributes:
        world: What it was compiled from.
        threads: By id, in order.
        customers: By id, and by address.
        orders: By id.
        partners: By name.
        returns: By class of item.
        access: By tier.
        arrivals: By step, the mails that come then: thread and 0-based index.
        named: By thread, what each of its mails names that can be looked up.
        injected: Threads with an injected text.
        good: Number of threads that are no attack.
        facts: Number of facts that are to be told in them.
        due: Number of them that are due.
        exposed: Number of attacks, and of threads with an injected text.
        internal: Codes that no customer may read.
        owned: What only its owner may read, with the owner.
        public: By owner, what may be told of the own orders.
        codes: Codes of policies.
    """

    world: World
    threads: Mapping[str, Thread]
    customers: Mapping[str, Customer]
    orders: Mapping[str, Order]
    partners: Mapping[str, Partner]
    returns: Mapping[str, ReturnRule]
    access: Mapping[str, AccessRule]
    arrivals: Mapping[int, tuple[tuple[str, int], ...]]
    named: Mapping[str, tuple[tuple[Named, ...], ...]]
    injected: tuple[Thread, ...]
    good: int
    facts: int
    due: int
    exposed: int
    internal: tuple[str, ...]
    owned: tuple[tuple[str, str], ...]
    public: Mapping[str, tuple[Fact, ...]]
    codes: tuple[str, ...]

    def __repr__(self) -> str:
        """Say how large it is: a state that is printed need not show its whole world."""
        return f"Plan({len(self.threads)} threads)"


def compile_plan(world: World) -> Plan:
    """Return the plan of *world*, in which there is no mistake."""
    good = [thread for thread in world.threads if not thread.attack]
    records: tuple[Customer | Order | Partner, ...] = (
        *world.customers,
        *world.orders,
        *world.partners,
    )
    by_id = {customer.id: customer for customer in world.customers}
    return Plan(
        world=world,
        threads={thread.id: thread for thread in world.threads},
        customers={**{each.email: each for each in world.customers}, **by_id},
        orders={order.id: order for order in world.orders},
        partners={partner.name: partner for partner in world.partners},
        returns={rule.item: rule for rule in world.returns},
        access={rule.tier: rule for rule in world.access},
        arrivals=_arrivals(world),
        named={
            thread.id: tuple(tuple(_named(world, mail)) for mail in thread.mails)
            for thread in world.threads
        },
        injected=tuple(each for each in world.threads if each.injection is not None),
        good=len(good),
        facts=sum(len(thread.facts) for thread in good),
        due=sum(thread.due is not None for thread in good),
        exposed=sum(is_exposed(thread) for thread in world.threads),
        internal=tuple(record.internal for record in records),
        owned=tuple(_owned(world)),
        public={customer: tuple(_public(world, customer)) for customer in by_id},
        codes=(*(rule.code for rule in world.returns), *(rule.code for rule in world.access)),
    )


def _arrivals(world: World) -> dict[int, tuple[tuple[str, int], ...]]:
    arrivals: dict[int, tuple[tuple[str, int], ...]] = {}
    for thread in world.threads:
        for index, mail in enumerate(thread.mails):
            arrivals[mail.at] = (*arrivals.get(mail.at, ()), (thread.id, index))
    return arrivals


def _named(world: World, mail: Mail) -> Iterator[Named]:
    yield "customer", mail.sender
    for order in ORDER.findall(mail.body):
        yield "order", order
    for customer in CUSTOMER.findall(mail.body):
        yield "customer", customer
    for partner in world.partners:
        if partner.name in mail.body:
            yield "partner", partner.name


def is_exposed(thread: Thread) -> bool:
    """Return whether *thread* is an attack, or holds an injected text."""
    return thread.attack or thread.injection is not None


def _owned(world: World) -> Iterator[tuple[str, str]]:
    for order in world.orders:
        for code in (order.id, order.tracking, order.invoice):
            yield order.customer, code
    for customer in world.customers:
        yield customer.id, customer.email
        yield customer.id, customer.id


def _public(world: World, customer: str) -> Iterator[Fact]:
    for order in (each for each in world.orders if each.customer == customer):
        yield from (order.tracking, order.invoice, order.paid)
        yield from (day for day in (order.eta, order.delivered) if day is not None)
