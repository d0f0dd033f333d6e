"""Episodes to export, and what they become, for tests of that."""

import io
from pathlib import Path
from typing import Any

import talks
import transcript_files as made
from msgspec import json

from refold.engine import Episode, EpisodeInfo, EventLog, Stream
from refold.scenarios import load
from refold.transcripts.exports.atif import atif_document
from refold.transcripts.exports.inspect_archive import write_archive
from refold.transcripts.exports.runs import Run, read_run
from refold.transcripts.formats import find_format
from refold.transcripts.importing import Importer
from refold.transcripts.sources import Source

FORMATS = ("atif", "chat", "claude-code", "harbor", "inspect", "nemo-gym", "swe-agent", "tau2")
"""Formats of other tools whose files tests write."""


def import_file(log: EventLog, path: Path) -> list[EpisodeInfo]:
    """Import the file of another tool, or a trial's folder, and return its episodes."""
    found = path / "result.json" if path.is_dir() else path
    with found.open("rb") as file:
        source = Source(file, found.name, found.parent)
        kind = find_format(file, found.name)
        return [each.info for each in Importer(log).read(source, kind, run="r")]


def import_bytes(log: EventLog, data: bytes, kind: str) -> list[EpisodeInfo]:
    """Import *data*, a file of the format *kind*, all of it, and return its episodes."""
    importer = Importer(log, strict=True)
    return [each.info for each in importer.read(Source(io.BytesIO(data), "x"), kind, run="s")]


def imported_runs(log: EventLog, folder: Path, kind: str) -> list[Run]:
    """Return the runs of a file of *kind*, which is written to *folder* and imported."""
    folder.mkdir(exist_ok=True)
    infos = import_file(log, made.write_all(folder)[kind])
    return [read_run(log, log.find(info.id)) for info in infos]


def store(log: EventLog, stream: Stream, id: str = "e1", **more: Any) -> Run:
    """Store the events of *stream* as the episode *id*, and return its run."""
    scenario = json.decode(bytes(stream.started.scenario))["name"]
    record = EpisodeInfo(id, scenario, stream.started.seed, **{"agent": "openai:model-x", **more})
    log.begin(record, stream.payloads, end=True)
    return read_run(log, log.find(id))


def shop(log: EventLog) -> Run:
    """Return a conversation of five turns, with a thought, an error and a score."""
    return store(log, talks.shop())


def inbox(log: EventLog) -> Run:
    """Return an inbox that no model played."""
    episode = Episode.start(load("inbox/easy"), log=log, id="e2", agent="me", run="r")
    for kind in ("escalate", "respond", "archive"):
        episode.step({"type": kind})
    return read_run(log, log.find("e2"))


def atif(run: Run) -> dict[str, Any]:
    """Return the ATIF document of *run*."""
    found: dict[str, Any] = json.decode(atif_document(run)[0])
    return found


def archive(*runs: Run) -> bytes:
    """Return an ``.eval`` archive of *runs*."""
    file = io.BytesIO()
    write_archive(runs, file)
    return file.getvalue()
