"""
The server's speed, as a ratio to a bare FastAPI echo: ``python -m bench.serving``, half a minute.

Both run as processes of their own, and so do their clients. The echo sends each frame back and
does nothing else; the server plays workflow/hard, every step in its log. Memory is what a session
adds to the server's resident set, with an episode begun in each.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from refold.server.app import make_server
from refold.server.settings import ServerSettings

SESSIONS = (1, 32)
IDLE = 200
STEP = '{"type":"step","data":{"action_type":"wait"}}'
RESET = '{"type":"reset","data":{"task_id":"workflow/hard"}}'
ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure and print, or be one of the processes that are measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.serving", description=__doc__)
    parser.add_argument("--steps", type=int, default=6400, help="steps of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=["echo", "refold", "client"], help=argparse.SUPPRESS)
    parser.add_argument("--log", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--sessions", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "client":
        print(asyncio.run(_rate(given.url, given.sessions, given.steps)))
    elif given.part:
        _serve(given.part, given.log)
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(Path(folder), given.steps, given.rounds), indent=2))


def measure(folder: Path, steps: int, rounds: int) -> dict[str, object]:
    """Return the rates in steps a second, the ratios, and the memory of an idle session."""
    found: dict[str, object] = {}
    log = str(folder / "log.db")
    with started("refold", "--log", log) as (url, process), started("echo") as (echo, _):
        for sessions in SESSIONS:
            _client(url, sessions, steps // 4)
            _client(echo, sessions, steps // 4)
            pairs = [
                (_client(url, sessions, steps), _client(echo, sessions, steps))
                for _ in range(rounds)
            ]
            found[f"{sessions} sessions"] = {
                "steps/s": round(median(pair[0] for pair in pairs)),
                "best": round(max(pair[0] for pair in pairs)),
                "echo/s": round(median(pair[1] for pair in pairs)),
                "ratio": round(median(pair[0] / pair[1] for pair in pairs), 3),
            }
        found["KB an idle session"] = asyncio.run(_memory(url, process.pid))
    return found


@contextmanager
def started(part: str, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Give the address of a server that runs as a process, and the process."""
    command = [sys.executable, "-m", "bench.serving", "--part", part, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.terminate()
        process.communicate()


def _serve(part: str, log: str | None) -> None:
    def listening(url: str) -> None:
        print(url.replace("http", "ws") + "/ws", flush=True)

    server = make_server(ServerSettings(log=log or "", port=0, access_log=False), listening)
    if part == "echo":
        server.config.app = _echo()
        server.config.lifespan = "off"
    server.run()


def _echo() -> FastAPI:
    app = FastAPI()

    @app.websocket("/ws")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnect:
            return

    return app


def _client(url: str, sessions: int, steps: int) -> float:
    """Return the steps a second that *sessions* connections get together."""
    command = [sys.executable, "-m", "bench.serving", "--part", "client", "--url", url]
    counts = ["--sessions", str(sessions), "--steps", str(steps)]
    done = subprocess.run([*command, *counts], check=True, stdout=subprocess.PIPE, cwd=ROOT)
    return float(done.stdout)


async def _rate(url: str, sessions: int, steps: int) -> float:
    sockets = [await connect(url, compression=None) for _ in range(sessions)]
    began = perf_counter()
    await asyncio.gather(*(_play(socket, steps // sessions) for socket in sockets))
    taken = perf_counter() - began
    for socket in sockets:
        await socket.close()
    return sessions * (steps // sessions) / taken


async def _play(socket: ClientConnection, steps: int) -> None:
    """Take *steps* steps, each answer read as JSON, in as many episodes as that takes."""
    done = True
    for _ in range(steps):
        if done:
            await socket.send(RESET)
            await socket.recv()
        await socket.send(STEP)
        done = json.loads(await socket.recv())["data"].get("done", False)


async def _memory(url: str, pid: int) -> float:
    before = _resident(pid)
    sockets = [await connect(url, compression=None) for _ in range(IDLE)]
    for socket in sockets:
        await socket.send(RESET)
        await socket.recv()
    after = _resident(pid)
    for socket in sockets:
        await socket.close()
    return round((after - before) / IDLE, 1)


def _resident(pid: int) -> int:
    """Return the resident memory of the process *pid* in KB, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


if __name__ == "__main__":
    main()
