"""
An ``.eval`` archive of inspect_ai: a log of all runs that are exported together.

Samples are written one by one; what is kept in memory of each is a summary of a few lines.
"""

import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import fsum, sqrt
from typing import IO, Any

from attrs import define, field

from refold.engine.codec import encode
from refold.release import RELEASE
from refold.transcripts.exports.inspect_samples import inspect_sample, usage_by_model
from refold.transcripts.exports.runs import Run

_VERSION = 2
_LONGEST_INPUT = 200  # letters, in summaries


@define
class _Totals:
    """What the header of a log says of all its samples."""

    task: str | None = None
    model: str | None = None
    epochs: dict[str, set[int]] = field(factory=lambda: defaultdict(set))
    scores: dict[str, list[float]] = field(factory=lambda: defaultdict(list))
    usage: dict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))
    summaries: list[dict[str, Any]] = field(factory=list)
    started: str = ""
    ended: str = ""

    def place(self, run: Run) -> tuple[str, int]:
        """Return a sample id and an epoch, from 1, that no other sample of the log has."""
        id, epoch = run.trial.task or run.info.scenario, run.info.epoch + 1
        taken = self.epochs[id]
        if epoch in taken:
            epoch = max(taken) + 1
        taken.add(epoch)
        return id, epoch

    def add(self, run: Run, sample: Mapping[str, Any]) -> None:
        """Count *sample*, which *run* became."""
        task, model = run.trial.benchmark, run.trial.agent
        self.task = task if self.task in (None, task) else "refold"
        self.model = model if self.model in (None, model) else "several"
        for each in run.scores:
            if each.value is not None:
                self.scores[each.name].append(each.value)
        for name, counts in usage_by_model(run.trial).items():
            self.usage[name].update(counts)
        times = (run.trial.started or "", run.trial.ended or "")
        self.started = min(filter(None, (self.started, times[0])), default="")
        self.ended = max(self.ended, times[1])
        self.summaries.append(_summary(sample))


def write_archive(runs: Iterable[Run], file: IO[bytes]) -> Counter[str]:
    """Write a log of *runs* to *file*; return how often each field had to go to ``metadata``."""
    totals, kept = _Totals(), Counter[str]()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            id, epoch = totals.place(run)
            sample, moved = inspect_sample(run, id, epoch)
            kept.update(moved)
            totals.add(run, sample)
            _write(archive, f"samples/{id}_epoch_{epoch}.json", sample)
        header = _header(totals)
        start = {name: header[name] for name in ("version", "eval", "plan")}
        _write(archive, "_journal/start.json", start)
        _write(archive, "summaries.json", totals.summaries)
        _write(archive, "header.json", header)
    return kept


def _write(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    # Without a clock: the same runs give the same file.
    entry = zipfile.ZipInfo(name)
    archive.writestr(entry, encode(value), compress_type=zipfile.ZIP_DEFLATED)


def _summary(sample: Mapping[str, Any]) -> dict[str, Any]:
    told = ("id", "epoch", "target", "model_usage", "started_at", "completed_at")
    scores = {name: {"value": each["value"]} for name, each in sample["scores"].items()}
    return {
        **{name: sample[name] for name in told},
        "input": sample["input"][:_LONGEST_INPUT],
        "scores": scores,
        "message_count": len(sample["messages"]),
        "completed": True,
        **({"error": sample["error"]["message"]} if "error" in sample else {}),
        **({"limit": sample["limit"]["type"]} if "limit" in sample else {}),
    }


def _header(totals: _Totals) -> dict[str, Any]:
    name = sha256(encode(totals.summaries)).hexdigest()[:22]
    ids = list(totals.epochs)
    count = len(totals.summaries)
    return {
        "version": _VERSION,
        "status": "success",
        "eval": {
            "eval_id": name,
            "run_id": name,
            "task_id": name,
            "created": totals.started or "1970-01-01T00:00:00+00:00",
            "task": totals.task or "refold",
            "dataset": {"name": totals.task, "samples": len(ids), "sample_ids": ids},
            "model": totals.model or "unknown",
            "config": {"epochs": max(map(max, totals.epochs.values()), default=1)},
            "packages": {"refold": RELEASE},
        },
        "plan": {"name": "plan", "steps": [], "config": {}},
        "results": {
            "total_samples": count,
            "completed_samples": count,
            "scores": [_metrics(*each) for each in totals.scores.items()],
        },
        "stats": {
            "started_at": totals.started,
            "completed_at": totals.ended,
            "model_usage": {model: dict(counts) for model, counts in totals.usage.items()},
        },
    }


def _metrics(name: str, values: list[float]) -> dict[str, Any]:
    mean = fsum(values) / len(values)
    metrics = {"mean": mean}
    if len(values) > 1:
        spread = fsum((each - mean) ** 2 for each in values) / (len(values) - 1)
        metrics["stderr"] = sqrt(spread / len(values))
    told = {each: {"name": each, "value": value} for each, value in metrics.items()}
    return {"name": name, "scorer": name, "params": {}, "metrics": told}
