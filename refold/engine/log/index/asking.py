"""Asking the index of a log, or the indexes of several as one, that may have to be made anew."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from typing import TypeVar

from refold.engine.log.index.file import IndexDamaged, IndexUnusable, index_path, remove_index
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.indexes import LogIndexes
from refold.engine.log.store import EventLog

T = TypeVar("T")


def ask_index(log: EventLog, question: Callable[[LogIndex], T]) -> T:
    """
    Return what *question* gives for the index of *log*.

    It is asked once more if the index turns out to be damaged, which is made anew then; and of a
    temporary index if none can be kept beside the log.
    """
    with closing(ask_for_each(log, lambda index: iter([question(index)]))) as found:
        return next(found)


def ask_for_each(
    log: EventLog, question: Callable[[LogIndex], Iterator[T]]
) -> Generator[T, None, None]:
    """
    Yield what *question* yields for the index of *log*, asked once more as by ``ask_index``.

    Raises:
        IndexUnusable: The index cannot be used any longer, after the first of them.
    """
    paths = [index_path(each.path) for each in log.parts]
    places: dict[str, str | None] = dict(zip(paths, paths, strict=True))
    renewed: set[str] = set()
    while True:
        begun = False
        try:
            with ExitStack() as stack:
                opened = [
                    stack.enter_context(LogIndex(each, place))
                    for each, place in zip(log.parts, places.values(), strict=True)
                ]
                index = opened[0] if len(opened) == 1 else LogIndexes(log, opened)
                for each in question(index):
                    begun = True
                    yield each
                return
        except IndexUnusable as error:
            if begun or error.path is None:
                raise
            places[error.path] = _renewed(error, renewed)


def _renewed(error: IndexUnusable, renewed: set[str]) -> str | None:
    """Return the path to be used after *error*; None if the index has to be a temporary one."""
    path = error.path
    if not isinstance(error, IndexDamaged) or path is None or path in renewed:
        return None
    renewed.add(path)
    try:
        remove_index(path)
    except IndexUnusable:
        return None
    return path
