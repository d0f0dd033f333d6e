"""An inbox as numbers: a choice for each e-mail and kind of action, and arrays of what is seen."""

from collections.abc import Mapping, Sequence
from typing import get_args

from refold.engine.presentation import Choice, Numbers, Shape
from refold.scenarios.inbox.actions import Action, ActionKind
from refold.scenarios.inbox.state import Email, State

_CATEGORIES = (
    *("other", "access", "account", "billing", "compliance", "legal", "newsletter", "payment"),
    *("product", "security"),
)
_PRIORITIES = ("other", "low", "medium", "high")


def reply_to(email: Email) -> str:
    """Return a reply to *email* that takes up all that its sender wrote."""
    return f"About “{email.subject}”: {email.body}"


def _choices(start: State) -> Sequence[Choice]:
    kinds: tuple[ActionKind, ...] = get_args(ActionKind)
    return [_handle(place, kind) for place in range(len(start.keywords)) for kind in kinds]


def _handle(place: int, kind: ActionKind) -> Choice:
    """Return the choice to handle the e-mail that was at *place* of the inbox at first."""

    def choice(state: State) -> Action:
        id = list(state.keywords)[place]
        email = state.pending.get(id)
        content = reply_to(email) if email is not None and kind == "respond" else ""
        return Action(kind, id, content)

    return choice


def _shapes(start: State) -> Mapping[str, Shape]:
    mails = len(start.keywords)
    return {
        "pending": Shape("flag", mails),
        "category": Shape("category", mails, most=len(_CATEGORIES)),
        "priority": Shape("category", mails, most=len(_PRIORITIES)),
        "step_count": Shape("count", 1),
    }


def _values(state: State) -> Mapping[str, Sequence[float]]:
    mails = [state.pending.get(id) for id in state.keywords]
    return {
        "pending": [mail is not None for mail in mails],
        "category": [_index(_CATEGORIES, mail.category) if mail else 0 for mail in mails],
        "priority": [_index(_PRIORITIES, mail.priority) if mail else 0 for mail in mails],
        "step_count": [state.t],
    }


def _index(words: tuple[str, ...], word: str) -> int:
    return words.index(word) if word in words else 0  # "other" stands first


NUMBERS = Numbers(choices=_choices, shapes=_shapes, values=_values)
