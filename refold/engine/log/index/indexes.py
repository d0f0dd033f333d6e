"""The indexes of several logs, asked as one."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from msgspec.structs import replace

from refold.engine.log.index.index import NEWEST_FIRST, LogIndex
from refold.engine.log.index.rows import IndexedEpisode, KeptOutcome
from refold.engine.log.index.upkeep import Watch
from refold.engine.log.index.wanted import EVERY, Order, Wanted
from refold.engine.log.left_out import LeftOut
from refold.engine.log.store import EventLog

T = TypeVar("T")

_BITS = 40
_OWN = (1 << _BITS) - 1


class LogIndexes(LogIndex):
    """
    The *indexes* of the logs that *log* consists of, in their order; see ``LogIndex``.

    The number of an episode is that of its log, from 0 on, in the bits above the lowest 40, and in
    these its number there.
    """

    def __init__(self, log: EventLog, indexes: Sequence[LogIndex]) -> None:
        self.log = log
        self._indexes = indexes

    def catch_up(
        self, left_out: LeftOut, wanted: Wanted = EVERY, watch: Watch | None = None
    ) -> None:
        """Bring all indexes up to date with their logs."""
        for index in self._indexes:
            index.catch_up(left_out, wanted, watch)

    def numbers(
        self,
        wanted: Wanted = EVERY,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        after: int | None = None,
    ) -> Sequence[int]:
        """Return the numbers of the episodes that are *wanted*, *limit* at most, in order."""
        assert after is None, "pages are of one log"
        if order.by != "began":
            valued = self.valued(wanted, order, limit=limit)
            return array("q", (number for number, _ in valued))
        found = array("q")
        for place in self._places(falling=order.falling):
            left = None if limit is None else limit - len(found)
            own = self._indexes[place].numbers(wanted, order, limit=left)
            found.extend(place << _BITS | number for number in own)
        return found

    def valued(
        self, wanted: Wanted, order: Order, *, limit: int | None
    ) -> list[tuple[int, float | str | None]]:
        """Return ``numbers``, each with the value that *order* goes by."""
        # Of equal ones the newest comes first, so the last log does; those without a value follow.
        some, none = [], []
        for place in self._places(falling=True):
            found = self._indexes[place].valued(wanted, order, limit=limit)
            own = [(place << _BITS | number, value) for number, value in found]
            some.append([each for each in own if each[1] is not None])
            none.append([each for each in own if each[1] is None])
        merged = merge(*some, key=itemgetter(1), reverse=order.falling)
        return list(islice(chain(merged, *none), limit))

    def each(self, numbers: Sequence[int]) -> Iterator[IndexedEpisode]:
        """Yield the episodes of these *numbers* in their order, as far as they are still there."""
        for place, group in groupby(numbers, key=lambda number: number >> _BITS):
            own = [number & _OWN for number in group]
            yield from (_numbered(place, row) for row in self._indexes[place].each(own))

    def as_of_log(
        self, episodes: Sequence[IndexedEpisode], left_out: LeftOut
    ) -> list[IndexedEpisode]:
        """Return *episodes* as the logs have them now; see ``LogIndex``."""
        found = []
        for place, group in groupby(episodes, key=lambda each: each.number >> _BITS):
            own = [replace(each, number=each.number & _OWN) for each in group]
            now = self._indexes[place].as_of_log(own, left_out)
            found += [_numbered(place, row) for row in now]
        return found

    def count(self, wanted: Wanted = EVERY) -> tuple[int, float | None]:
        """Return how many episodes are *wanted*, and the mean of their scores; None without any."""
        scored = [index.scores(wanted) for index in self._indexes]
        count, total, number = (sum(values) for values in zip(*scored, strict=True))
        return int(count), total / number if number else None

    def unsearchable(self) -> list[tuple[int, str]]:
        """Return number and id of each ended episode whose words are not there, newest first."""
        return [
            (place << _BITS | number, id)
            for place in self._places(falling=True)
            for number, id in self._indexes[place].unsearchable()
        ]

    def add_words(self, words: Mapping[int, str]) -> None:
        """Make episodes searchable by their *words*, by number."""
        for place, numbers in self._dealt(words).items():
            own = {number & _OWN: words[number] for number in numbers}
            self._indexes[place].add_words(own)

    def without_outcomes(self, wanted: Wanted = EVERY) -> Sequence[int]:
        """Return the numbers of those *wanted* that have no outcome yet, oldest first."""
        found = array("q")
        for place, index in enumerate(self._indexes):
            found.extend(place << _BITS | number for number in index.without_outcomes(wanted))
        return found

    def outcomes(self, wanted: Wanted = EVERY) -> Iterator[tuple[Any, ...]]:
        """Yield what standings need of the episodes that are *wanted* and have an outcome."""
        for index in self._indexes:
            yield from index.outcomes(wanted)

    def add_outcomes(self, outcomes: Mapping[int, KeptOutcome]) -> None:
        """Keep the *outcomes* of episodes, by number, in place of older ones."""
        for place, numbers in self._dealt(outcomes).items():
            own = {number & _OWN: outcomes[number] for number in numbers}
            self._indexes[place].add_outcomes(own)

    def verdicts(self, numbers: Iterable[int], version: int) -> dict[int, str]:
        """Return the verdicts of this *version* on those of these episodes that have one."""
        return self._of_each(numbers, lambda index, own: index.verdicts(own, version))

    def add_verdicts(self, verdicts: Sequence[tuple[int, str, int, str]]) -> None:
        """Keep number, digest, version and verdict of episodes, in place of older ones."""
        dealt: dict[int, list[tuple[int, str, int, str]]] = defaultdict(list)
        for number, digest, version, verdict in verdicts:
            dealt[number >> _BITS].append((number & _OWN, digest, version, verdict))
        for place, own in dealt.items():
            self._indexes[place].add_verdicts(own)

    def _places(self, *, falling: bool) -> Sequence[int]:
        places = range(len(self._indexes))
        return places[::-1] if falling else places

    def _dealt(self, numbers: Iterable[int]) -> Mapping[int, list[int]]:
        """Return *numbers* by the place of their log."""
        dealt: dict[int, list[int]] = defaultdict(list)
        for number in numbers:
            dealt[number >> _BITS].append(number)
        return dealt

    def _of_each(
        self, numbers: Iterable[int], read: Callable[[LogIndex, list[int]], Mapping[int, T]]
    ) -> dict[int, T]:
        found = {}
        for place, group in self._dealt(numbers).items():
            own = read(self._indexes[place], [number & _OWN for number in group])
            found.update({place << _BITS | number: value for number, value in own.items()})
        return found


def _numbered(place: int, row: IndexedEpisode) -> IndexedEpisode:
    return replace(row, number=place << _BITS | row.number)
