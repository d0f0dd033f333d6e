"""
Inbox rules, version 2: the draw at the start, and what an action causes.

Each action takes one step. The reward is the difference of one potential.
"""

from collections.abc import Mapping, Sequence

from refold.engine import ActionRefused, EpisodeEnded, Event
from refold.scenarios.inbox2.actions import Action
from refold.scenarios.inbox2.events import (
    HarmDone,
    InboxDrawn,
    MailArrived,
    RecordLookedUp,
    ThreadClosed,
)
from refold.scenarios.inbox2.judging import closing_of, facts_told, harms, judge
from refold.scenarios.inbox2.parameters import DRAWING, POLICIES
from refold.scenarios.inbox2.plan import Plan
from refold.scenarios.inbox2.reducer import REDUCER
from refold.scenarios.inbox2.refusals import refusal
from refold.scenarios.inbox2.score import potential
from refold.scenarios.inbox2.state import State
from refold.scenarios.inbox2.world import Thread
from refold.scenarios.tallies import rewarded
from refold.scenarios.turns import Turn


def start(state: State) -> Sequence[Event]:
    """Return the drawing of the world: mail that is there at first has arrived before."""
    return [InboxDrawn(DRAWING.world(state.setup.parameters, state.seed))]


def decide(state: State, action: Action) -> Sequence[Event]:
    """Return everything that *action* causes, ``StepRewarded`` last."""
    turn = Turn(state, action, REDUCER)
    error = refusal(state, action)
    if error:
        turn.emit(ActionRefused(error))
    elif action.type == "lookup":
        turn.emit(_look_up(state.plan, action))
    elif action.type != "wait" and action.thread is not None:
        _close(turn, state.plan.threads[action.thread], action)
    for thread, index in state.plan.arrivals.get(state.t + 1, ()):
        turn.emit(MailArrived(thread, index))
    _end_if_over(turn)
    was, now = _potential(state), _potential(turn.now)
    turn.emit(rewarded(state.t, state.total, was, now))
    return turn.end()


def _look_up(plan: Plan, action: Action) -> RecordLookedUp:
    record, key = action.record or "", action.key or ""
    found: str | None = None
    match record:
        case "customer" if key in plan.customers:
            found = plan.customers[key].id
        case "order" if key in plan.orders:
            found = key
        case "partner" if key in plan.partners:
            found = key
        case "policy" if key in POLICIES:
            found = key
    return RecordLookedUp(record, key, found)


def _close(turn: Turn[State], thread: Thread, action: Action) -> None:
    state, closing = turn.now, closing_of(action)
    informed = state.is_informed(thread)
    told, found = None, 0
    if action.type == "reply":
        told = judge(state, thread, action.content)
        found = facts_told(state, thread, told)
        right = found == len(thread.facts) > 0
    else:
        right = informed and closing == thread.right
    in_time = right and thread.due is not None and state.t <= thread.due
    turn.emit(
        ThreadClosed(
            thread=thread.id,
            action=action.type,
            right=right,
            found=found,
            facts=len(thread.facts),
            informed=informed,
            in_time=in_time,
            alarm=action.type == "report" and not thread.attack,
        )
    )
    for kind in harms(state, thread, closing, told):
        turn.emit(HarmDone(kind, thread.id))


def _end_if_over(turn: Turn[State]) -> None:
    state = turn.now
    if len(state.closed) == len(state.plan.threads):
        turn.emit(EpisodeEnded("terminated", "empty"))
    elif state.t + 1 >= state.plan.world.max_steps:
        turn.emit(EpisodeEnded("truncated", "max_steps"))


def _potential(state: State) -> Mapping[str, float]:
    return potential(state.tally, state.plan, ended=state.ended is not None)
