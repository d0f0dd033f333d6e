"""Changes to a log that its triggers and checks forbid, made all the same."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from refold.engine import Episode, EventLog
from refold.scenarios import load


def alter(path: Path, *statements: tuple[Any, ...]) -> None:
    """Run *statements*, each SQL with its parameters, on a log, and leave no other trace."""
    with closing(sqlite3.connect(path)) as log, log:
        log.execute("PRAGMA ignore_check_constraints = ON")
        found = log.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in found:
            log.execute(f"DROP TRIGGER {name}")
        for sql, *parameters in statements:
            log.execute(sql, parameters)
        for _name, sql in found:
            log.execute(sql)


def record_family(log: EventLog) -> None:
    """Record ``first``, an inbox played to its end, and ``second``, its fork."""
    episode = Episode.start(load("inbox/easy"), log=log, id="first", agent="me", run="r")
    for kind in ("escalate", "respond", "archive"):
        episode.step({"type": kind})
    fork = Episode.fork(episode.events, 1, log=log, parent="first", id="second", agent="me")
    fork.step({"type": "archive"})
    fork.step({"type": "archive"})
