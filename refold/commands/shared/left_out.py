"""Telling, on stderr, which episodes a command had to leave out."""

from collections.abc import Iterator
from contextlib import contextmanager

from refold.commands.shared.output import print_to_stderr
from refold.engine.log.left_out import LeftOut


@contextmanager
def telling_left_out() -> Iterator[LeftOut]:
    """Give a place to note episodes that cannot be read, and tell them at the end, each a line."""
    left_out = LeftOut()
    try:
        yield left_out
    finally:  # after an error too: it may be for lack of them
        for problem in left_out.problems.values():
            print_to_stderr(f"left out: {problem}")
