"""The state of an inbox."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from refold.scenarios.inbox.actions import ActionKind
from refold.scenarios.inbox.parameters import (
    EmailParameters,
    InboxParameters,
    problems,
)
from refold.scenarios.spec import read_parameters


class Plan(Struct, frozen=True):
    """A scenario made ready for the rules: *instructions*, *max_steps*, e-mails by template."""

    instructions: str
    max_steps: int
    emails: Mapping[str, EmailParameters]


class Email(Struct, frozen=True, gc=False):
    """An e-mail as the agent sees it."""

    id: str
    subject: str
    body: str
    priority: str
    sender: str
    category: str


class Handled(Struct, frozen=True, gc=False):
    """How an e-mail left the inbox: the action, and the 0-based step."""

    action: ActionKind
    step: int


class State(Struct, frozen=True, gc=False):
    """
    An inbox at one moment.

    Attributes:
        plan: The scenario.
        seed: Drives ids and keywords.
        pending: E-mails to handle by id, in order; the first is the current one.
        keywords: What a good reply mentions, by id, for all e-mails; empty if replies to it
            are not judged.
        handled: What has left the inbox, by id, in order.
        history: ``id:action`` of each handled e-mail, in order.
        t: Index of the next step, which is the number of steps taken.
        total: Sum of the rewards.
        ended: Why the episode ended, or None.
    """

    plan: Plan
    seed: int
    pending: Mapping[str, Email]
    keywords: Mapping[str, tuple[str, ...]]
    handled: Mapping[str, Handled]
    history: tuple[str, ...]
    t: int
    total: float
    ended: str | None

    @property
    def current(self) -> Email | None:
        """The first pending e-mail, or None."""
        return next(iter(self.pending.values()), None)


@lru_cache(maxsize=64)
def _plan(body: bytes) -> Plan:
    instructions, parameters = read_parameters(body, InboxParameters, problems)
    emails = {email.id: email for email in parameters.emails}
    return Plan(instructions, parameters.max_steps, emails)


def initial(body: bytes, seed: int) -> State:
    """
    Return the state of the scenario *body* before any event: an empty inbox.

    Raises:
        ScenarioError: *body* is no inbox scenario, or an impossible one.
    """
    return State(_plan(body), seed, {}, {}, {}, (), t=0, total=0.0, ended=None)
