"""
Files that commands write: never over a file that the command reads, and whole or not at all.

A file is written under another name in the same folder and then renamed, so that a full disk, an
error or Ctrl-C leaves an existing one as it was. Devices and pipes are written to directly.
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from secrets import token_hex
from typing import IO

import click

from refold.engine import EventLog, NotALog, RefoldError
from refold.engine.errors import DiskFull
from refold.engine.log.logs import find_logs

STDOUT = "-"
_LOG_SUFFIXES = ("", "-wal", "-shm", "-journal")
"""SQLite keeps parts of a database in files beside it, which are named so."""
_SQLITE = b"SQLite format 3\0"
_LONGEST_STEM = 200  # bytes; file systems allow 255 with what is added


def check_output(path: str, *, option: str, logs: Iterable[str], files: Iterable[str] = ()) -> None:
    """
    Check that writing *path* would destroy nothing that the command reads.

    Args:
        path: The file to write; ``-`` is stdout.
        option: What named it, for errors.
        logs: Paths of the logs that the command uses, or of folders with such.
        files: Paths of its other inputs.

    Raises:
        RefoldError: *path* is one of them, a part of one of the logs, or a link to such a file.
    """
    target = _identity(path)
    if target is None:
        return
    for log in chain.from_iterable(map(_logs_at, logs)):
        # SQLite follows links, so the log's parts lie beside the file that a link leads to.
        parts = (base + end for base in (log, os.path.realpath(log)) for end in _LOG_SUFFIXES)
        if target in map(_identity, parts):
            raise RefoldError(
                f"{option} {path}: expected a file that is no part of the log {log}, got one; "
                "name another file"
            )
    if target in map(_identity, files):
        raise RefoldError(
            f"{option} {path}: expected another file than the command reads; name another"
        )


def _logs_at(path: str) -> Sequence[str]:
    return find_logs(path) if os.path.isdir(path) else [path]


def _identity(path: str) -> object:
    """Return a value that is equal for paths of the same file, existing or not; None for a pipe."""
    try:
        found = os.fstat(sys.stdout.fileno()) if path == STDOUT else os.stat(path)
    except OSError:  # none yet: compared by its name; or stdout is no real file
        return None if path == STDOUT else os.path.realpath(path)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


@contextmanager
def output_file(path: str) -> Iterator[IO[bytes]]:
    """
    Open *path* for writing; its new content appears when the block ends, or never.

    ``-``, devices and pipes are written to directly. A link stays one: the file that it leads to
    is replaced, and keeps its permissions.

    Raises:
        RefoldError: The file cannot be written.
    """
    try:
        direct = _open_directly(path)
        with direct if direct is not None else _replaced(Path(os.path.realpath(path))) as file:
            yield file
            file.flush()
    except OSError as error:
        # The command line itself reports what happens to stdout.
        if path == STDOUT or isinstance(error, BrokenPipeError):
            raise
        problem = f"{path}: expected a file that can be written, got {error.strerror}"
        raise RefoldError(problem) from None


def _open_directly(path: str) -> IO[bytes] | None:
    """Return *path* opened for writing if it is no regular file that could be replaced."""
    if path == STDOUT or _identity(path) == (_identity(STDOUT) or object()):
        # Not opened again: that would cut off what is in a file that a shell appends to.
        return click.open_file(STDOUT, "wb")
    if os.path.exists(path) and not os.path.isfile(path):
        return open(path, "wb")
    return open(path, "wb") if is_descriptor(path) else None


def is_descriptor(path: str) -> bool:
    """Return whether *path* names what is open already, such as what shells make of <(command)."""
    # It may look like the file that it was opened from. What lies in /dev/shm is a file, though.
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    return folder in ("/dev", "/dev/fd") or folder.startswith("/proc/")


@contextmanager
def _replaced(target: Path) -> Iterator[IO[bytes]]:
    if target.exists():
        if not os.access(target, os.W_OK):
            raise PermissionError(0, "a read-only file")
        # Another log, most likely, though none that this command uses.
        with target.open("rb") as old:
            if old.read(len(_SQLITE)) == _SQLITE:
                raise FileExistsError(0, "a database; remove it first, or name another file")
    with new_file_beside(target) as temporary:
        with temporary.open("xb") as file:
            if target.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _sync_folder(target.parent)


def open_input(path: str) -> IO[bytes]:
    """
    Open *path* for reading; ``-`` is stdin.

    Raises:
        RefoldError: It cannot be read, or is a named pipe, which may never have a writer.
    """
    try:
        if not (path == STDOUT or is_descriptor(path)) and stat.S_ISFIFO(os.stat(path).st_mode):
            raise OSError(0, "a named pipe; read it into stdin and give -")
        return click.open_file(path, "rb")
    except OSError as error:
        problem = f"{path}: expected a file that can be read, got {error.strerror}"
        raise RefoldError(problem) from None


@contextmanager
def new_file_beside(target: Path) -> Iterator[Path]:
    """Give a new name in the folder of *target*, and remove what still has it at the end."""
    stem = os.fsdecode(os.fsencode(target.name)[:_LONGEST_STEM])
    temporary = target.with_name(f".{stem}.{token_hex(4)}.tmp")
    try:
        yield temporary
    finally:  # after Ctrl-C as well
        for end in _LOG_SUFFIXES:
            Path(f"{temporary}{end}").unlink(missing_ok=True)


@contextmanager
def new_log(path: str) -> Iterator[EventLog]:
    """
    Make a log that has its name *path* only when the block ends, with all that was stored by then.

    So neither an error nor a kill leaves a part of it.

    Raises:
        RefoldError: There is such a file by then, or the log cannot be written.
    """
    target = Path(os.path.realpath(path))
    with new_file_beside(target) as temporary:
        try:
            with EventLog(temporary) as log:
                yield log
        except (NotALog, DiskFull) as error:  # of a name that nobody has given
            raise type(error)(str(error).replace(str(temporary), path)) from error
        publish(temporary, target)


def publish(temporary: Path, target: Path) -> None:
    """
    Give the finished file *temporary* the name *target*, which no file may have.

    Raises:
        RefoldError: There is such a file by now.
    """
    try:
        try:
            os.link(temporary, target)  # unlike a rename, refused if there is one
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if target.exists():
                raise FileExistsError from None
            os.rename(temporary, target)
    except FileExistsError:
        raise RefoldError(f"{target}: expected no such file yet, got one; name another") from None
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # The new name itself is data of the folder. Not every file system can do this.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
