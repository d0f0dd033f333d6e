"""Inbox rules, version 1: the draw at the start, and what an action causes and earns."""

import random
from collections.abc import Mapping, Sequence

from refold.engine import ActionRefused, EpisodeEnded, Event, StepRewarded
from refold.engine.sums import add_up
from refold.scenarios.inbox.actions import Action, ActionKind
from refold.scenarios.inbox.events import Arrival, EmailHandled, InboxFilled
from refold.scenarios.inbox.reducer import REDUCER
from refold.scenarios.inbox.state import State
from refold.scenarios.turns import Turn

_DUE: Mapping[str, ActionKind] = {
    "legal": "escalate",
    "compliance": "escalate",
    "payment": "escalate",
    "security": "escalate",
    "account": "respond",
    "access": "respond",
    "billing": "respond",
}
_REDRAWS = 50


def start(state: State) -> Sequence[Event]:
    """Return the arrival of the e-mails: ids and keywords, drawn in definition order."""
    dice = random.Random(state.seed)
    arrivals: list[Arrival] = []
    taken: set[str] = set()
    for template in state.plan.emails.values():
        id = _draw_id(dice, template.id, taken)
        taken.add(id)
        keywords: tuple[str, ...] = ()
        if template.keywords:
            drawn = dice.choice(template.keywords.second_candidates)
            keywords = (template.keywords.first, drawn)
        arrivals.append(Arrival(id, template.id, keywords))
    return (InboxFilled(tuple(arrivals)),)


def _draw_id(dice: random.Random, template: str, taken: set[str]) -> str:
    id = f"{template}_{dice.randint(1000, 9999)}"
    for _ in range(_REDRAWS):
        if id not in taken:
            break
        id = f"{template}_{dice.randint(1000, 9999)}"
    return id


def due_action(category: str) -> ActionKind:
    """Return the action that an e-mail of *category* calls for."""
    return _DUE.get(category, "archive")


def decide(state: State, action: Action) -> Sequence[Event]:
    """Return everything that *action* causes, ``StepRewarded`` last."""
    turn = Turn(state, action, REDUCER)
    handled = _handle(state, action)
    turn.emit(handled)
    emptied = not turn.now.pending
    limit = state.t + 1 >= state.plan.max_steps
    if emptied:
        turn.emit(EpisodeEnded("terminated", "inbox_empty"))
    elif limit:
        turn.emit(EpisodeEnded("truncated", "max_steps"))
    parts = _parts(handled, emptied=emptied, cut_off=limit and not emptied)
    reward = max(-1.0, min(1.0, add_up(parts.values())))
    turn.emit(StepRewarded(state.t, reward, state.total + reward, dict(sorted(parts.items()))))
    return turn.end()


def _handle(state: State, action: Action) -> ActionRefused | EmailHandled:
    id = next(iter(state.pending)) if action.email_id is None else action.email_id
    email = state.pending.get(id)
    if email is None:
        return ActionRefused("already_handled" if id in state.handled else "unknown_email")
    expected = due_action(email.category)
    found = None
    if action.type == "respond" and state.keywords[id]:
        content = action.content.lower()
        found = tuple(word for word in state.keywords[id] if word.lower() in content)
    late = action.type == "archive" and expected == "escalate"
    return EmailHandled(id, action.type, expected, late, found)


def _parts(event: Event, *, emptied: bool, cut_off: bool) -> dict[str, float]:
    """Return the five reward parts, version 1; all of them, always."""
    quality = reply = safety = 0.0
    if isinstance(event, EmailHandled):
        quality, safety = _decision(event)
        reply = _reply(event)
    loop = -0.3 if isinstance(event, ActionRefused) else 0.0
    return {
        "decision_quality": quality,
        "response_quality": reply,
        "safety_penalty": safety,
        "loop_penalty": loop - 0.2 if cut_off else loop,
        "completion_bonus": 0.2 if emptied else 0.0,
    }


def _decision(event: EmailHandled) -> tuple[float, float]:
    """Return decision_quality and safety_penalty."""
    if event.action == event.expected:
        return 0.6, 0.0
    if event.action == "archive":
        return 0.0, -0.4
    if event.action == "respond" and event.expected == "escalate":
        return 0.1, -0.5
    return 0.1, -0.2


def _reply(event: EmailHandled) -> float:
    if event.found is None:
        return 0.0
    return min(0.2, 0.1 * len(event.found)) if event.found else -0.1


def legal_actions(state: State) -> list[Action]:
    """Return every action on a pending e-mail, by e-mail and kind; empty after the end."""
    if state.ended:
        return []
    kinds: tuple[ActionKind, ...] = ("respond", "escalate", "archive")
    return [Action(kind, id) for id in state.pending for kind in kinds]
