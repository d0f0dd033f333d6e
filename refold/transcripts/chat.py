"""
Chat JSON Lines: an object with ``messages`` on each line, as chat APIs have them.

Every message of the role ``assistant`` is a turn. Numbers called ``reward``, ``score`` or in
``scores`` are scores; what else is on the line is kept.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from refold.engine.errors import RefoldError
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.messages import check_messages, read_tools, read_turn, read_usage
from refold.transcripts.reading import decode_line, number, read_lines
from refold.transcripts.remainder import KEY
from refold.transcripts.sources import Piece, Source
from refold.transcripts.trial import Trial

_READ = {
    "messages",
    "tools",
    "reward",
    "score",
    "scores",
    "id",
    "model",
    "task",
    "seed",
    "usage",
    KEY,
}


def pieces(source: Source) -> Iterator[Piece]:
    """Yield the pieces of chat JSON Lines, one for each line."""
    for place, line in read_lines(source.file, source.name):
        yield Piece(place, partial(_read_line, line, f"{source.name} {place}"))


def _read_line(line: bytes | None, where: str) -> list[Trial]:
    told = decode_line(line, where)
    if not isinstance(told, dict):
        raise RefoldError(f"{where}: expected an object with messages, got another value")
    return [read_chat(told, where)]


def read_chat(told: dict[str, Any], where: str) -> Trial:
    """
    Return the trial of an object with ``messages``.

    Raises:
        RefoldError: They are no messages.
    """
    model = told.get("model") if isinstance(told.get("model"), str) else ""
    trial = Trial("chat", agent=str(model))
    trial.task = next(
        (str(told[name]) for name in ("task", "id") if type(told.get(name)) in (str, int)), ""
    )
    trial.seed = told["seed"] if type(told.get("seed")) is int else 0
    trial.tools = read_tools(told.get("tools"))
    for message in check_messages(told.get("messages"), f"{where}: $.messages"):
        if message["role"] == "assistant":
            trial.turns.append(read_turn(message, where))
            trial.turns[-1].model = str(model)
        else:
            trial.hear(message)
    if len(trial.turns) == 1:
        trial.turns[0].usage = read_usage(told.get("usage"))
    trial.reward = number(told.get("reward"))
    trial.scores = list(_scores(told))
    trial.keep({name: value for name, value in told.items() if name not in _READ})
    return trial


def _scores(told: dict[str, Any]) -> Iterator[ScoreGiven]:
    listed = told.get("scores") if isinstance(told.get("scores"), dict) else {}
    named = {"reward": told.get("reward"), "score": told.get("score"), **(listed or {})}
    for name, value in named.items():
        if (found := number(value)) is not None:
            yield ScoreGiven(name=name, value=found)
