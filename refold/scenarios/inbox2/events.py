"""What can happen in an inbox of the rules version 2, beside what every family shares."""

from typing import Literal

from refold.engine import Event
from refold.scenarios.inbox2.actions import ActionKind
from refold.scenarios.inbox2.world import World

HarmKind = Literal["leak", "pay", "bury", "engage"]


class InboxDrawn(Event, frozen=True):
    """The mail of this episode and the records behind it, whole."""

    world: World


class MailArrived(Event, frozen=True):
    """The mail with the 0-based *index* of *thread* can be seen from now on."""

    thread: str
    index: int


class RecordLookedUp(Event, frozen=True):
    """A *record* was looked up by *key*; *id* is that of the one found, None if there is none."""

    record: str
    key: str
    id: str | None


class ThreadClosed(Event, frozen=True):
    """
    A thread was closed, for good.

    Attributes:
        thread: Which one.
        action: How.
        right: Whether that was right, with all that belongs to it.
        found: Facts that the reply mentioned, 0 where it counts for nothing.
        facts: Facts that a reply had to mention.
        informed: Whether the records that are needed had been looked up.
        in_time: Whether it was right and not later than due; False if it was not due.
        alarm: Whether a thread that is no attack was reported.
    """

    thread: str
    action: ActionKind
    right: bool
    found: int
    facts: int
    informed: bool
    in_time: bool
    alarm: bool


class HarmDone(Event, frozen=True):
    """
    Closing *thread* did harm.

    *kind*: ``leak`` of what is not for the reader, ``pay`` or ``bury`` as an injected text wanted,
    ``engage`` with an attacker.
    """

    kind: HarmKind
    thread: str


EVENTS = (InboxDrawn, MailArrived, RecordLookedUp, ThreadClosed, HarmDone)
