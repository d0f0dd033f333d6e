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
def keyboard() -> Iterator[Callable[[], str]]:
    """
    Give what waits for the next keys, which is empty once there can be no more.

    The terminal's settings are put back at the end. Ctrl-C is a key like any other.
    """
    import termios  # noqa: PLC0415 - not everywhere

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    ours = termios.tcgetattr(number)
    ours[0] &= ~(termios.ICRNL | termios.IXON)
    ours[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    decode = getincrementaldecoder("utf-8")("replace").decode

    with _resizes() as resized:

        def read() -> str:
            while True:
                ready, _, _ = select.select([number, resized], [], [])
                if resized in ready:
                    os.read(resized, _CHUNK)
                    return RESIZED
                content = _read(number)
                text = decode(content)
                if text or not content:
                    return text

        termios.tcsetattr(number, termios.TCSADRAIN, ours)
        try:
            yield read
        finally:
            with suppress(termios.error):  # it may be gone
                termios.tcsetattr(number, termios.TCSADRAIN, before)


def _read(number: int) -> bytes:
    try:
        return os.read(number, _CHUNK)
    except OSError:  # the terminal was closed
        return b""


@contextmanager
def _resizes() -> Iterator[int]:
    """Give a file descriptor that has something to read when the terminal got another size."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before = signal.signal(signal.SIGWINCH, lambda *_: None)
    previous = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    try:
        yield ours
    finally:
        signal.set_wakeup_fd(previous)
        signal.signal(signal.SIGWINCH, before)
        os.close(ours)
        os.close(theirs)
