"""Keys from a terminal, read as they are pressed and not echoed, and its changes of size."""

import os
import select
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

RESIZED = "\0"
"""Returned in place of keys when the terminal was resized."""

_CHUNK = 4096


def has_terminal() -> bool:
    """Return whether stdin and stdout are a terminal that can move its cursor."""
    try:
        import termios  # noqa: F401, PLC0415 - not everywhere
    except ImportError:
        return False
    known = os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return known and sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def open_keyboard() -> Iterator[Callable[[], str]]:
    """
    Switch the terminal to single keys, and provide a function that waits for the next ones.

    The function returns one or more keys, ``RESIZED``, or an empty string when the terminal is
    gone. Ctrl-C is a key like any other. At the end, the terminal's settings are restored.
    """
    import termios  # noqa: PLC0415 - not everywhere

    fd = sys.stdin.fileno()
    saved = termios.tcgetattr(fd)
    raw = termios.tcgetattr(fd)
    # Input: Enter arrives as such, and Ctrl-S does not freeze the screen. Local: no echo, no
    # waiting for Enter, and no signals, which would interrupt in the middle of drawing.
    raw[0] &= ~(termios.ICRNL | termios.IXON)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    # Incremental: a read may end in the middle of a letter.
    decode = getincrementaldecoder("utf-8")("replace").decode

    with _watch_resizes() as resize_fd:

        def read() -> str:
            while True:
                ready, _, _ = select.select([fd, resize_fd], [], [])
                if resize_fd in ready:
                    os.read(resize_fd, _CHUNK)
                    return RESIZED
                content = _read_bytes(fd)
                text = decode(content)
                if text or not content:
                    return text

        termios.tcsetattr(fd, termios.TCSADRAIN, raw)
        try:
            yield read
        finally:
            with suppress(termios.error):  # the terminal may have been closed
                termios.tcsetattr(fd, termios.TCSADRAIN, saved)


def _read_bytes(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except OSError:  # the terminal was closed
        return b""


@contextmanager
def _watch_resizes() -> Iterator[int]:
    """Provide a file descriptor that becomes readable when the terminal is resized."""
    # select() is restarted after a signal, so a handler alone would not wake it; a pipe does.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.signal(signal.SIGWINCH, lambda *_: None)
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(previous)
        signal.signal(signal.SIGWINCH, before)
        os.close(reader)
        os.close(writer)
