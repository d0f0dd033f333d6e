"""
The conversation of an episode: what each turn heard, thought, said, called, and what came of it.

Made of the events alone. Each message stands in it once, at the event that recorded it: what an
action repeats of the reply that it was read from is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from refold.engine import (
    ActionRefused,
    ActionTaken,
    EpisodeEnded,
    EpisodeStarted,
    Event,
    Family,
    StepRewarded,
)
from refold.engine.exchanges import (
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    Reply,
    ReplyUnread,
)
from refold.replays.stepping import Step
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, ScoreGiven
from refold.scenarios.answered.said import calls_in
from refold.viewer.transcript_pieces import (
    Piece,
    action_pieces,
    observation_pieces,
    reply_pieces,
    sent_pieces,
    unanswered_piece,
    words_path,
)

_UNTOLD = (EpisodeStarted, ModelConfigured, StepRewarded)


class Turn(Struct, frozen=True):
    """
    One turn: an action, with what led to it and what came of it.

    Attributes:
        position: Number of actions taken after it; 0 for what came before the first.
        pieces: In order; instructions to a model stand in turn 0.
        tokens: Tokens read and written; None where nobody counted them.
        ms: Milliseconds that the model took; 0 where nobody measured them.
    """

    position: int
    pieces: tuple[Piece, ...]
    tokens: tuple[int, int] | None
    ms: int


def conversation_turns(family: Family, walked: Iterable[Step]) -> list[Turn]:
    """Return the turns of an episode of *family*, except for empty ones; *walked* are its steps."""
    maker = _PieceMaker(family)
    turns: list[Turn] = []
    for step in walked:
        pieces = list(maker.pieces(step))
        if step.position == 1 and step.action is not None:
            told = tuple(each for each in pieces if each.kind == "system")
            turns[0] = replace(turns[0], pieces=(*told, *turns[0].pieces))
            pieces = [each for each in pieces if each.kind != "system"]
        turn = Turn(step.position, tuple(pieces), _tokens(step), _milliseconds(step))
        if step.action is None and turns:  # after the last whole step
            turns[-1] = _joined(turns[-1], turn)
        else:
            turns.append(turn)
    return [turn for turn in turns if turn.pieces]


def transcript_data(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """
    Return *turns* as a document holds them.

    A piece has a ``text``, or the ``path`` in the document at which the text lies; with neither,
    it is the words of its event.
    """
    return [
        {
            "position": turn.position,
            "tokens": turn.tokens,
            "ms": turn.ms,
            "pieces": [_piece_data(piece) for piece in turn.pieces],
        }
        for turn in turns
    ]


def _piece_data(piece: Piece) -> dict[str, Any]:
    held: dict[str, Any] = {"path": piece.path} if piece.path else {"text": piece.text}
    if piece.path == words_path(piece.seq):
        held = {}
    name = {"name": piece.name} if piece.name else {}
    error = {"error": True} if piece.error else {}
    news = {} if piece.news is None else {"news": piece.news}
    return {"kind": piece.kind, "seq": piece.seq, **held, **name, **error, **news}


def _joined(turn: Turn, rest: Turn) -> Turn:
    tokens = [each for each in (turn.tokens, rest.tokens) if each is not None]
    summed = (sum(each[0] for each in tokens), sum(each[1] for each in tokens))
    return Turn(
        turn.position,
        (*turn.pieces, *rest.pieces),
        summed if tokens else None,
        turn.ms + rest.ms,
    )


def _calls(step: Step) -> list[ModelCalled]:
    return [event for event in step.events if isinstance(event, ModelCalled)]


def _tokens(step: Step) -> tuple[int, int] | None:
    counted = [event.reply.usage for event in _calls(step) if event.reply and event.reply.usage]
    if not counted:
        return None
    return sum(usage.input for usage in counted), sum(usage.output for usage in counted)


def _milliseconds(step: Step) -> int:
    return sum(event.latency_ms for event in _calls(step))


class _PieceMaker:
    """Makes the pieces of each step, and remembers what later ones refer to."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._exchanges = 0
        self._shown: set[str] = set()
        self._reply: Reply | None = None
        self._names: dict[str, str] = {}  # of tools, by the ids of their calls
        self._called: list[str] = []

    def pieces(self, step: Step) -> Iterator[Piece]:
        """Yield the pieces of *step*."""
        self._reply = None
        for seq, event in zip(step.seqs, step.events, strict=True):
            yield from self._pieces(seq, event, step)

    def _pieces(self, seq: int, event: Event, step: Step) -> Iterator[Piece]:
        match event:
            case ModelCalled():
                yield from self._exchange(seq, event)
            case ReplyUnread():
                self._reply = None
                yield Piece("fault", seq, f"no action in it: {event.reason}", error=True)
            case ActionTaken():
                yield from self._action(seq, event.action, step)
            case EnvironmentBegan(fault=None) | EnvironmentAnswered(fault=None):
                yield from observation_pieces(seq, event.observation, self._tool_name)
            case _ if not isinstance(event, _UNTOLD):
                yield self._in_words(seq, event)

    def _exchange(self, seq: int, event: ModelCalled) -> Iterator[Piece]:
        exchange = self._exchanges
        self._exchanges += 1
        for piece in sent_pieces(seq, exchange, event.sent):
            yield self._with_news(piece) if piece.kind == "shown" else piece
        self._reply = event.reply
        if event.reply is None:
            yield unanswered_piece(seq, event)
            return
        self._names.update((call.id, call.name) for call in event.reply.tool_calls)
        yield from reply_pieces(seq, exchange, event.reply)

    def _with_news(self, piece: Piece) -> Piece:
        """Return *piece* with how many of its lines the one shown before did not have."""
        lines = piece.text.splitlines()
        before, self._shown = self._shown, set(lines)
        return replace(piece, news=sum(line not in before for line in lines)) if before else piece

    def _action(self, seq: int, action: Any, step: Step) -> Iterator[Piece]:
        if self._family.answered:
            self._called = [call["name"] for call in calls_in(action)]
            yield from action_pieces(seq, action, self._reply)
        elif self._reply is None or not self._reply.tool_calls:
            path = ("steps", step.position - 1, "say")
            yield Piece("call", seq, self._family.say(action), path)

    def _tool_name(self, message: Mapping[str, Any], place: int) -> str:
        """Return the tool whose answer *message* is; without an id, answers are in order."""
        named = message.get("name") or self._names.get(str(message.get("tool_call_id")))
        in_order = self._called[place] if place < len(self._called) else ""
        return str(named or in_order)

    def _in_words(self, seq: int, event: Event) -> Piece:
        refused = isinstance(event, ActionRefused | ActionForfeited)
        failed = refused or getattr(event, "fault", None) is not None
        kinds = {EpisodeEnded: "end", ScoreGiven: "score"}
        kind: Any = "fault" if failed else kinds.get(type(event), "event")
        return Piece(kind, seq, self._family.say(event), words_path(seq), error=failed)
