"""
A child Python process: requests go in as bytes, responses come out as lines, all with limits.

Nothing the child does can block or flood its parent: pipes are read and written only when ready,
responses and output are limited in size and time, and in the end the child is killed together
with every process that it started. It gets none of the parent's secrets: of the environment, only
the variables named here.
"""

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Self

from refold.graders.process.supervisor import KILL_GRACE

LONGEST_LINE = 2**20
"""Bytes of one response; a grade with all its events stays far below."""
MOST_OUTPUT = 2**16
"""Bytes that the child may print to stderr for each response."""

ENVIRONMENT = (
    *("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_NUMERIC", "LC_TIME"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8"),
    *("PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONWARNINGS"),
)
"""
Variables that the child gets: to find Python, its modules and the user's files, and for text.

A list of what may pass, not of what may not: names of secrets have no end.
"""

_CHUNK = 2**16
_EXIT_GRACE = 5.0  # seconds between closing its stdout and ending, to learn the exit code


def _passed_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}


class NoAnswer(Exception):
    """The child sent no response; the text says what was expected and what came instead."""


class ChildProcess:
    """
    A Python process started with *arguments*; use it in a ``with``.

    Args:
        arguments: What Python is to run.
        on_output: Is given each line that the process prints to stderr.
    """

    def __init__(self, arguments: Sequence[str], on_output: Callable[[str], None]) -> None:
        self._arguments = arguments
        self._on_output = on_output
        self._unsent = bytearray()
        self._received = bytearray()
        self._partial_output = bytearray()
        self._output_bytes = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - this very Python
            # -P: modules in the working directory must not shadow those that refold needs.
            [sys.executable, "-P", *self._arguments],
            # Equal hash seeds iterate sets in equal order: a grade may not depend on the run.
            env={**_passed_environment(), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends the child
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._stdin, self._stdout, self._stderr = (pipe.fileno() for pipe in pipes if pipe)
        self._selector = selectors.DefaultSelector()
        for pipe in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(pipe, False)  # a full pipe must not stop the parent from reading
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._selector.register(self._stderr, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        with suppress(BrokenPipeError), self._process:
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # the sign for its supervisor to end all
            self._end()

    def _end(self) -> None:
        """Wait for the supervisor, which kills all that was started; if it cannot, kill it."""
        try:
            self._process.wait(KILL_GRACE + 1)
        except subprocess.TimeoutExpired:
            with suppress(OSError):  # it may have ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def unsent_bytes(self) -> int:
        """Number of bytes that the child has not taken from the pipe yet."""
        return len(self._unsent)

    def send(self, question: bytes) -> None:
        """Queue *question*; it is written while ``read_line`` waits."""
        if not self._unsent:
            self._selector.register(self._stdin, selectors.EVENT_WRITE)
        self._unsent += question

    def read_line(self, seconds: float) -> bytes:
        """
        Return the child's next response, without its line end.

        Raises:
            NoAnswer: It gave none for so many *seconds*, ended, wrote a line that is too long, or
                printed too much since the last one.
        """
        limit = monotonic() + seconds
        self._output_bytes = 0
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > LONGEST_LINE:
                raise NoAnswer(f"expected at most {LONGEST_LINE} bytes, got more")
            if self._output_bytes > MOST_OUTPUT:
                raise NoAnswer(f"expected at most {MOST_OUTPUT} bytes of output, got more")
            if (left := limit - monotonic()) <= 0:
                raise NoAnswer(f"expected it within {seconds:g} s, got none")
            if self._stdout not in self._selector.get_map():
                raise NoAnswer(f"expected it, got {self._describe_exit()}")
            self._pump(left)
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def drain(self) -> None:
        """Forward the output that is there, without waiting for more."""
        while any(key.fd == self._stderr for key, _ in self._selector.select(0)):
            self._pump(0)
            if self._stderr not in self._selector.get_map() or self._output_bytes > MOST_OUTPUT:
                break
        if self._partial_output:
            self._forward_output(b"\n")

    def _pump(self, seconds: float) -> None:
        """Read and write what the pipes are ready for; wait at most *seconds* for that."""
        for key, _ in self._selector.select(seconds):
            if key.fd == self._stdin:
                self._write_pending()
                continue
            chunk = os.read(key.fd, _CHUNK)
            if not chunk:
                self._selector.unregister(key.fd)
            elif key.fd == self._stdout:
                self._received += chunk
            else:
                self._output_bytes += len(chunk)
                self._forward_output(chunk)

    def _write_pending(self) -> None:
        try:
            del self._unsent[: os.write(self._stdin, self._unsent[:_CHUNK])]
        except BrokenPipeError:  # what it said before it ended is still to be read
            self._unsent.clear()
        if not self._unsent:
            self._selector.unregister(self._stdin)

    def _forward_output(self, chunk: bytes) -> None:
        *lines, self._partial_output = (self._partial_output + chunk).split(
            b"\n"
        )  # bytearrays stay bytearrays
        for line in lines:
            self._on_output(line.decode(errors="backslashreplace"))
        if len(self._partial_output) > MOST_OUTPUT:  # one line without an end, from many answers
            self._forward_output(b"\n")

    def _describe_exit(self) -> str:
        """Return in words how the child ended."""
        try:
            code = self._process.wait(_EXIT_GRACE)
        except subprocess.TimeoutExpired:
            return "no more answers"
        if code >= 0:
            return f"the end of its process, exit code {code}"
        return f"the end of its process by {signal.Signals(-code).name}"
