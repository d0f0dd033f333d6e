"""Reads exports with the formats' own libraries: run in their environment."""

import base64
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import atif
import duckdb
import polars
from google.protobuf import json_format
from inspect_ai.log import read_eval_log
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_SECONDS_TO_START = 120  # importing inspect_ai takes its time


def check_atif(folder: Path, episodes: dict[str, Any]) -> None:
    """Check that the library takes each trajectory, and that it has the turns of its episode."""
    names = {path.name.removesuffix(".trajectory.json") for path in folder.glob("atif/*")}
    assert names == set(episodes)
    for path in folder.glob("atif/*"):
        read = atif.Trajectory.model_validate_json(path.read_text())
        turns = [step for step in read.steps if step.source == "agent"]
        assert len(turns) >= episodes[read.extra["episode"]]["steps"]


def check_inspect(folder: Path, episodes: dict[str, Any]) -> None:
    """Check that the library reads the log, and that scores are those of the episodes."""
    log = read_eval_log(str(folder / "logs/all.eval"))
    assert log.status == "success"
    assert {sample.metadata["episode"] for sample in log.samples} == set(episodes)
    for sample in log.samples:
        score = episodes[sample.metadata["episode"]]["score"]
        own = (sample.scores or {}).get("refold")
        assert own is None or score is None or own.value == score


def check_otel(folder: Path, episodes: dict[str, Any]) -> None:
    """Check that the official messages take each request, and that spans are in one tree."""
    lines = (folder / "otel.jsonl").read_text().splitlines()
    assert len(lines) == len(episodes)
    for line in lines:
        # Ids are hex in OTLP, where JSON of protocol buffers has Base64.
        told = json.dumps(json.loads(line, object_hook=_with_base64_ids))
        request = json_format.Parse(told, ExportTraceServiceRequest())
        root, *spans = request.resource_spans[0].scope_spans[0].spans
        assert root.name.startswith("invoke_agent")
        assert {span.parent_span_id for span in spans} <= {root.span_id}
        assert {event.name for event in root.events} <= {"gen_ai.evaluation.result"}


def _with_base64_ids(given: dict[str, Any]) -> dict[str, Any]:
    names = ("traceId", "spanId", "parentSpanId")
    found = {name: bytes.fromhex(given[name]) for name in names if name in given}
    return {**given, **{name: base64.b64encode(each).decode() for name, each in found.items()}}


def check_parquet(folder: Path, episodes: dict[str, Any]) -> None:
    """Check that polars and DuckDB open each table and see the same rows."""
    for name in ("episodes", "model_calls", "messages", "tool_calls"):
        path = folder / f"tables/{name}.parquet"
        frame = polars.read_parquet(path)
        ((count,),) = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()
        assert frame.height == count
        assert set(frame["episode"]) <= set(episodes)
    frame = polars.read_parquet(folder / "tables/episodes.parquet")
    assert frame.schema["started_at"] == polars.Datetime("ms", "UTC")
    told = {id: (steps, total) for id, steps, total in frame["episode", "steps", "total"].rows()}
    assert told == {id: (each["steps"], each["total"]) for id, each in episodes.items()}


@contextmanager
def served_view(folder: Path) -> Any:
    """Serve *folder* by ``inspect view``, and give what answers for a path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("inspect")
    words = [program, "view", "start", "--log-dir", folder, "--port", str(port)]
    opener = build_opener(ProxyHandler({}))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield lambda path: _answer(opener, f"http://127.0.0.1:{port}{path}")
        finally:
            server.terminate()


def _answer(opener: Any, url: str) -> Any:
    end = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            with opener.open(url, timeout=10) as response:
                return json.load(response)
        except URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def main(folder: Path) -> None:
    """Check every export below *folder*."""
    exports = folder / "exports"
    logs = sorted(path for path in exports.iterdir() if path.is_dir())
    assert logs
    for each in logs:
        told = json.loads((each / "episodes.json").read_text())["episodes"]
        episodes = {episode["id"]: episode for episode in told}
        for check in (check_atif, check_inspect, check_otel, check_parquet):
            check(each, episodes)
        print(f"{each.name}: {len(episodes)} exported, read by atif, inspect_ai, OTLP, Parquet")
    pairs = list(map(json.loads, (exports / "pairs.jsonl").read_text().splitlines()))
    assert pairs
    assert all(pair["score_chosen"] > pair["score_rejected"] for pair in pairs)
    with served_view(exports / "own/logs") as answer:
        (listed,) = answer("/api/logs")["files"]
    assert listed["name"].endswith("all.eval")
    print(f"{len(pairs)} pairs; inspect view lists {listed['task']}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
