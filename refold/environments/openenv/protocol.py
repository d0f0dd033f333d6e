"""
The messages of OpenEnv as recorded answers, for an environment that refold opens and the proxy.

An action that the server refuses as none of its own (``VALIDATION_ERROR``) is the agent's mistake:
an ordinary answer that holds the error. Any other error is the server's: a fault.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from attrs import frozen

from refold.environments.answers import answered, began
from refold.environments.openenv.servers import Server
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer

REFUSED = ("VALIDATION_ERROR", "INVALID_JSON")
"""Codes of errors that an action of the wrong form leads to."""

_decode = msgspec.json.Decoder().decode
_ENVELOPE = ("observation", "reward", "done")


@frozen
class Reply:
    """
    What a server said to a reset or a step.

    Attributes:
        kind: ``observation``, ``refusal`` of an action of the wrong form, or ``failure``.
        data: The envelope, what the server said of the refusal, or why it failed in words.
    """

    kind: Literal["observation", "refusal", "failure"]
    data: Any

    @property
    def ends(self) -> bool:
        """Whether nothing can follow."""
        return self.kind == "failure" or (
            self.kind == "observation" and bool(self.data.get("done"))
        )


def read_json(text: str | bytes) -> Any:
    """
    Return the JSON value of *text*; NaN and infinities, which are none, are read as what they say.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError):
        try:
            return json.loads(text)  # Python's own servers write NaN so
        except RecursionError:
            raise ValueError("too deep") from None


def read_reply(text: str | bytes) -> Reply:
    """Return the reply that the frame *text* of a WebSocket holds."""
    try:
        frame = read_json(text)
    except ValueError:
        frame = None
    if not isinstance(frame, dict):
        return Reply("failure", "the server sent something other than a JSON object")
    data = frame.get("data")
    if frame.get("type") == "observation" and isinstance(data, dict):
        return Reply("observation", data)
    if frame.get("type") == "error" and isinstance(data, dict):
        code = data.get("code")
        if code in REFUSED:
            return Reply("refusal", data)
        return Reply("failure", f"the server failed: {data.get('message')} ({code})")
    return Reply(
        "failure", f"the server sent {frame.get('type')!r:.100} in place of an observation"
    )


def begun(reply: Reply, server: Server, offer: Offer) -> EnvironmentBegan:
    """Return the event of the environment that *server* began with *reply*."""
    if reply.kind == "failure":
        return EnvironmentBegan(fault=reply.data)
    if reply.kind == "refusal":
        return EnvironmentBegan(fault=f"the server refused to begin: {reply.data.get('message')}")
    by = {server.name: server.version} if server.version else {}
    more = {name: reply.data[name] for name in ("reward", "done") if reply.data.get(name)}
    info = {**(_beside(reply.data) or {}), **more} or None
    return began(reply.data.get("observation"), offer=offer, by=by, info=info)


def answer(replies: Sequence[Reply]) -> EnvironmentAnswered:
    """
    Return the event of the *replies* to one action, at least one; several were to several calls.

    Of several, the observation is the list of theirs, and the reward their sum.
    """
    events = [_answer_one(reply) for reply in replies]
    if len(events) == 1:
        return events[0]
    failed = next((event for event in events if event.fault is not None), None)
    if failed is not None:
        return failed
    rewards = [event.reward for event in events if event.reward is not None]
    return answered(
        [event.observation for event in events],
        sum(rewards) if rewards else None,
        terminated=events[-1].terminated,
        truncated=events[-1].truncated,
        info=[event.info for event in events] if any(event.info for event in events) else None,
    )


def _answer_one(reply: Reply) -> EnvironmentAnswered:
    if reply.kind == "failure":
        return EnvironmentAnswered(fault=reply.data)
    if reply.kind == "refusal":
        return answered({"error": reply.data})
    seen = reply.data.get("observation")
    over = bool(reply.data.get("done"))
    # The protocol has one flag; environments that tell the two ends apart say so in what is seen.
    cut = over and isinstance(seen, dict) and seen.get("truncated") is True
    return answered(
        seen,
        reply.data.get("reward"),
        terminated=over and not cut,
        truncated=cut,
        info=_beside(reply.data),
    )


def _beside(envelope: Mapping[str, Any]) -> Any:
    """Return what stands beside observation, reward and done; None if nothing does."""
    return {name: each for name, each in envelope.items() if name not in _ENVELOPE and each} or None


def to_steps(action: Any, offer: Offer) -> list[Any]:
    """Return the steps that *action* is to the server: one for each call of a tool."""
    calls = action.get("tool_calls") if isinstance(action, dict) and offer.tools else None
    if not isinstance(calls, list) or not calls:
        return [action]
    return [
        {"type": "call_tool", "tool_name": call.get("name"), "arguments": call.get("arguments")}
        if isinstance(call, dict)
        else call
        for call in calls
    ]


def to_action(step: Any, offer: Offer) -> Any:
    """Return the action that *step* of a client is: the opposite of ``to_steps``, for one step."""
    keys = {"type", "tool_name", "arguments"}
    if offer.tools and isinstance(step, dict) and step.get("type") == "call_tool":
        beside = {name for name, each in step.items() if name not in keys and each}
        if not beside and isinstance(step.get("tool_name"), str):
            call = {"name": step["tool_name"], "arguments": step.get("arguments") or {}}
            return {"tool_calls": [call]}
    return step
