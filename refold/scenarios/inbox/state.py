"""The state of an inbox, and how each event changes it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import EpisodeEnded, Event, StepRewarded
from refold.scenarios.inbox.actions import ActionKind
from refold.scenarios.inbox.events import EmailHandled, InboxFilled
from refold.scenarios.inbox.parameters import (
    PLACEHOLDER,
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


def evolve(state: State, event: Event) -> State:
    """Return *state* after *event*; an event that changes nothing returns *state* itself."""
    change = _CHANGES.get(type(event))
    return change(state, event) if change else state


def _filled(state: State, event: InboxFilled) -> State:
    pending = {}
    for arrival in event.emails:
        template = state.plan.emails[arrival.template]
        drawn = arrival.keywords[-1] if arrival.keywords else PLACEHOLDER
        pending[arrival.id] = Email(
            id=arrival.id,
            subject=template.subject,
            body=template.body.replace(PLACEHOLDER, drawn),
            priority=template.priority,
            sender=template.sender,
            category=template.category,
        )
    keywords = {arrival.id: arrival.keywords for arrival in event.emails}
    return replace(state, pending=pending, keywords=keywords)


def _handled(state: State, event: EmailHandled) -> State:
    return replace(
        state,
        pending={id: email for id, email in state.pending.items() if id != event.email},
        handled={**state.handled, event.email: Handled(event.action, state.t)},
        history=(*state.history, f"{event.email}:{event.action}"),
    )


_CHANGES: Mapping[type[Event], Callable[[State, Any], State]] = {
    InboxFilled: _filled,
    EmailHandled: _handled,
    StepRewarded: lambda state, event: replace(state, t=event.step + 1, total=event.total),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}
