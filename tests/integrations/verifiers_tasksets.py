"""
Plays a scenario with verifiers: its own loop, its own harness, against a model on loopback.

``python verifiers_tasksets.py FOLDER``, where refold and verifiers are installed. Prints one line,
or fails.
"""

import asyncio
import json
import os
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import verifiers.v1 as vf
from verifiers.v1.clients import EvalClientConfig, ModelContext

from refold.agents.mock.answers import answer
from refold.agents.mock.requests import read_request
from refold.engine import EventLog
from refold.graders import grade
from refold.integrations.verifiers import load_environment
from refold.replays import verify


class Streaming(BaseHTTPRequestHandler):
    """The mock model in the one form that verifiers asks for: a stream of events."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Answer a chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body.pop("stream_options", None)
        if not body.pop("stream", False):
            raise AssertionError("expected a request for a stream")
        whole = answer(read_request(json.dumps(body).encode()), agent="auto")
        (choice,) = whole["choices"]
        pieces = [
            {"delta": choice["message"], "finish_reason": None},
            {"delta": {}, "finish_reason": choice["finish_reason"]},
        ]
        lines = [
            json.dumps(
                whole
                | {"object": "chat.completion.chunk", "choices": [{"index": 0, **piece}]}
                | {"usage": None if piece["delta"] else whole["usage"]}
            )
            for piece in pieces
        ]
        said = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def model():
    """Give the base URL of a model that streams."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Streaming)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def play(env, url):
    """Return what became of each task of *env*, by a model at *url*."""
    os.environ["MOCK_KEY"] = "any"
    client = EvalClientConfig(base_url=url, api_key_var="MOCK_KEY")
    context = ModelContext("mock", client, vf.SamplingConfig())
    async with env.serving():
        return [await env.run_slot(*env.slots(task), context) for task in env.taskset]


def main(folder):
    log = folder / "verifiers.db"
    log.unlink(missing_ok=True)
    env = load_environment("workflow/easy", worlds=2, log=str(log), run="verifiers")
    with model() as url:
        played = asyncio.run(play(env, url))
    (first, second) = (each.traces[0] for each in played)
    assert first.ok
    assert second.ok
    assert first.rewards["grade"].value == 0.9, first.rewards
    assert "You coordinate a workflow" in first.branches[-1].messages[0].content

    broken = load_environment("workflow/easy", log=str(log), run="broken")
    (failed,) = asyncio.run(play(broken, "http://127.0.0.1:9/v1"))
    assert not failed.traces[0].ok
    assert "grade" not in failed.traces[0].rewards

    with EventLog(log, readonly=True) as opened:
        *episodes, last = opened.episodes()
        assert [(each.agent, each.seed, each.run) for each in episodes] == [
            ("mock", 42, "verifiers"),
            ("mock", 43, "verifiers"),
        ]
        assert last.reason == "instrument_failed"
        for each, trace in zip(episodes, (first, second), strict=True):
            stream = opened.events(each.id)
            assert verify(stream) is None
            assert grade(stream).score == trace.rewards["grade"].value
            assert each.steps == trace.num_turns
    print(f"verifiers: 2 episodes of workflow/easy, {first.num_turns} turns: ok")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
