"""``import --jobs``: the log, the report and the words are those of one process."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import transcript_files as made
from shell import SCRIPT, Ran, Shell
from test_jobs_commands import children_of, wait_until_gone

PATIENCE = 60
TABLES = ("episodes", "events", "origins")
TIME = re.compile(r'"20\d\d-[^"]*Z?"')
"""When an episode was imported, which stands for a time that a source does not tell."""


def samples(number: int, size: int = 400) -> Iterator[str]:
    """Yield lines of chats, every seventh of which is none, and every third like the one before."""
    for each in range(number):
        name = each - (each % 3 == 2)
        messages: Any = [
            {"role": "user", "content": f"Find {name}. " + "x" * size},
            {"role": "assistant", "content": "There."},
        ]
        yield json.dumps({"id": name, "messages": messages if each % 7 else "none"})


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a shell beside a folder ``in`` of all formats, large files, and damaged ones."""
    shell = Shell(tmp_path)
    folder = shell.at / "in"
    folder.mkdir()
    made.write_all(folder)
    (folder / "chats.jsonl").write_text("\n".join(samples(1_500, 800)))
    (folder / "large.jsonl").write_text("\n".join([*samples(3), *samples(2, 6 * 2**20)]))
    (folder / "cut.eval").write_bytes(b"PK" + bytes(2 * 2**20))
    results = json.loads((folder / "tau2.json").read_text())
    results["simulations"] *= 40
    (folder / "tau2.json").write_text(json.dumps(results, indent=200))
    (folder / "other.json").write_text('{"colour": "red"}')
    shell("record inbox/easy --agent baseline --log own.db")
    shell("export --log own.db -o in/own.jsonl")
    return shell


def rows_of(log: Path) -> list[tuple[Any, ...]]:
    """Return all rows of *log*, each with its number, but for the times."""
    with closing(sqlite3.connect(log)) as connection:
        found = []
        for table in TABLES:
            told = connection.execute(f"PRAGMA table_info({table})").fetchall()
            names = [name for _, name, *_ in told if not name.endswith("_at")]
            found += connection.execute(f"SELECT rowid, {', '.join(names)} FROM {table}").fetchall()
        return found


def timeless(ran: Ran) -> tuple[str, str]:
    """Return what was told, without the times."""
    return TIME.sub("TIME", ran.out), ran.err.replace("2.db", "1.db")


@pytest.mark.slow
def test_as_of_one_process(shell: Shell) -> None:
    """Rows, report and words are equal, and so they are if most of it is imported once more."""
    assert (shell.at / "in" / "tau2.json").stat().st_size > 2**20
    for words in ("--json", "--report"):
        alone, shared = (
            shell(f"import in {words} --jobs {jobs} --log {jobs}.db", code=1) for jobs in (1, 2)
        )
        assert timeless(shared) == timeless(alone)
        assert rows_of(shell.at / "2.db") == rows_of(shell.at / "1.db")
        (shell.at / "in" / "own.jsonl").unlink(missing_ok=True)  # refused a second time
    assert "chats.jsonl line 1: " in alone.err
    assert "cut.eval" in alone.err
    assert len(shell.ids("--log", "2.db")) > 1_200


@pytest.mark.slow
def test_what_comes_through_a_pipe(shell: Shell) -> None:
    """It is kept for the other processes too, as long as they need it."""
    data = (shell.at / "in" / "chats.jsonl").read_bytes()
    for jobs in (1, 2):
        words = f"import - --jobs {jobs} --log {jobs}.db"
        shell.program(words, input=data, timeout=PATIENCE, code=1)
    assert rows_of(shell.at / "2.db") == rows_of(shell.at / "1.db")


@pytest.mark.slow
def test_strictly(shell: Shell) -> None:
    """The first problem is the one that is told, and nothing is stored."""
    lines = (shell.at / "in" / "chats.jsonl").read_text().splitlines()
    good = [line for line in lines if '"none"' not in line]
    (shell.at / "bad.jsonl").write_text("\n".join([*good, "{", "[]"]))
    alone, shared = (
        shell.refuses(f"import bad.jsonl --strict --jobs {jobs}", match=f"line {len(good) + 1}")
        for jobs in (1, 2)
    )
    assert shared.err == alone.err


@pytest.mark.slow
def test_a_worker_that_is_killed(shell: Shell) -> None:
    """The import says so, stores nothing, and leaves no process behind."""
    (shell.at / "many.jsonl").write_text("\n".join(samples(40_000)))
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        *["import", "many.jsonl", "--jobs", "2", "--log", "new.db"],
    ]
    with subprocess.Popen(command, cwd=shell.at, stderr=subprocess.PIPE, text=True) as run:
        limit = time.monotonic() + PATIENCE
        while len(workers := workers_of(run.pid)) < 2:
            assert time.monotonic() < limit
            time.sleep(0.05)
        os.kill(max(workers), signal.SIGKILL)
        _, err = run.communicate(timeout=PATIENCE)
    assert (run.returncode, err.count("\n")) == (2, 1)
    assert "got its end by SIGKILL" in err
    assert not list(shell.at.glob("*new.db*"))
    wait_until_gone(workers)


def workers_of(pid: int) -> set[int]:
    """Return the ids of the workers of the process *pid*; its resource tracker is none."""
    return {each for each in children_of(pid) if b"spawn_main" in command_of(each)}


def command_of(pid: int) -> bytes:
    """Return the command line of the process *pid*."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()
