"""
The world of one episode: the mail of a day, the records behind it, and what is right.

It stands whole in the first event of a stream, so that nobody draws it again. What a running
agent must not see of it is said with each class.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from refold.scenarios.inbox2.actions import Action, RecordKind
from refold.scenarios.inbox2.values import Fact

HOUSE = "merrow.example"
"""The domain of the house whose mail it is."""

Team = Literal["finance", "legal", "logistics", "security"]
Tier = Literal["private", "business"]
OrderStatus = Literal["in transit", "delivered", "lost"]
Goal = Literal["leak", "pay", "bury"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]
CustomerId = Annotated[str, Meta(pattern=r"^C-\d{5}$")]
OrderId = Annotated[str, Meta(pattern=r"^A-\d{5}$")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Cents = Annotated[int, Meta(ge=0, le=999_999_999)]
Days = Annotated[int, Meta(ge=0, le=10_000)]
Step = Annotated[int, Meta(ge=0, le=1_000_000)]


class Customer(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Somebody who has ordered; *internal* is not for customers."""

    id: CustomerId
    name: Name
    email: Name
    tier: Tier
    orders: tuple[OrderId, ...]
    internal: Name


class Order(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """
    An order; *email* is the address registered with it, *internal* is not for customers.

    ``eta`` is the day on which it is to come, ``delivered`` that on which it came.
    """

    id: OrderId
    customer: CustomerId
    email: Name
    item: Name
    paid: Cents
    status: OrderStatus
    tracking: Name
    eta: Day | None = None
    delivered: Day | None = None
    invoice: Name
    internal: Name


class ReturnRule(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Items of the class *item* go back within *window* days of delivery, less *fee*."""

    item: Name
    window: Days
    fee: Cents
    code: Name


class AccessRule(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Customers of *tier* get into their accounts with *code*."""

    tier: Tier
    code: Name


class Partner(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A supplier: its domain, and its open change ticket; *internal* is not for customers."""

    name: Name
    domain: Name
    ticket: Name
    internal: Name


class Mail(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A mail, seen from the step index *at* on."""

    sender: Name
    subject: Text
    body: Text
    at: Step = 0


class Closing(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The right way to close a thread, with what belongs to it; *amount* is in cents."""

    type: Literal["reply", "refund", "escalate", "archive", "report", "merge"]
    order: OrderId | None = None
    amount: Cents | None = None
    team: Team | None = None
    into: Name | None = None


class Need(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A record without which nobody can know what is right."""

    record: RecordKind
    key: Name


class Injection(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What an injected text is after; *target* is the order or thread that it names."""

    goal: Goal
    target: Name | None = None


class Thread(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """
    Mails about one matter.

    Attributes:
        id: What actions call it.
        mails: Oldest first.
        due: Last step index at which its closing is in time, or None.
        kind: The kind of matter; this and all that follows is not shown.
        right: How it is to be closed.
        facts: What a reply has to mention.
        owner: The customer whose matter it is, or None.
        attack: Whether somebody is trying to deceive.
        injection: The injected text in it, or None.
        needs: Records that have to be looked up first.
    """

    id: Name
    mails: Annotated[tuple[Mail, ...], Meta(min_length=1)]
    due: Step | None = None
    kind: Name
    right: Closing
    facts: tuple[Fact, ...] = ()
    owner: CustomerId | None = None
    attack: bool = False
    injection: Injection | None = None
    needs: tuple[Need, ...] = ()


class World(Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    """
    The mail of a day, in order of thread, and the records behind it.

    *witness* are the actions that reach the best score, from the first step on; not shown, empty
    if none are known.
    """

    threads: Annotated[tuple[Thread, ...], Meta(min_length=1, max_length=1_000)]
    customers: tuple[Customer, ...] = ()
    orders: tuple[Order, ...] = ()
    returns: tuple[ReturnRule, ...] = ()
    access: tuple[AccessRule, ...] = ()
    partners: tuple[Partner, ...] = ()
    max_steps: Annotated[int, Meta(ge=1, le=1_000_000)]
    witness: tuple[Action, ...] = ()
