"""What makes an inbox that was written by hand impossible, and how others are drawn."""

from collections.abc import Collection, Iterator

from refold.scenarios.drawn import Drawing
from refold.scenarios.inbox2.generator import draw_world
from refold.scenarios.inbox2.sizes import SIZES, Knobs, knob_problems
from refold.scenarios.inbox2.world import Thread, World
from refold.scenarios.naming import repeated, unknown
from refold.scenarios.strict import Problem

POLICIES = ("access", "returns")


def world_problems(world: World) -> Iterator[Problem]:
    """Yield every mistake in *world* as (path, text)."""
    yield from _record_problems(world)
    ids = [thread.id for thread in world.threads]
    yield from repeated(".threads", "id", ids)
    if ids != sorted(ids):
        yield ".threads", "expected threads in order of id, got another order"
    for place, thread in enumerate(world.threads):
        yield from _thread_problems(world, thread, f".threads[{place}]")
    yield from _empty_criteria(world)


def _record_problems(world: World) -> Iterator[Problem]:
    customers = [customer.id for customer in world.customers]
    orders = [order.id for order in world.orders]
    yield from repeated(".customers", "id", customers)
    yield from repeated(".customers", "email", [customer.email for customer in world.customers])
    yield from repeated(".orders", "id", orders)
    yield from repeated(".partners", "name", [partner.name for partner in world.partners])
    yield from repeated(".returns", "item", [rule.item for rule in world.returns])
    yield from repeated(".access", "tier", [rule.tier for rule in world.access])
    for place, order in enumerate(world.orders):
        yield from unknown(f".orders[{place}].customer", "customer", order.customer, customers)
    for place, customer in enumerate(world.customers):
        for at, id in enumerate(customer.orders):
            yield from unknown(f".customers[{place}].orders[{at}]", "order", id, orders)


def _thread_problems(world: World, thread: Thread, path: str) -> Iterator[Problem]:
    times = [mail.at for mail in thread.mails]
    if times != sorted(times):
        yield f"{path}.mails", "expected mails in the order in which they come, got another order"
    if times[-1] >= world.max_steps:
        yield f"{path}.mails", f"expected mails that come before step {world.max_steps}, got later"
    if (thread.right.type == "reply") != bool(thread.facts):
        yield f"{path}.facts", "expected facts if the right closing is a reply, and only then"
    if thread.owner is not None:
        known = [customer.id for customer in world.customers]
        yield from unknown(f"{path}.owner", "customer", thread.owner, known)
    yield from _closing_problems(world, thread, f"{path}.right")
    for place, need in enumerate(thread.needs):
        at = f"{path}.needs[{place}].key"
        yield from unknown(at, need.record, need.key, _keys(world, need.record))


def _keys(world: World, record: str) -> Collection[str]:
    if record == "customer":
        return [customer.id for customer in world.customers]
    if record == "order":
        return [order.id for order in world.orders]
    return POLICIES if record == "policy" else [partner.name for partner in world.partners]


def _closing_problems(world: World, thread: Thread, path: str) -> Iterator[Problem]:
    right = thread.right
    given = {
        name for name in ("order", "amount", "team", "into") if getattr(right, name) is not None
    }
    wanted = {"refund": {"order", "amount"}, "escalate": {"team"}, "merge": {"into"}}
    expected = wanted.get(right.type, set())
    if given != expected:
        named = ", ".join(sorted(expected)) or "nothing"
        yield (
            path,
            f"expected {named} for {right.type}, got {', '.join(sorted(given)) or 'nothing'}",
        )
    if right.order is not None:
        yield from unknown(f"{path}.order", "order", right.order, _keys(world, "order"))
    if right.into is not None:
        others = [each.id for each in world.threads if each is not thread]
        yield from unknown(f"{path}.into", "other thread", right.into, others)


def _empty_criteria(world: World) -> Iterator[Problem]:
    """Yield a problem for each criterion that would be taken over nothing: neither 1 nor 0."""
    good = [thread for thread in world.threads if not thread.attack]
    if not good:
        yield ".threads", "expected at least one thread that is no attack, got none"
    if all(thread.due is None for thread in good):
        yield ".threads", "expected at least one thread that is due and no attack, got none"
    if not any(thread.facts for thread in good):
        yield ".threads", "expected at least one thread with facts, got none"
    if not any(thread.attack or thread.injection for thread in world.threads):
        yield ".threads", "expected at least one attack or injected text, got none"


DRAWING = Drawing(Knobs, SIZES, World, draw_world, knob_problems, world_problems)
"""How inboxes of the rules version 2 come to their worlds."""
