"""What is imported: an archive of inspect_ai with samples of 20 messages, and a rubric for them."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from refold.engine import EventLog
from refold.graders import grade
from refold.scenarios import Criterion, Rubric
from refold.transcripts.importing import Importer
from refold.transcripts.sources import Source

TURNS = 9  # of two messages each, after the system's and the user's
RUBRIC = Rubric(
    "bench",
    1,
    (
        Criterion("looked", 0.5, "tool_called", {"name": "look"}),
        Criterion("careful", 0.3, "tool_errors"),
        Criterion("promised", -0.2, "says", {"text": "guarantee"}),
        Criterion("right", 0.2, "score", {"name": "match"}),
    ),
)


def write_samples(path: Path, samples: int) -> Path:
    """Write an archive of *samples* samples of 20 messages as inspect_ai does; return *path*."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(samples):
            name = f"samples/{number}_epoch_1.json"
            archive.writestr(name, json.dumps(_sample(number)))
        header = {"version": 2, "eval": {"task": "bench", "model": "mock/model"}}
        archive.writestr("header.json", json.dumps(header))
    return path


def _sample(number: int) -> dict[str, Any]:
    told = [
        {"id": f"{number}-s", "role": "system", "content": "Be brief and careful. " * 10},
        {
            "id": f"{number}-u",
            "role": "user",
            "source": "input",
            "content": f"Find {number}. " * 10,
        },
    ]
    turns = [message for turn in range(TURNS) for message in _turn(f"{number}-{turn}")]
    return {
        "id": number,
        "epoch": 1,
        "input": f"Find {number}.",
        "target": "x",
        "messages": [*told, *turns],
        "scores": {"match": {"value": "I" if number % 3 else "C", "answer": "x"}},
    }


def _turn(id: str) -> Iterator[dict[str, Any]]:
    call = {"id": f"c{id}", "function": "look", "arguments": {"at": id}, "type": "function"}
    yield {
        "id": f"a{id}",
        "role": "assistant",
        "source": "generate",
        "model": "mock/model",
        "content": "I look at what is there. " * 5,
        "tool_calls": [call],
    }
    answer = {"role": "tool", "tool_call_id": f"c{id}", "function": "look"}
    yield {"id": f"t{id}", **answer, "content": f"Nothing at {id}, so look elsewhere. " * 7}


def import_samples(archive: Path, log_path: Path) -> int:
    """Import *archive* into a new log, and return the number of episodes."""
    with EventLog(log_path) as log, archive.open("rb") as file, log.transaction():
        source = Source(file, archive.name)
        return sum(1 for _ in Importer(log).read(source, "inspect", run="bench"))


def grade_samples(log_path: Path) -> int:
    """Grade every episode of the log by ``RUBRIC``, and return their number."""
    with EventLog(log_path, readonly=True) as log:
        return sum(1 for info in log.episodes() if grade(log.events(info.id), rubric=RUBRIC))


def decode_samples(archive: Path) -> int:
    """Read the samples of *archive* as JSON and nothing else, and return their number."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.startswith("samples/")]
        return sum(1 for name in names if json.loads(opened.read(name)))
