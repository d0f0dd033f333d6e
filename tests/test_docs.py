"""
What the documents show is true: blocks are run as written, and their outputs compared.

The blocks of a page share one folder, in order. A block that names a file after its language is
written there. Commands in ``console`` blocks run, each against the lines below it, ``python``
and ``sql`` blocks against a ``text`` block right after them. In an output, a line ``…`` stands
for any lines, a ``…`` in a line for anything, and episode ids for those of the run. After a
command that fails stands ``$ echo $?``.
"""

import contextlib
import io
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pages import blocks

from refold import cli
from refold.agents.mock.model import MockModel
from refold.engine import EventLog

QUICK = ("log-format", "python", "writing-a-scenario", "configuration")
LONG = (
    *("cli", "query", "agents", "environments", "export", "finding-episodes", "ci", "regrade"),
    *("runs", "viewer", "verdict", "version-2", "testing-graders"),
)
ID = re.compile(r"\b([0-9a-f]{8})([0-9a-f]{8})?\b")


def commands(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield each command of a console block, the output shown, and whether it may fail."""
    parts = [each.partition("\n") for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
    after = [*(command for command, _, _ in parts[1:]), ""]
    for (command, _, output), following in zip(parts, after, strict=True):
        yield command, output, following == "echo $?"


def in_process(words: Sequence[str]) -> tuple[str, int]:
    """Return what refold prints, and its exit code."""
    raw = io.BytesIO()
    sink = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        code = cli.run(list(words))
    return raw.getvalue().decode(), code


def in_shell(command: str) -> tuple[str, int]:
    """Return what *command* prints, and its exit code; programs of this environment come first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        ["bash", "-c", command],
        env={**outside, "PATH": path, "PYTEST_ADDOPTS": "-p no:hypothesispytest"},  # half its time
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return ran.stdout, ran.returncode


def of_sql(query: str) -> str:
    """Return the rows of *query* on the log of the folder, as ``sqlite3`` prints them."""
    with contextlib.closing(sqlite3.connect("refold.db")) as log:
        return "".join("|".join(map(str, row)) + "\n" for row in log.execute(query))


def logged_ids() -> set[str]:
    """Return the first 8 letters of every episode id in the logs of the folder."""
    found = set()
    for path in Path().glob("*.db"):
        with EventLog(path, readonly=True) as log:
            found |= {info.id[:8] for info in log.episodes()}
    return found


class Reader:
    """Somebody who follows a page, in the current folder."""

    def __init__(self) -> None:
        self.code = 0
        self.names: dict[str, Any] = {}
        self.ids: dict[str, str] = {}

    def read(self, page: str) -> None:
        """Run every block of *page*, and compare what comes out with what the page shows."""
        output = ""
        for language, name, text in blocks(page):
            if language == "text" and output:
                self.compare(text, output, "the block before")
            output = ""
            if name:
                Path(name).write_text(text, encoding="utf-8")
            elif language == "console":
                self.console(text)
            elif language == "python":
                output = self.python(text)
            elif language == "sql":
                output = of_sql(text)

    def console(self, text: str) -> None:
        """Run the commands of *text*."""
        for command, expected, may_fail in commands(text):
            output = self.run(command)
            self.compare(expected, output, command)
            assert may_fail or not self.code, f"{command}: exit {self.code}\n{output}"

    def run(self, command: str) -> str:
        """Return what *command* prints: refold in this process, all else by a shell."""
        if command == "echo $?":
            code, self.code = self.code, 0
            return f"{code}\n"
        command = ID.sub(lambda found: self.ids.get(found[1], found[0]), command)
        words = shlex.split(command)
        alone = words[0] == "refold" and not {"|", ">", "<"}.intersection(words)
        output, self.code = in_process(words[1:]) if alone else in_shell(command)
        return output

    def python(self, text: str) -> str:
        """Return what *text* prints; names live on to the next block."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(text, "page", "exec"), self.names)  # noqa: S102 - our own page
        return out.getvalue()

    def compare(self, expected: str, actual: str, what: str) -> None:
        """Check that *actual* is what *expected* shows, and learn which ids stand for which."""
        lines = [line.rstrip() for line in actual.strip("\n").splitlines()]
        shown = "\n".join(lines)
        found = re.fullmatch(self.pattern(expected.strip("\n").splitlines()), f"{shown}\n")
        assert found or shown == expected, f"{what}\n-- shown:\n{expected}\n-- true:\n{shown}"
        for group, value in found.groupdict().items() if found else ():
            if value != group[1:]:
                assert value in logged_ids(), f"{what}: shown {group[1:]}, true {value}"
                self.ids[group[1:]] = value

    def pattern(self, lines: Sequence[str]) -> str:
        """Return the expression that what *lines* show fits."""
        seen: set[str] = set()

        def one_id(found: re.Match[str]) -> str:
            name, rest = found[1], "[0-9a-f]{8}" if found[2] else ""
            if name in self.ids:
                return self.ids[name] + rest
            group = f"(?P=i{name})" if name in seen else f"(?P<i{name}>[0-9a-f]{{8}})"
            seen.add(name)
            return group + rest

        return "".join(
            r"(?:.*\n)*?"
            if line.strip() == "…"
            else ID.sub(one_id, re.escape(line)).replace("…", ".*") + r"\n"
            for line in lines
        )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with the default log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        *(f"docs/{name}.md" for name in QUICK),
        *(pytest.param(f"docs/{name}.md", marks=pytest.mark.slow) for name in LONG),
    ],
)
def test_what_a_page_shows_is_true(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows the page in an empty folder sees what it shows; a mock is the model."""
    with MockModel() as model:
        if page in ("README.md", "docs/agents.md"):
            monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", "sk-nobody")
        Reader().read(page)


@pytest.mark.parametrize(
    ("shown", "true"),
    [
        ("score 0.5\n", "score 0.6\n"),
        ("one\n…\n", "two\none\n"),
        ("run 0123abcd\n", "run fedc3210\n"),
        ("a 0123abcd\nb 0123abcd\n", "a 0123abcd\nb 0123abce\n"),
        ("", "something\n"),
    ],
)
def test_a_wrong_output_is_noticed(shown: str, true: str) -> None:
    """A page that shows something else than what comes out does not pass."""
    with pytest.raises(AssertionError, match="shown"):
        Reader().compare(shown, true, "a command")


def test_a_log_is_checked_without_refold() -> None:
    """The program in the page on the log finds a changed event, and says which."""
    program = next(text for _, name, text in blocks("docs/log-format.md") if name)
    Path("check.py").write_text(program, encoding="utf-8")
    assert in_process(["record", "inbox/easy", "--agent", "baseline", "--name", "x"])[1] == 0
    assert in_shell("python check.py refold.db")[1] == 0
    with contextlib.closing(sqlite3.connect("refold.db")) as log, log:
        log.execute("DROP TRIGGER events_immutable")
        log.execute("UPDATE events SET payload = replace(payload, '0.6', '0.7') WHERE seq = 4")
    output, code = in_shell("python check.py refold.db")
    assert code == 1
    assert "event 4 is not what was written" in output
