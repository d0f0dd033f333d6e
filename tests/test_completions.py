import json

import pytest
from fault_server import says

from refold.agents.completions import LONGEST_TEXT, NoCompletion, read_reply
from refold.engine.codec import encode
from refold.engine.exchanges import ToolCall, Usage


def read(message, **more):
    """Return the reply in a completion with *message*, a dict; *more* is beside the choices."""
    choice = {"message": message, "finish_reason": "stop"}
    return read_reply(json.dumps({"model": "m", "choices": [choice], **more}).encode())


def call(name, arguments, **more):
    """Return a tool call as APIs send it."""
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "Well."}, "Well."),
        ({"content": ""}, ""),
        ({"content": None}, ""),
        ({}, ""),
        ({"content": None, "refusal": "I will not."}, "I will not."),
        ({"content": [{"type": "text", "text": "We"}, {"type": "text", "text": "ll."}]}, "Well."),
        ({"content": [{"type": "image"}, {"text": None}, "x"]}, ""),
        ({"content": {"action": "wait"}}, '{"action":"wait"}'),
        ({"role": "assistant", "content": "Well.", "reasoning_content": "Hm."}, "Well."),
    ],
)
def test_text_is_read_in_every_form_it_comes_in(message, text):
    """As text, as parts, as JSON, or left out."""
    assert read(message).text == text


def test_tool_calls_are_kept_as_they_came():
    """Names and arguments verbatim, valid or not; an id is made up if there is none."""
    calls = [call("a", "{ }", id="1"), call("b", {"x": [1]}), call("c", None, id="")]
    assert read({"tool_calls": calls}).tool_calls == (
        ToolCall("1", "a", "{ }"),
        ToolCall("call_1", "b", '{"x":[1]}'),
        ToolCall("call_2", "c", ""),
    )


@pytest.mark.parametrize(
    ("usage", "read_as"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "details": {}}, Usage(3, 4)),
        ({"prompt_tokens": 3}, None),
        ({"prompt_tokens": None, "completion_tokens": 4}, None),
        ({"prompt_tokens": 3, "total_tokens": 7}, Usage(3, 4)),
        ({"prompt_tokens": 3.0, "completion_tokens": 4.0}, Usage(3, 4)),
        ({"prompt_tokens": 3.5, "completion_tokens": 4}, None),
        ({"input_tokens": 3, "output_tokens": 4}, Usage(3, 4)),
        ({}, None),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 8,
                "prompt_tokens_details": {"cached_tokens": 7},
                "completion_tokens_details": {"reasoning_tokens": 6},
                "cost": 0.25,
            },
            Usage(9, 8, 7, 6, 0.25),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 8, "prompt_cache_hit_tokens": 0, "cost": -1},
            Usage(9, 8, 0),
        ),
        (None, None),
        ("many", None),
        ({"prompt_tokens": -1}, None),
        ({"prompt_tokens": 10**30}, None),
        ({"prompt_tokens": "3"}, None),
    ],
)
def test_usage_is_what_can_be_counted(usage, read_as):
    """Numbers that are none are left out of the log: what is unknown is never told as 0."""
    reply = read({"content": "Well."}, usage=usage)
    assert (reply.text, reply.usage) == ("Well.", read_as)


def test_a_completion_says_what_else_it_likes():
    """Model and finish reason may be missing, further choices and fields are passed over."""
    content = b'{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}],"x":[{}]}'
    reply = read_reply(content)
    assert (reply.model, reply.text, reply.finish, reply.cut) == ("", "a", None, 0)
    assert read_reply(says("Well.", model=None).body).model == ""


def test_what_is_too_long_is_cut_and_counted():
    """Text and arguments share one limit; calls beyond the 32nd are dropped, and counted too."""
    calls = [call("n" * 1000, "a" * 10, id="i" * 1000)] * 40
    reply = read({"content": "x" * (LONGEST_TEXT - 15), "tool_calls": calls}, model="m" * 1000)
    assert [len(each.arguments) for each in reply.tool_calls] == [10, 5, *[0] * 30]
    assert reply.cut == 40 * 10 - 15
    assert {len(each.name) for each in reply.tool_calls} == {200}
    assert {len(each.id) for each in reply.tool_calls} == {200}
    assert len(reply.model) == 200
    long = read({"content": "y" * 10_000_000})
    assert (long.text, long.cut) == ("y" * LONGEST_TEXT, 10_000_000 - LONGEST_TEXT)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (rb"a\ud83d\ude00b", "a\U0001f600b"),
        (rb"a\ud800b", "a\ufffdb"),
        (rb"\ud800\ud83d\ude00\ude00", "\ufffd\U0001f600\ufffd"),
        (rb"\\ud800 \\\ud800 \"", '\\ud800 \\\ufffd "'),
        (b"a\xff\xfeb", "a\ufffd\ufffdb"),
        (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"),
        (rb"\u0000\u001b[31m\u202e", "\x00\x1b[31m\u202e"),
    ],
)
def test_text_that_is_no_unicode_is_mended(written, text):
    """Half surrogate pairs and invalid UTF-8 become U+FFFD; all else stays, controls included."""
    reply = read_reply(b'{"choices":[{"message":{"content":"' + written + b'"}}]}')
    assert reply.text == text
    assert encode(reply)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"tool_calls": [{"id": "1"}]}}]}',
        b'{"choices": [{"message": {"content": ' + b"[" * 100_000,
        b'{"choices": [{"message": {"content": '
        + b'{"a":' * 100_000
        + b"1"
        + b"}" * 100_000
        + b"}}]}",
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "choices": []}',
        b'{"choices": "\\ud800"}',
    ],
)
def test_what_is_no_completion_is_refused(content):
    """Deep nesting, missing parts and garbage are all the same: no answer."""
    with pytest.raises(NoCompletion, match=r"expected an? .*, got"):
        read_reply(content)
