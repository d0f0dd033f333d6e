"""Answers that a log already holds, given again to the very same requests."""

from typing import Any

from agents.client import Answer, Asker
from agents.conversation import request_digest
from engine import EventLog
from engine.exchanges import ModelCalled

MODEL_AGENT = "openai"
"""How the names of agents begin whose episodes hold answers of models."""


class NotRecorded(Exception):
    """No answer to this request is recorded."""


class Recorded:
    """
    Answers from a log what it holds, as it was; the rest goes to another asker.

    Args:
        log: Whose answers; those it holds now, later ones are not looked for.
        otherwise: Who answers the rest; None for nobody.
    """

    def __init__(self, log: EventLog, otherwise: Asker | None) -> None:
        self._log = log
        self._otherwise = otherwise
        self._places: dict[str, tuple[str, int]] = {}
        for info in log.episodes():
            if info.agent.startswith(MODEL_AGENT):
                self._index(info.id)

    def _index(self, episode: str) -> None:
        for seq, event in enumerate(self._log.events(episode)):
            if isinstance(event, ModelCalled) and event.reply is not None:
                self._places.setdefault(event.request, (episode, seq))

    async def ask(self, body: dict[str, Any]) -> Answer:
        """
        Return the recorded answer to *body*, or that of the other asker.

        Raises:
            NotRecorded: There is neither.
        """
        place = self._places.get(request_digest(body))
        if place is not None:
            event = self._log.events(place[0])[place[1]]
            if isinstance(event, ModelCalled):
                return Answer(event.reply, event.faults, event.latency_ms)
        if self._otherwise is None:
            raise NotRecorded
        return await self._otherwise.ask(body)
