"""
Run a grader's process below a supervisor that outlives it, and in the end kills all it started.

The supervisor is this process, the grader runs in a fork of it. It ends when the grader does, or
when the other end of its stdin is closed, as happens when refold ends in whatever way, by SIGKILL
too. Then it kills every process below it. On Linux, that includes those in sessions of their own:
orphans become children of the supervisor. Elsewhere, it is the grader's process group.
"""

import ctypes
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NoReturn

KILL_GRACE = 3.0
"""Seconds until processes that cannot be killed are given up."""

# From <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_ON_LINUX = sys.platform == "linux"


def fork_supervised() -> None:
    """
    Fork, and return in the child; the parent supervises it, and ends as the child ended.

    To be called while there are no other threads and no other children.
    """
    if _ON_LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    wakeup = _watch_children()
    child = os.fork()
    if child:
        _supervise(child, wakeup)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if _ON_LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # should somebody kill the supervisor
    else:
        os.setpgid(0, 0)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _watch_children() -> int:
    """Return a file descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler, nothing is written
    return reader


def _supervise(child: int, wakeup: int) -> NoReturn:
    """Wait until *child* ends or nobody is at the other end of stdin, then end, and all below."""
    poll = select.poll()
    poll.register(0, 0)  # what is sent is the child's to read; this tells of the end alone
    poll.register(wakeup, select.POLLIN)
    status = None
    while status is None and not any(fd == 0 for fd, _ in poll.poll()):
        with suppress(BlockingIOError):
            os.read(wakeup, 512)
        status = _reap(child)
    _kill_all(child)
    _end_as(status)


def _reap(child: int) -> int | None:
    """Collect the processes that have ended; return the status of *child* if it is among them."""
    status = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = ended[1] if ended[0] == child else status
    return status


def _kill_all(child: int) -> None:
    """Kill *child* and all processes below this one."""
    if not _ON_LINUX:
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        return
    limit = monotonic() + KILL_GRACE
    # The children of a killed process become children of this one: found in the next round.
    while (found := list(_children())) and monotonic() < limit:
        for pid in found:
            with suppress(OSError):  # it has ended, or belongs to another user
                os.kill(pid, signal.SIGKILL)
        _reap(child)
        sleep(0.001)


def _children() -> Iterator[int]:
    """Yield the ids of this process's children."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            # The name, in parentheses, may hold anything; the state and the parent follow it.
            parent = path.read_bytes().rpartition(b")")[2].split()[1]
            if int(parent) == os.getpid():
                yield int(path.parent.name)


def _end_as(status: int | None) -> NoReturn:
    """End this process in the way that *status*, as of ``waitpid``, says; None is exit code 0."""
    code = 0 if status is None else os.waitstatus_to_exitcode(status)
    if code < 0:
        with suppress(OSError):  # SIGKILL has no handler to reset
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
