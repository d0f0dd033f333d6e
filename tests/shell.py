"""The command line for tests: in this process, which is quick, or as a program of its own."""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from attrs import frozen

from refold import cli

UNSET = ("REFOLD_LOG", "PYTHONUNBUFFERED")
"""What programs are run without, as most users run them."""

SCRIPT = "from refold.cli import main; main()"


@frozen
class Ran:
    """What a command did: exit code, data on stdout, words on stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, which must be one JSON object on one line."""
        assert self.out.endswith("}\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out)


class Shell:
    """Runs refold in the folder *at*, without any log named by the environment."""

    def __init__(self, at: Path) -> None:
        self.at = at

    def __call__(
        self, words: str, *more: object, code: int = 0, stdin: IO[bytes] | None = None, **env: str
    ) -> Ran:
        """Run refold with *words* and *more* in this process; it has to exit with *code*."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.chdir(self.at)
            patch.delenv("REFOLD_LOG", raising=False)
            patch.setattr(sys, "stdin", io.TextIOWrapper(stdin or io.BytesIO(), "utf-8"))
            for name, value in env.items():
                patch.setenv(name, value)
            found = cli.run([*shlex.split(words), *map(str, more)])
        ran = Ran(found, *(stream.buffer.getvalue().decode() for stream in (out, err)))
        assert ran.code == code, ran
        return ran

    def program(
        self,
        words: str,
        *more: object,
        code: int = 0,
        script: str = SCRIPT,
        flags: Sequence[str] = (),
        **options: Any,
    ) -> Ran:
        """
        Run refold as a program, started by *script*.

        *flags* are for Python, *options* for ``subprocess.run``.
        """
        env = {key: value for key, value in os.environ.items() if key not in UNSET}
        ran = subprocess.run(
            [sys.executable, *flags, "-c", script, *shlex.split(words), *map(str, more)],
            **{
                "cwd": self.at,
                "env": env,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "timeout": 60,
                **options,
            },
            check=False,
        )
        found = Ran(ran.returncode, *((each or b"").decode() for each in (ran.stdout, ran.stderr)))
        assert found.code == code, found
        return found

    def refuses(self, words: str, *more: object, match: str, lines: int = 1, **given: Any) -> Ran:
        """Run refold, which must exit with 2, say why in *lines* lines, and change no file."""
        before = self.files()
        ran = self(words, *more, code=2, **given)
        assert self.files() == before
        check_refusal(ran, match, lines)
        return ran

    def files(self) -> Mapping[str, bytes]:
        """Return the files of the folder, but for what is kept beside a log, its index too."""
        return {
            path.name: path.read_bytes()
            for path in self.at.iterdir()
            if path.is_file() and not path.name.endswith(("-wal", "-shm", ".index"))
        }

    def ids(self, *words: str) -> list[str]:
        """Return the ids that ``refold episodes`` lists, oldest first."""
        listed = self("episodes --json --limit 0", *words).json["episodes"]
        return [each["id"] for each in reversed(listed)]


def copy_shell(made: Shell, at: Path) -> Shell:
    """Return a shell in the folder *at*, which is empty, with a copy of all files of *made*."""
    shutil.copytree(made.at, at, dirs_exist_ok=True, symlinks=True)
    return Shell(at)


def check_refusal(ran: Ran, match: str, lines: int = 1) -> None:
    """Check that *ran* said nothing on stdout and what was wrong on stderr, without a traceback."""
    assert ran.out == ""
    assert ran.err.startswith("refold: ")
    assert ran.err.count("\n") == lines, ran.err
    assert re.search(match, ran.err), ran.err
