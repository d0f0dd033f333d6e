"""What an agent of an inbox may choose, rules version 2."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

LONGEST_REPLY = 1_000
"""Letters of a reply that is not refused."""

ActionKind = Literal["lookup", "reply", "refund", "escalate", "archive", "report", "merge", "wait"]
RecordKind = Literal["customer", "order", "policy", "partner"]
Name = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]


class Action(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    One action; a kind that needs something counts a missing one as unknown.

    Attributes:
        type: What to do.
        thread: Which thread: all but lookup and wait.
        record: Where to look: lookup.
        key: What to look for: lookup.
        content: The reply: reply.
        order: Which order: refund.
        amount: How much, such as ``38.50``: refund.
        team: Who decides: escalate.
        into: The earlier thread: merge.
    """

    type: ActionKind
    thread: Name | None = None
    record: RecordKind | None = None
    key: Name | None = None
    content: Text = ""
    order: Name | None = None
    amount: Name | None = None
    team: Name | None = None
    into: Name | None = None


WAIT = Action("wait")
