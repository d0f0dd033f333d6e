"""Reuse the model responses that a log already holds for identical requests."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from refold.agents.api_settings import LIBRARY_AGENT, MODEL_AGENT
from refold.agents.client import ModelBackend, ModelResponse, is_unsupported
from refold.agents.conversation import request_digest
from refold.engine import EpisodeInfo, EventLog
from refold.engine.exchanges import ModelCalled
from refold.engine.log.left_out import LeftOut

_EPISODES_KEPT = 64  # in memory; an index of digests says where the others are


class NotRecorded(Exception):
    """The log holds no response to this request, and there is no fallback."""


class RecordedResponses:
    """
    Answers requests with the recorded responses of a log; passes other requests on.

    Replies are reused, and rejections of a request's format; other failures may not happen
    again. If a request was answered several times, the oldest response to the same rollout is
    reused, or else the oldest of all, so that a repeated run takes the same course.

    Args:
        log: The log, as it is now: responses that are added later are not found.
        fallback: Answers all other requests; None for nobody.
    """

    def __init__(self, log: EventLog, fallback: ModelBackend | None) -> None:
        self._log = log
        self._fallback = fallback
        self._calls = lru_cache(maxsize=_EPISODES_KEPT)(self._index_calls)
        self._episodes: dict[tuple[str, str], str] = {}
        # A damaged episode has no replies to reuse; what reads it for its own sake tells of it.
        damaged = LeftOut()
        infos = log.episodes(left_out=damaged)
        kinds = (MODEL_AGENT, LIBRARY_AGENT)
        asked = (info for info in infos if info.agent.startswith(kinds))
        for info, calls in damaged.read_each(asked, lambda info: self._index_calls(info.id)):
            for request in calls:
                self._episodes.setdefault((request, rollout_key(info)), info.id)
                self._episodes.setdefault((request, ""), info.id)

    def _index_calls(self, episode: str) -> Mapping[str, ModelCalled]:
        """Return the first answered call for each request in *episode*, by request digest."""
        calls: dict[str, ModelCalled] = {}
        for event in self._log.events(episode):
            if isinstance(event, ModelCalled) and (event.reply or is_unsupported(event.faults)):
                calls.setdefault(event.request, event)
        return calls

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:
        """
        Return the recorded response to *body*, that of *rollout* first, or the fallback's.

        Raises:
            NotRecorded: There is no recorded response and no fallback.
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
    """Return what identifies an episode within its run, equal in runs with equal arguments."""
    return f"{info.scenario} {info.seed} {info.epoch}"
