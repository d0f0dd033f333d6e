"""What an agent of an inbox may choose."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

ActionKind = Literal["respond", "escalate", "archive"]
Name = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]


class Action(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    One action on one e-mail.

    Attributes:
        type: What to do with it.
        email_id: Which one; the first pending if None.
        content: The reply, for respond.
        rationale: Why; kept in the log, never graded.
    """

    type: ActionKind
    email_id: Name | None = None
    content: Text = ""
    rationale: Text = ""
