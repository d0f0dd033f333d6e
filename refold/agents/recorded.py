"""Answers that a log already holds, given again to the very same requests."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from refold.agents.client import ModelBackend, ModelResponse, is_unsupported
from refold.agents.conversation import request_digest
from refold.engine import EpisodeInfo, EventLog
from refold.engine.exchanges import ModelCalled

MODEL_AGENT = "openai"
"""How the names of agents begin whose episodes hold answers of models."""

_EPISODES_KEPT = 64


class NotRecorded(Exception):
    """No answer to this request is recorded."""


class RecordedResponses:
    """
    Answers from a log what it holds, as it was; the rest goes to another asker.

    An answer is a reply, or that the API refused the form of the request; other failures say
    nothing that holds for long. Of several answers to one request, the oldest is given that was
    given at the same place, or else the oldest of all: a run that is repeated is the same again.

    Args:
        log: Whose answers; those it holds now, later ones are not looked for.
        fallback: Who answers the rest; None for nobody.
    """

    def __init__(self, log: EventLog, fallback: ModelBackend | None) -> None:
        self._log = log
        self._fallback = fallback
        self._calls = lru_cache(maxsize=_EPISODES_KEPT)(self._index_calls)
        self._episodes: dict[tuple[str, str], str] = {}
        for info in log.episodes():
            if info.agent.startswith(MODEL_AGENT):
                for request in self._index_calls(info.id):
                    self._episodes.setdefault((request, rollout_key(info)), info.id)
                    self._episodes.setdefault((request, ""), info.id)

    def _index_calls(self, episode: str) -> Mapping[str, ModelCalled]:
        """Return the first answered call of each request in *episode*, by the request's digest."""
        calls: dict[str, ModelCalled] = {}
        for event in self._log.events(episode):
            if isinstance(event, ModelCalled) and (event.reply or is_unsupported(event.faults)):
                calls.setdefault(event.request, event)
        return calls

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:
        """
        Return the recorded answer to *body* at *rollout*, or that of the other asker.

        Raises:
            NotRecorded: There is neither.
        """
        request = request_digest(body)
        for key in ((request, rollout), (request, "")):
            if key in self._episodes:
                call = self._calls(self._episodes[key])[request]
                return ModelResponse(call.reply, call.faults, call.latency_ms)
        if self._fallback is None:
            raise NotRecorded("expected a recorded answer to this request, got no answer")
        return await self._fallback.complete(body, rollout=rollout)


def rollout_key(info: EpisodeInfo) -> str:
    """Return the place of an episode in its run: the same in a run with the same arguments."""
    return f"{info.scenario} {info.seed} {info.epoch}"
