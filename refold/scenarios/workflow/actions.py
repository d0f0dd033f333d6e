"""What an agent of a workflow may choose."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from refold.scenarios.workflow.parameters import LONGEST_NAME

ActionKind = Literal["delegate", "retry", "wait", "synthesize", "abort"]
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]


class Action(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """
    One action; a kind that needs a subtask or a worker counts a missing one as unknown.

    Attributes:
        action_type: What to do.
        subtask_id: Which subtask: delegate, retry, abort.
        agent_name: Which worker: delegate, retry.
    """

    action_type: ActionKind
    subtask_id: Name | None = None
    agent_name: Name | None = None


WAIT = Action("wait")
SYNTHESIZE = Action("synthesize")
