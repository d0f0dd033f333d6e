"""Read many episodes although some cannot be read: they are noted, and the others go on."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from attrs import Factory, define

from refold.engine.errors import LogDamaged, RefoldError
from refold.engine.log.info import EpisodeInfo

T = TypeVar("T")


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
        self, infos: Iterable[EpisodeInfo], read: Callable[[EpisodeInfo], T]
    ) -> Iterator[tuple[EpisodeInfo, T]]:
        """Yield each of *infos* with what *read* returns; those for which it raises are noted."""
        for info in infos:
            try:
                value = read(info)
            except RefoldError as error:
                self.add(info.id, error)
            else:
                yield info, value

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
