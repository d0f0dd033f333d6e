"""Keys from a terminal as they are pressed: none echoed, none lost, whatever else goes on."""

import os
import select
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

RESIZED = "\0"
"""Given in place of keys when the terminal got another size."""

_CHUNK = 4096


def has_terminal() -> bool:
    """Return whether there is a terminal to read keys from and to draw on."""
    try:
        import termios  # noqa: F401, PLC0415 - not everywhere
    except ImportError:
        return False
    known = os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return known and sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def open_keyboard() -> Iterator[Callable[[], str]]:
    """
    Give what waits for the next keys, which is empty once there can be no more.

    The terminal's settings are put back at the end. Ctrl-C is a key like any other.
    """
    import termios  # noqa: PLC0415 - not everywhere

    fd = sys.stdin.fileno()
    saved = termios.tcgetattr(fd)
    raw = termios.tcgetattr(fd)
    raw[0] &= ~(termios.ICRNL | termios.IXON)
    raw[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
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
            with suppress(termios.error):  # it may be gone
                termios.tcsetattr(fd, termios.TCSADRAIN, saved)


def _read_bytes(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except OSError:  # the terminal was closed
        return b""


@contextmanager
def _watch_resizes() -> Iterator[int]:
    """Give a file descriptor that has something to read when the terminal got another size."""
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
