"""
Quirks of real model APIs, between refold and its mock model: what each refuses, what each sends.

A quirk is a function from the request and the number of requests so far to what the server does:
``Sent`` for a refusal, or the mock model's completion, changed.
"""

import json
from itertools import pairwise

from asking import sensible
from fault_server import Sent

OVERLOADED = {"code": 502, "message": "Upstream idle timeout"}
PROSE = {"role": "assistant", "content": "Well, let me see."}
EMPTY = {"role": "assistant", "content": ""}


def refused(message, status=400, **more):
    """Return a refusal as OpenAI words it."""
    return Sent(status, json.dumps({"error": {"message": message, **more}}).encode())


class Quirk:
    """A server's behaviour; *refuse* gets the request, *change* the completion as well."""

    def __init__(self, refuse=None, change=None, raw=None):
        self.refuse = refuse
        self.change = change
        self.raw = raw

    def serving(self):
        """Return what ``FaultServer`` calls with each request, counting from 1."""
        count = 0

        def serve(request):
            nonlocal count
            count += 1
            no = self.refuse(request, count) if self.refuse else None
            if no is not None:
                return no
            completion = json.loads(sensible(request).body)
            if self.change:
                completion = self.change(completion, count, request) or completion
            body = json.dumps(completion).encode()
            return Sent(body=self.raw(body) if self.raw else body)

        return serve


def said(request):
    """Return the assistant's messages in *request*."""
    return [each for each in request["messages"] if each["role"] == "assistant"]


def calls(request):
    """Return the tool calls in *request*."""
    return [call for each in said(request) for call in each.get("tool_calls") or ()]


def unless(test, message, status=400, **more):
    """Return a refusal of each request that does not pass *test*."""
    return lambda request, _: None if test(request) else refused(message, status, **more)


def at(number, *, only, refusal):
    """Return *refusal* for request *number*; *only* says whether for later ones as well."""
    return lambda _, count: refusal if count == number or (not only and count > number) else None


def message_change(change):
    """Return a change of the message alone, given its tool calls."""

    def apply(completion, count, request):
        message = completion["choices"][0]["message"]
        change(message, message.get("tool_calls") or [], count)

    return apply


def choice_change(**fields):
    """Return a change that puts *fields* into the choice of the second reply."""

    def apply(completion, count, request):
        if count == 2:
            completion["choices"][0].update({"message": dict(EMPTY), **fields})

    return apply


def usage(value):
    """Return a change of the usage."""
    return lambda completion, *_: completion.update(usage=value)


def emptied(message, listed, count):
    if count == 2:
        message.pop("tool_calls", None)
        message["content"] = ""


def cut_arguments(message, listed, count):
    if count == 2 and listed:
        listed[0]["function"]["arguments"] = listed[0]["function"]["arguments"][:-5]


def signed(message, listed, count):
    for call in listed:
        call["extra_content"] = {"google": {"thought_signature": "c2ln"}}


def thinking(message, listed, count):
    message["reasoning_content"] = message["reasoning"] = f"I think about request {count}"


def thinking_blocks(message, listed, count):
    message["thinking_blocks"] = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]


def ids(make):
    """Return a change that gives each call the id that *make* makes of its place."""

    def apply(message, listed, count):
        for place, call in enumerate(listed):
            call["id"] = make(place)

    return message_change(apply)


def without_ids(message, listed, count):
    for call in listed:
        call.pop("id")


def nameless(message, listed, count):
    for call in listed:
        call["function"]["name"] = None


def arguments_as_object(message, listed, count):
    for call in listed:
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])


def function_call(message, listed, count):
    if listed:
        message["function_call"] = message.pop("tool_calls")[0]["function"]


def calls_as_object(message, listed, count):
    if listed:
        message["tool_calls"] = listed[0]


def calls_as_text(message, listed, count):
    if listed:
        message["tool_calls"] = json.dumps(listed)


def flat_calls(message, listed, count):
    for place, call in enumerate(listed):
        listed[place] = {"id": call["id"], **call["function"]}


def custom_call_first(message, listed, count):
    custom = {"id": "x", "type": "custom", "custom": {"name": "wait", "input": ""}}
    message["tool_calls"] = [custom, *listed]


def thoughts_only(message, listed, count):
    message["reasoning_content"] = json.dumps({"action_type": "wait"})
    message["content"] = ""
    message.pop("tool_calls", None)


def refusing(message, listed, count):
    message.update(refusal={"reason": "no"}, content=None)
    message.pop("tool_calls", None)


def ignores(name):
    """Return a change: the reply is prose where the request has the parameter *name*."""

    def apply(completion, count, request):
        if name in request:
            completion["choices"][0]["message"] = {
                "role": "assistant",
                "content": "Well, let me see.",
            }

    return apply


def empty_said(request):
    """Return whether an assistant's message says nothing."""
    return any(not each.get("content") and not each.get("tool_calls") for each in said(request))


def follows(request, before, after):
    """Return whether a message of role *after* stands right behind one of role *before*."""
    roles = [each["role"] for each in request["messages"]]
    return (before, after) in pairwise(roles)


def alternates(request):
    """Return whether user and assistant take turns, with a system message first or not."""
    roles = [each["role"] for each in request["messages"] if each["role"] != "system"]
    return roles == [("user", "assistant")[place % 2] for place in range(len(roles))]


def is_object(text):
    """Return whether *text* is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def event_stream(body):
    """Return the completion in *body* as a stream of one event."""
    completion = json.loads(body)
    choice = completion["choices"][0]
    completion["choices"] = [{"index": 0, "delta": choice["message"], "finish_reason": "stop"}]
    return f"data: {json.dumps(completion)}\n\ndata: [DONE]\n\n".encode()


def event_stream_in_pieces(body):
    """Return the completion in *body* as a stream of small events."""
    message = json.loads(body)["choices"][0]["message"]
    deltas = [{"role": "assistant", "content": None}]
    for call in message.get("tool_calls") or ():
        text = call["function"]["arguments"]
        begun = {**call, "index": 0, "function": {**call["function"], "arguments": text[:5]}}
        deltas.append({"tool_calls": [begun]})
        rest = {"index": 0, "function": {"arguments": text[5:]}}
        deltas.append({"tool_calls": [rest]})
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


NO_TOOLS_AFTER = "Unexpected role 'user' after role 'tool'"
PLAYS = {
    "mistral: no user message after a tool's": Quirk(
        unless(lambda r: not follows(r, "tool", "user"), NO_TOOLS_AFTER, code="3230")
    ),
    "mistral: an empty turn": Quirk(
        unless(lambda r: not empty_said(r), "must have either content or tool_calls"),
        message_change(emptied),
    ),
    "mistral: ids of 9 letters and digits": Quirk(
        unless(
            lambda r: all(len(c["id"]) == 9 and c["id"].isalnum() for c in calls(r)),
            "Tool call id has to be defined and of 9 letters and digits",
        ),
        ids(lambda place: ""),
    ),
    "llama.cpp: broken arguments in the history": Quirk(
        unless(
            lambda r: all(is_object(c["function"]["arguments"]) for c in calls(r)),
            "Failed to parse tool call arguments as JSON",
            500,
        ),
        message_change(cut_arguments),
    ),
    "gemini: signatures come back": Quirk(
        unless(
            lambda r: all(
                c.get("extra_content", {}).get("google", {}).get("thought_signature")
                for c in calls(r)
            ),
            "Function call is missing a thought_signature in functionCall parts",
        ),
        message_change(signed),
    ),
    "deepseek: reasoning comes back": Quirk(
        unless(
            lambda r: all("reasoning_content" in each for each in said(r)),
            "Missing `reasoning_content` field in the assistant message",
        ),
        message_change(thinking),
    ),
    "anthropic through a router: thinking blocks come back": Quirk(
        unless(lambda r: all("thinking_blocks" in each for each in said(r)), "missing thinking"),
        message_change(thinking_blocks),
    ),
    "groq: unknown fields are refused": Quirk(
        unless(
            lambda r: all(each.keys() <= {"role", "content", "tool_calls"} for each in said(r)),
            "'messages.2' : for 'role:assistant' the following must be satisfied: property "
            "'reasoning' is unsupported",
        ),
        message_change(thinking),
    ),
    "no content beside calls": Quirk(
        unless(
            lambda r: all("content" not in each or each["content"] is not None for each in said(r)),
            "messages: content must be a string",
            422,
        )
    ),
    "no tools in the history": Quirk(
        unless(lambda r: not calls(r), "Expected last role User or Tool but got assistant", 422)
    ),
    "user and assistant take turns": Quirk(
        unless(alternates, "Conversation roles must alternate user/assistant/user/assistant/...")
    ),
    "no system message": Quirk(
        unless(lambda r: r["messages"][0]["role"] != "system", "System role not supported")
    ),
    "no system message, told as 500": Quirk(
        unless(lambda r: r["messages"][0]["role"] != "system", "System role not supported", 500)
    ),
    "no temperature": Quirk(
        unless(
            lambda r: "temperature" not in r,
            "Unsupported parameter: 'temperature' is not supported with this model.",
            param="temperature",
        )
    ),
    "no temperature, told in words": Quirk(
        unless(lambda r: "temperature" not in r, "`temperature` is deprecated for this model.")
    ),
    "temperature 1 only": Quirk(
        unless(lambda r: r.get("temperature", 1) == 1, "Unsupported value: 'temperature' is not 1")
    ),
    "no tool_choice required": Quirk(
        unless(
            lambda r: r.get("tool_choice") != "required", "`tool_choice=required` is not supported"
        )
    ),
    "no tool_choice at all": Quirk(
        unless(lambda r: "tool_choice" not in r, "tool_choice is not supported", 422)
    ),
    "openrouter: no provider takes tool_choice": Quirk(
        unless(
            lambda r: "tool_choice" not in r,
            "No endpoints found that support the provided 'tool_choice' value.",
            404,
        )
    ),
    "ollama: no tools": Quirk(
        unless(lambda r: "tools" not in r, "gemma does not support tools", 400)
    ),
    "llama.cpp: tools need a flag, told as 500": Quirk(
        unless(lambda r: "tools" not in r, "tools param requires --jinja flag", 500)
    ),
    "neither tools nor schemas": Quirk(
        unless(lambda r: not {"tools", "response_format"} & r.keys(), "bad request", 422)
    ),
    "tools are ignored": Quirk(change=ignores("tools")),
    "schemas are ignored, tools refused": Quirk(
        unless(lambda r: "tools" not in r, "no"), ignores("response_format")
    ),
    "ids must be unique, and are empty": Quirk(
        unless(
            lambda r: len(calls(r)) == len({c["id"] for c in calls(r)}),
            "`tool_use` ids must be unique",
        ),
        ids(lambda place: ""),
    ),
    "ids are repeated": Quirk(
        unless(lambda r: len(calls(r)) == len({c["id"] for c in calls(r)}), "ids must be unique"),
        ids("call_{}".format),
    ),
    "ids are numbers": Quirk(change=ids(lambda place: place)),
    "ids are null": Quirk(change=ids(lambda place: None)),
    "ids are missing": Quirk(change=message_change(without_ids)),
    "names are null": Quirk(change=message_change(nameless)),
    "arguments are objects": Quirk(change=message_change(arguments_as_object)),
    "function_call": Quirk(change=message_change(function_call)),
    "calls as one object": Quirk(change=message_change(calls_as_object)),
    "calls as text": Quirk(change=message_change(calls_as_text)),
    "calls without a function": Quirk(change=message_change(flat_calls)),
    "a custom call first": Quirk(change=message_change(custom_call_first)),
    "reasoning": Quirk(change=message_change(thinking)),
    "usage null": Quirk(change=usage(None)),
    "usage empty": Quirk(change=usage({})),
    "usage of other names": Quirk(change=usage({"input_tokens": 100, "output_tokens": 10})),
    "usage in floats": Quirk(change=usage({"prompt_tokens": 100.0, "completion_tokens": 10.0})),
    "finish_reason a number": Quirk(
        change=lambda completion, *_: completion["choices"][0].update(finish_reason=0)
    ),
    "model null": Quirk(change=lambda completion, *_: completion.update(model=None)),
    "a byte order mark": Quirk(raw=lambda body: b"\xef\xbb\xbf" + body),
    "blank lines first": Quirk(raw=lambda body: b"\n" * 200 + body),
    "a stream of one event": Quirk(raw=event_stream),
    "a stream of pieces": Quirk(raw=event_stream_in_pieces),
    "an error in a choice, once": Quirk(
        change=choice_change(finish_reason="error", error=OVERLOADED)
    ),
    "finish_reason error, once": Quirk(change=choice_change(finish_reason="error")),
    "finish_reason abort, once": Quirk(change=choice_change(finish_reason="abort")),
    "an empty reply by the content filter, once": Quirk(
        change=choice_change(finish_reason="content_filter")
    ),
    "groq: tool_use_failed, once": Quirk(
        at(
            2,
            only=True,
            refusal=refused("Tool call failed", code="tool_use_failed", failed_generation="{}"),
        )
    ),
}
"""By a few words on each: with these, an episode is played as if there were no quirk."""

FORFEITS = {
    "thoughts only": (
        Quirk(change=message_change(thoughts_only)),
        "the answer was empty, but for reasoning",
    ),
    "a refusal": (Quirk(change=message_change(refusing)), "the model refused to answer"),
    "groq: tool_use_failed": (
        Quirk(
            at(
                2,
                only=False,
                refusal=refused(
                    "failed", code="tool_use_failed", failed_generation='{"name": "x"}'
                ),
            )
        ),
        "the API found no valid tool call in it",
    ),
}
"""Failures of the model: the episode ends, graded, with this reason for each step forfeited."""

CUT_OFF = {
    "an error with status 200": (
        Quirk(change=lambda *_: {"error": {"message": "model overloaded", "code": 502}}),
        "overloaded",
    ),
    "an error in each choice": (
        Quirk(
            change=lambda completion, *_: completion["choices"][0].update(
                finish_reason="error", error=OVERLOADED
            )
        ),
        "server_error",
    ),
    "a message that is null": (
        Quirk(change=lambda completion, *_: completion["choices"][0].update(message=None)),
        "malformed_response",
    ),
    "too long a history": (
        Quirk(
            unless(
                lambda r: len(r["messages"]) < 6,
                "maximum context length is 8192 tokens",
                code="context_length_exceeded",
            )
        ),
        "context_length",
    ),
}
"""Failures of the API: the episode is cut off for this cause, and can be played again."""
