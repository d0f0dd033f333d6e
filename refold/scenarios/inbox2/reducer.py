"""The reducer of inboxes, rules version 2: the next state, for each type of event."""

from msgspec.structs import replace

from refold.engine import ActionRefused, ActionTaken, EpisodeEnded, StepRewarded
from refold.engine.family import Reducer, unchanged
from refold.scenarios.inbox2.events import (
    HarmDone,
    InboxDrawn,
    MailArrived,
    RecordLookedUp,
    ThreadClosed,
)
from refold.scenarios.inbox2.plan import compile_plan
from refold.scenarios.inbox2.score import COUNTERS
from refold.scenarios.inbox2.state import Closed, State
from refold.scenarios.tallies import counting


def _look_up(state: State, event: RecordLookedUp) -> State:
    return replace(state, asked={**state.asked, (event.record, event.key): event.id})


def _close(state: State, event: ThreadClosed) -> State:
    closed = Closed(event.action, state.t, event.right)
    return replace(state, closed={**state.closed, event.thread: closed})


REDUCER: Reducer[State] = counting(
    {
        InboxDrawn: lambda state, event: replace(state, plan=compile_plan(event.world)),
        MailArrived: unchanged,
        ActionTaken: lambda state, event: replace(state, refusal=None) if state.refusal else state,
        ActionRefused: lambda state, event: replace(state, refusal=event.error),
        RecordLookedUp: _look_up,
        ThreadClosed: _close,
        HarmDone: unchanged,
        StepRewarded: lambda state, event: replace(state, t=event.step + 1, total=event.total),
        EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
    },
    COUNTERS,
)
