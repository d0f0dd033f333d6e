"""Read many episodes although some cannot be read: they are noted, and the others go on."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from attrs import Factory, define

from refold.engine.errors import LogDamaged, RefoldError
from refold.engine.log.info import EpisodeInfo

T = TypeVar("T")
ItemT = TypeVar("ItemT")

_id_of: Callable[[Any], str] = attrgetter("id")


class _Finder(Protocol):
    """A log in which episodes can be looked up."""

    def find(self, reference: str) -> EpisodeInfo: ...


@define
class LeftOut:
    """
    The episodes that could not be read.

    Attributes:
        problems: By id, the first problem of each in one line that names it.
    """

    problems: dict[str, str] = Factory(dict)

    def __bool__(self) -> bool:
        """Return whether any episode was left out."""
        return bool(self.problems)

    def add(self, id: str, error: RefoldError) -> None:
        """Note that *error* came of the episode *id*."""
        text = "; ".join(str(error).split("\n"))
        named = text if id in text else f"episode {id}: {text}"
        self.problems.setdefault(id, named)

    def read_each(
        self,
        items: Iterable[ItemT],
        read: Callable[[ItemT], T],
        *,
        id: Callable[[ItemT], str] = _id_of,
    ) -> Iterator[tuple[ItemT, T]]:
        """
        Yield each of *items* with what *read* returns; those for which it raises are noted.

        Items are episodes, or anything of which *id* returns the episode's id.
        """
        for item in items:
            try:
                value = read(item)
            except RefoldError as error:
                self.add(id(item), error)
            else:
                yield item, value

    def find_each(self, log: _Finder, references: Iterable[str]) -> list[EpisodeInfo]:
        """
        Return the episodes of *log* that *references* name; damaged ones are noted.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As ``EventLog.find``.
        """
        found = []
        for reference in references:
            try:
                found.append(log.find(reference))
            except LogDamaged as error:
                self.add(error.episode, error)
        return found
