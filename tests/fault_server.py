"""A model API on loopback that does what it is told, request by request."""

import json
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Semaphore, Thread

HANG_SECONDS = 20


@dataclass(frozen=True)
class Sent:
    """
    What the server does with a request.

    *missing* bytes are announced but never come. *drop* ends the connection without an answer,
    *hang* holds it until the server stops.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    drop: bool = False
    hang: bool = False


DROP = Sent(drop=True)
HANG = Sent(hang=True)
BUSY = Sent(429, b'{"error": {"message": "slow down"}}', {"Retry-After": "0"})


def says(content, *calls, **more):
    """Return a proper completion with *content* and tool *calls*, (name, arguments) pairs."""
    message = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = [
            {"id": f"call-{place}", "type": "function", "function": {"name": n, "arguments": a}}
            for place, (n, a) in enumerate(calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    completion = {"id": "x", "model": "m-1", "choices": [choice], "usage": usage, **more}
    return Sent(body=json.dumps(completion).encode())


def refuses(status, message="no"):
    """Return an error as APIs word it, to be asked again at once."""
    return Sent(status, json.dumps({"error": {"message": message}}).encode(), {"Retry-After": "0"})


class FaultServer:
    """
    Serves while it is entered as a context manager.

    Each request is met by the next of *script*, and after that by *then*; both are a ``Sent``, or
    a function from the request's JSON to one. Nothing left to do is 404, which ends a run.

    Attributes:
        requests: The bodies received, JSON read, in order; ``keys`` their Authorization headers,
            ``headers`` the names of all of them.
        asked: To be acquired once for each request, by who waits for them to come.
    """

    def __init__(self, *script, then=None):
        self.requests = []
        self.keys = []
        self.headers = []
        self.asked = Semaphore(0)
        self.stopping = Event()
        self._script = list(script)
        self._then = then or refuses(404, "the script is over")
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self

    def __enter__(self):
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self._server.stop()

    @property
    def base_url(self):
        """What a client calls the base URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def next(self, request, key):
        """Return what to do with *request*."""
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            todo = self._script.pop(0) if self._script else self._then
        self.asked.release()
        return todo if isinstance(todo, Sent) else todo(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = set()

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def stop(self):
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client has left in the middle
            return
        self.server.owner.headers.append(list(self.headers))
        sent = self.server.owner.next(json.loads(body), self.headers.get("Authorization"))
        if sent.hang:
            self.server.owner.stopping.wait(HANG_SECONDS)
        if sent.hang or sent.drop:
            self.close_connection = True
            return
        self.close_connection = sent.missing > 0
        self.send_response(sent.status)
        for name, value in {"Content-Type": "application/json", **sent.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent.body) + sent.missing))
        self.end_headers()
        self.wfile.write(sent.body)

    def log_message(self, *_):
        pass
