"""What a process and its workers tell each other, pickled."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from typing import Any, NamedTuple, Protocol, TypeVar

from attrs import frozen

from refold.engine.log.left_out import LeftOut

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

Tell = Callable[[str], None]
"""Prints a line for people."""

Run = Callable[[Iterator[ItemT]], Iterator[tuple[ItemT, ResultT]]]
"""
Goes through items: yields them, the same objects, in their order, each with its result.

Those that it notes as left out are not yielded. It may take some items ahead of the results.
"""


class There(Protocol[ItemT, ResultT_co]):
    """Opens in a worker what goes through items there; pickled on the way."""

    def __call__(
        self, left_out: LeftOut, tell: Tell, /
    ) -> AbstractContextManager[Run[ItemT, ResultT_co]]:
        """
        Return what goes through items, in a context that closes what it has opened.

        Args:
            left_out: Takes the items that are left out.
            tell: Takes the lines that are to be printed.
        """


class Kind(Enum):
    """Kinds of what a worker has to say about an item."""

    RESULT = auto()
    LEFT_OUT = auto()
    LINE = auto()
    ERROR = auto()


@frozen
class Block:
    """Items to go through; *number* counts blocks from 0."""

    number: int
    items: Sequence[Any]


class Entry(NamedTuple):
    """
    One thing said about the item at *place* in its block, 0-based.

    *value* is the result, the id and problem of what was left out, a line, or a ``SentError``.
    """

    place: int
    kind: Kind
    value: Any


@frozen
class BlockDone:
    """All that there is to say about the block *number*, in the order of its items."""

    number: int
    entries: Sequence[Entry]


@frozen
class SentError:
    """An exception on its way to another process; *trace* tells where it was raised."""

    error: BaseException
    trace: str

    def restored(self) -> BaseException:
        """Return the exception, with a note on where it was raised."""
        self.error.add_note(f"raised in a worker process:\n{self.trace}")
        return self.error
