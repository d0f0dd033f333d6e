"""
What the stand-in model answers: chat completions in, chat completions out, purely.

Equal requests get equal answers, to the byte: nothing is drawn by chance, nothing remembered.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from refold.agents.mock.reading import Observation, read_observation
from refold.agents.mock.requests import Form, Message, Request
from refold.agents.policies import greedy
from refold.engine import RefoldError
from refold.scenarios.inbox.actions import Action as InboxAction
from refold.scenarios.inbox.observation import Observation as InboxObservation
from refold.scenarios.inbox.policies import baseline
from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT
from refold.scenarios.workflow.actions import Action as WorkflowAction
from refold.scenarios.workflow.observation import Observation as WorkflowObservation

MOCK_AGENTS = ("auto", "greedy", "baseline", "random")
"""Whom the stand-in can answer as; auto is greedy in a workflow and baseline in an inbox."""

CREATED = 1_700_000_000
"""When every answer claims to have been made, in seconds since 1970."""

_NONSENSE = "Let me think about that for a while."
_REPLY = "Thank you for your message. We are looking into it."


def answer(request: Request, *, agent: str) -> dict[str, Any]:
    """
    Return the chat completion that *agent*, one of ``MOCK_AGENTS``, gives to *request*.

    Raises:
        RefoldError: It shows no observation, or one that the agent has no action for, or the
            form that it asks for cannot hold the action.
    """
    text, observation = _newest(request.messages)
    action = _choose(agent, observation, text)
    fields: dict[str, Any] = msgspec.to_builtins(action)
    if request.tools:
        return _completion(request, *_as_tool_call(request, fields))
    if request.response_format and request.response_format.type != "text":
        content = msgspec.json.encode(_to_schema(request.response_format, fields)).decode()
        return _completion(request, content)
    written = msgspec.json.format(msgspec.json.encode(fields)).decode()
    return _completion(request, f"This is what I do next.\n\n```json\n{written}\n```\n")


def nonsense(request: Request) -> dict[str, Any]:
    """Return a proper chat completion that holds no action."""
    return _completion(request, _NONSENSE)


def _newest(messages: Sequence[Message]) -> tuple[str, Observation]:
    for message in reversed(messages):
        if message.role in ("user", "tool"):
            observation = read_observation(message.text)
            if observation is not None:
                return message.text, observation
    raise RefoldError(
        "messages: expected an observation of a workflow or an inbox, got none; "
        "use the prompts of refold"
    )


def _choose(agent: str, observation: Observation, text: str) -> Any:
    workflow = isinstance(observation, WorkflowObservation)
    if isinstance(observation, InboxObservation) and not observation.inbox:
        raise RefoldError("inbox: expected a pending e-mail, got none; the episode is over")
    if agent == "random":
        return random.Random(text).choice(list(_possible(observation)))
    if agent == "auto":
        agent = "greedy" if workflow else "baseline"
    plays, policy = _POLICIES[agent]
    if not isinstance(observation, plays):
        wanted, shown = ("an inbox", "a workflow") if workflow else ("a workflow", "an inbox")
        raise RefoldError(f"agent {agent!r}: expected {wanted}, got {shown}; use agent 'auto'")
    return policy(observation, lambda: ())


_POLICIES: Mapping[str, tuple[type[Any], Callable[..., Any]]] = {
    "greedy": (WorkflowObservation, greedy),
    "baseline": (InboxObservation, baseline),
}


def _possible(observation: Observation) -> Iterator[Any]:
    """Yield the actions that seem possible."""
    if isinstance(observation, InboxObservation):
        for email in observation.inbox:
            yield InboxAction("respond", email.id, _REPLY)
            yield InboxAction("escalate", email.id)
            yield InboxAction("archive", email.id)
        return
    yield WAIT
    subtasks = observation.subtasks.values()
    if all(subtask.status == "completed" for subtask in subtasks):
        yield SYNTHESIZE
    if observation.active_count < observation.capacity_limit:
        yield from _assignments(observation)


def _assignments(observation: WorkflowObservation) -> Iterator[WorkflowAction]:
    idle = [worker for worker in observation.workers.values() if worker.status == "idle"]
    for subtask in observation.subtasks.values():
        if subtask.status not in ("ready", "failed") or not subtask.dependencies_met:
            continue
        for worker in idle:
            if subtask.type in worker.capabilities:
                kind: Any = "delegate" if subtask.status == "ready" else "retry"
                yield WorkflowAction(kind, subtask.id, worker.name)


def _as_tool_call(request: Request, fields: Mapping[str, Any]) -> tuple[None, list[dict[str, Any]]]:
    (_, kind), *rest = fields.items()
    names = [tool.function.name for tool in request.tools or ()]
    if kind not in names:
        raise RefoldError(f"tools: expected one called {kind!r}, got {', '.join(names)}")
    arguments = msgspec.json.encode(dict(rest)).decode()
    called = {"name": kind, "arguments": arguments}
    id = f"call_{_digest(request)}"
    return None, [{"id": id, "type": "function", "function": called}]


def _to_schema(form: Form, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* with null for those that *form* requires and the action has not."""
    required = form.json_schema.schema.required if form.json_schema else []
    return {**dict.fromkeys(required), **fields}


def _completion(
    request: Request, content: str | None, calls: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    asked = sum(len(each.text) for each in request.messages) // 4
    given = len(content or str(calls)) // 4
    return {
        "id": f"chatcmpl-{_digest(request)}",
        "object": "chat.completion",
        "created": CREATED,
        "model": request.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": given,
            "total_tokens": asked + given,
        },
    }


def _digest(request: Request) -> str:
    return sha256(msgspec.json.encode(request)).hexdigest()[:24]
