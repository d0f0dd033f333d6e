"""What can happen in an inbox, beside the events that every family shares."""

from msgspec import Struct

from refold.engine import Event
from refold.scenarios.inbox.actions import ActionKind


class Arrival(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An e-mail as it came out of the draw: *keywords* are what a good reply mentions."""

    id: str
    template: str
    keywords: tuple[str, ...]


class InboxFilled(Event, frozen=True):
    """The e-mails of this episode, in the order of the inbox."""

    emails: tuple[Arrival, ...]


class EmailHandled(Event, frozen=True):
    """
    An e-mail left the inbox.

    ``expected`` is the action that was due; ``late`` marks an e-mail that was archived instead
    of escalated; ``found`` are the keywords in the reply, None where no reply was judged.
    """

    email: str
    action: ActionKind
    expected: ActionKind
    late: bool
    found: tuple[str, ...] | None


EVENTS = (InboxFilled, EmailHandled)
