"""
How a solver searches inboxes.

What an e-mail earns depends on the action that it calls for, on whether a reply to it is judged
and on what is done with it. E-mails that are alike in this are interchangeable, so only the first
of each kind is acted on, and nothing but their numbers makes a difference to what follows.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import StepRewarded
from refold.engine.sums import add_up
from refold.scenarios.inbox.actions import Action
from refold.scenarios.inbox.criteria import decision_share, lost_of, reply_share
from refold.scenarios.inbox.events import EmailHandled
from refold.scenarios.inbox.rules import due_action
from refold.scenarios.inbox.state import State
from refold.scenarios.rubric import Criterion, Rubric
from refold.scenarios.search import Gains, Move, Objective, Search, graded

_REFUSED = Action("archive", email_id="")
_MEASURES = ("completion", "correctness", "penalty", "perfection", "reply_quality")
_DECISION, _REPLY, _EMPTIED = 0.6, 0.2, 0.2

Kind = tuple[str, bool]


def make_search(start: State, rubric: Rubric, objective: Objective) -> Search | None:
    """Return how to search from *start* on; None for a score by measures that have no bound."""
    if objective == "return":
        return _ReturnSearch()
    return _ScoreSearch(rubric) if all(map(_has_bound, rubric.criteria)) else None


def _has_bound(criterion: Criterion) -> bool:
    return criterion.measure in _MEASURES and (criterion.weight < 0) == (
        criterion.measure == "penalty"
    )


def _kinds(state: State) -> Iterator[tuple[str, Kind]]:
    """Yield the pending e-mails with what matters of them."""
    for id, email in state.pending.items():
        yield id, (due_action(email.category), bool(state.keywords[id]))


def _merge_key(state: State) -> Hashable:
    counts = Counter(kind for _, kind in _kinds(state))
    return tuple(sorted(counts.items()))


def _useful_actions(state: State) -> list[Action]:
    if state.ended:
        return []
    first: dict[Kind, str] = {}
    for id, kind in _kinds(state):
        first.setdefault(kind, id)
    actions = [_REFUSED]
    for id in first.values():
        actions += [
            Action("respond", id, " ".join(state.keywords[id])),
            Action("escalate", id),
            Action("archive", id),
        ]
    return actions


class _ReturnSearch:
    """The search for the largest sum of rewards; there is nothing to remember."""

    def begin(self, state: State) -> tuple[()]:
        return ()

    def actions(self, state: State, record: tuple[()]) -> Sequence[Action]:
        return _useful_actions(state)

    def advance(self, record: tuple[()], move: Move) -> tuple[()]:
        return record

    def merge(self, state: State, record: tuple[()]) -> tuple[Hashable, Gains]:
        return _merge_key(state), (state.total,)

    def value(self, state: State, record: tuple[()]) -> float:
        return state.total

    def promise(self, state: State, record: tuple[()]) -> float:
        return self.bound(state, record)

    def bound(self, state: State, record: tuple[()]) -> float:
        best = sorted((_most(kind) for _, kind in _kinds(state)), reverse=True)
        left = state.plan.max_steps - state.t
        emptied = _EMPTIED if left >= len(best) else 0.0
        return state.total + add_up(best[:left]) + emptied


def _most(kind: Kind) -> float:
    """Return the largest reward for handling an e-mail of *kind*."""
    due, judged = kind
    return _DECISION + (_REPLY if judged and due == "respond" else 0.0)


class _Record(Struct, frozen=True):
    """Sums over the steps so far: shares of decisions, what was lost, replies and their shares."""

    decisions: float = 0.0
    lost: float = 0.0
    replies: int = 0
    reply_shares: float = 0.0


class _ScoreSearch:
    """The search for the best score by *rubric*."""

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric

    def begin(self, state: State) -> _Record:
        return _Record()

    def actions(self, state: State, record: _Record) -> Sequence[Action]:
        return _useful_actions(state)

    def advance(self, record: _Record, move: Move) -> _Record:
        handled, rewarded = move.events[0], move.events[-1]
        assert isinstance(rewarded, StepRewarded)
        parts = rewarded.parts
        record = replace(
            record,
            decisions=record.decisions + decision_share(parts),
            lost=record.lost + lost_of(parts),
        )
        if not isinstance(handled, EmailHandled) or handled.action != "respond":
            return record
        return replace(
            record,
            replies=record.replies + 1,
            reply_shares=record.reply_shares + reply_share(parts),
        )

    def merge(self, state: State, record: _Record) -> tuple[Hashable, Gains]:
        key = _merge_key(state), record.replies
        return key, (record.decisions, -record.lost, record.reply_shares)

    def bound(self, state: State, record: _Record) -> float:
        values = _best_values(state, record)
        points = []
        for criterion in self._rubric.criteria:
            best = criterion.weight * values[criterion.measure]
            steps = _steps_for_gate(state, criterion)
            gate = 1.0 if criterion.gate is None else min(1.0, steps / criterion.gate)
            points.append(best * gate)
        return graded(add_up(points), self._rubric)

    def value(self, state: State, record: _Record) -> float:
        return self.bound(state, record)

    def promise(self, state: State, record: _Record) -> float:
        return self.bound(state, record)


def _steps_for_gate(state: State, criterion: Criterion) -> int:
    """Return the number of steps that serves *criterion* best."""
    if state.ended or criterion.weight < 0:
        return state.t
    return state.plan.max_steps


def _best_values(state: State, record: _Record) -> Mapping[str, float]:
    """Return the best value that each measure can still have by itself."""
    left = 0 if state.ended else state.plan.max_steps - state.t
    handled = min(left, len(state.pending))
    judged = min(handled, sum(judged for _, (_, judged) in _kinds(state)))
    replies = record.replies + judged
    shares = record.reply_shares + judged
    values = {
        "correctness": (record.decisions + handled) / max(1, state.t + handled),
        "completion": float(handled == len(state.pending)),
        "reply_quality": min(1.0, shares / replies) if record.replies else 1.0,
        "penalty": min(1.0, record.lost / max(1, state.t + left)),
    }
    perfect = all(values[name] == 1.0 for name in ("correctness", "completion", "reply_quality"))
    return {**values, "perfection": float(perfect)}
