"""Exports logs in all formats: those of imports, and one of refold's own episodes."""

import json
import shutil
import sys
from pathlib import Path

from check import refold

OUTPUTS = {
    "atif": "atif",
    "chat": "chat.jsonl",
    "inspect": "logs/all.eval",
    "otel": "otel.jsonl",
    "parquet": "tables",
    "sts": "sts",
}


def record_own(log: Path) -> None:
    """Record episodes of each family, and forks that make pairs."""
    log.unlink(missing_ok=True)
    refold("record", "inbox/easy", "--agent", "baseline", "--log", log)
    for place in range(2):
        words = ("--at", place, "--agent", "random", "--new-id", f"fork{place}")
        refold("fork", refold_ids(log)[0], *words, "--log", log)
    refold("record", "workflow", "--agent", "greedy", "--log", log)


def refold_ids(log: Path) -> list[str]:
    """Return the ids of the episodes of *log*, oldest first."""
    listed = json.loads(refold("episodes", "--limit", 0, "--json", "--log", log))["episodes"]
    return [each["id"] for each in listed][::-1]


def main(folder: Path) -> None:
    """Export each log of *folder*, and all as one, into a folder of its name below ``exports``."""
    record_own(folder / "own.db")
    together = folder / "together"
    shutil.rmtree(together, ignore_errors=True)
    together.mkdir()
    for log in folder.glob("*.db"):
        shutil.copy(log, together)
    exports = folder / "exports"
    shutil.rmtree(exports, ignore_errors=True)
    for log in (*sorted(folder.glob("*.db")), together):
        target = exports / log.stem
        for name in ("atif", "logs", "sts"):
            (target / name).mkdir(parents=True)
        for kind, output in OUTPUTS.items():
            refold("export", "--as", kind, "-o", target / output, "--log", log)
        shown = refold("episodes", "--limit", 0, "--json", "--log", log)
        (target / "episodes.json").write_text(shown)
        again = target / "again.db"
        refold("import", target / "atif", "--log", again)
        refold("import", target / "logs", "--log", again)
        refold("verify", "--log", again)
    own = folder / "own.db"
    refold("export", "--as", "chat", "--pairs", "-o", exports / "pairs.jsonl", "--log", own)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
