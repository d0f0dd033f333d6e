"""The reducer of inboxes: the next state, for each type of event."""

from msgspec.structs import replace

from refold.engine import EpisodeEnded, StepRewarded
from refold.engine.family import Reducer
from refold.scenarios.inbox.events import EmailHandled, InboxFilled
from refold.scenarios.inbox.parameters import PLACEHOLDER
from refold.scenarios.inbox.state import Email, Handled, State


def _fill(state: State, event: InboxFilled) -> State:
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


def _handle(state: State, event: EmailHandled) -> State:
    return replace(
        state,
        pending={id: email for id, email in state.pending.items() if id != event.email},
        handled={**state.handled, event.email: Handled(event.action, state.t)},
        history=(*state.history, f"{event.email}:{event.action}"),
    )


REDUCER: Reducer[State] = {
    InboxFilled: _fill,
    EmailHandled: _handle,
    StepRewarded: lambda state, event: replace(state, t=event.step + 1, total=event.total),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}
