"""What an agent of a workflow may choose, rules version 2."""

from typing import Literal

from msgspec import Struct

from refold.scenarios.workflow2.world import Name

ActionKind = Literal["assign", "cancel", "advance"]


class Action(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    One action; a kind that needs a task or a worker counts a missing one as unknown.

    Attributes:
        type: What to do.
        task: Which task: assign, cancel.
        worker: Who is to do it: assign.
    """

    type: ActionKind
    task: Name | None = None
    worker: Name | None = None


ADVANCE = Action("advance")
