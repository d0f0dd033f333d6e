"""What the mock model refuses by itself, and the command that runs it."""

import json
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from loopback import ask, connect, request

from refold.agents.mock.model import MockModel
from refold.agents.mock.server import LARGEST_BODY
from refold.engine import Episode
from refold.scenarios import load

CALL = {"id": "call_1", "type": "function", "function": {"name": "wait", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
USER = {"role": "user", "content": "Hello"}
HALF_A_PAIR = {"messages": [{"role": "system", "content": r'{"act": "\ud800"}'}]}


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "expected JSON"),
        (b'{"model": "m", ', "expected JSON"),
        (b'"\xff"', "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"[]", "Expected `object`"),
        ({"model": "m"}, "missing required field `messages`"),
        ({"messages": [USER]}, "missing required field `model`"),
        ({"model": "m", "messages": []}, "length >= 1"),
        ({"model": "m", "messages": [{"role": "robot"}]}, "Invalid enum value 'robot'"),
        ({"model": "m", "messages": [USER], "stream": True}, "expected no stream"),
        ({"model": "m", "messages": [USER, ANSWER]}, "expected tool call 'call_1'"),
        ({"model": "m", "messages": [CALLING]}, "expected tool messages for call_1"),
        ({"model": "m", "messages": [CALLING, USER, ANSWER]}, "expected tool messages for call_1"),
    ],
)
def test_malformed_requests(sent, says):
    """What is no chat completion request gets 400 with the reason, and the connection serves on."""
    payload = sent if isinstance(sent, bytes) else json.dumps(sent)
    with MockModel() as server, connect(server.base_url) as connection:
        connection.request("POST", "/v1/chat/completions", payload)
        response = connection.getresponse()
        error = json.loads(response.read())["error"]
        assert (response.status, error["type"]) == (400, "invalid_request_error")
        assert says in error["message"]
        assert ask(connection, request(Episode.start(load("workflow/easy"))))[0] == 200
        assert server.counts == {"refused": 1, "answered": 1}


def tool(**parameters):
    """Return the tools of a request: one, with *parameters*."""
    return {"tools": [{"type": "function", "function": {"name": "do", "parameters": parameters}}]}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"tools": [{"type": "function"}]}, "`function`"),
        ({"response_format": {"type": "yaml"}}, "'yaml'"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "matching regex"),
        (tool(type="thing"), "schema: Invalid enum value 'thing'"),
        (tool(type="integer", minimum="3"), "schema: Expected `int | float`, got `str`"),
        (tool(enum=[]), "schema: Expected `array` of length >= 1 - at `$.enum`"),
        (tool(**{"$ref": "#/$defs/x"}), "schema: expected a definition at '#/$defs/x', got none"),
        (tool(**{"$ref": "other.json"}), "schema: expected a definition at 'other.json'"),
        (tool(**{"$ref": "#"}), "got one that nests without an end"),
        (tool(required=["a"], properties={"a": False}), "expected one that some value fits"),
        (
            tool(required=["a"], properties={"a": {"$ref": "#"}}),
            "got one that nests without an end",
        ),
        (tool(type="array", minItems=100_000), "expected one that a small value fits"),
        (tool(type="string", minLength=10**9), "expected a string of some letters"),
        (tool(type="integer", minimum=0.1, maximum=0.9), "expected an integer within its bounds"),
        (tool(type="number", minimum=2, maximum=1), "expected a number within its bounds"),
        (tool(type="array", uniqueItems=True, items={"const": 1}, minItems=2), "a small value"),
        (HALF_A_PAIR, "request: expected whole characters"),
    ],
)
def test_what_cannot_be_offered(more, says):
    """A form or schema that is none, or that no small value fits, gets 400 with the reason."""
    body = {"model": "m", "messages": [USER], **more}
    with MockModel() as server, connect(server.base_url) as connection:
        status, answer = ask(connection, body)
    assert status == 400
    assert says in answer["error"]["message"]


@pytest.mark.parametrize("path", ["/", "/v1/completions", "/v1/chat/completions/", "/v1/models"])
def test_unknown_paths(path):
    """Any other path, or method on a path, gets 404 and what there is."""
    with MockModel() as server, connect(server.base_url) as connection:
        status, answer = ask(connection, {}, path)
    assert status == 404
    assert "POST /v1/chat/completions" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /v1/chat/completions HTTP/1.1\r\nHost: x", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -1", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked", 400),
        (f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}", 413),
        (f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {'9' * 5000}", 413),
        ("DELETE /v1/models HTTP/1.1\r\nHost: x", 501),
        ("nonsense", 400),
        ("GET /v1/models HTTP/9.9", 505),
        ("GET /v1/models HTTP/1.1\r\n" + "X: y\r\n" * 200, 431),
    ],
)
def test_bad_http(head, status):
    """What is no proper request gets an error object, and the connection ends."""
    with MockModel() as server:
        address = "127.0.0.1", urlsplit(server.base_url).port
        with socket.create_connection(address, timeout=30) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode())
            with connection.makefile("rb") as answer:
                first, _, body = answer.read().partition(b"\r\n")
    assert int(first.split()[1]) == status
    assert json.loads(body.split(b"\r\n\r\n")[1])["error"]["message"]


def start(*arguments):
    """Start the command in a process of its own."""
    command = [
        sys.executable,
        "-c",
        "from refold.cli import main; main()",
        "mock-model",
        *arguments,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_command():
    """The command prints its base URL, serves, and ends on Ctrl-C with a count, in one line."""
    body = request(Episode.start(load("inbox/easy")))
    with start("--fault", "server-error:1") as running:
        base_url = running.stdout.readline().strip()
        assert running.stderr.readline() == "mock-model: auto answers; Ctrl-C ends it\n"
        with connect(base_url) as connection:
            assert [ask(connection, body)[0] for _ in range(2)] == [500, 200]
        running.send_signal(signal.SIGINT)
        rest = running.communicate(timeout=30)
    assert rest == ("", "mock-model: ended after 1 answered, 1 server-error\n")
    assert running.returncode == 0


@pytest.mark.slow
def test_command_refuses_bad_input():
    """A wrong fault and a port that is taken are one line on stderr, and exit code 2."""
    with MockModel() as server:
        port = str(urlsplit(server.base_url).port)
        for arguments, says in (
            (("--fault", "drop:0"), "fault 'drop:0': expected"),
            (("--port", port), f"port {port}: expected a free one"),
        ):
            with start(*arguments) as running:
                out, words = running.communicate(timeout=30)
            assert (running.returncode, out, words.count("\n")) == (2, "", 1)
            assert words.startswith(f"refold: {says}")
