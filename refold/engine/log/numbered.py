"""A log's episodes by row number, in bulk: what an index beside the log is made of."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from refold.engine.errors import LogDamaged, NotALog
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.left_out import LeftOut
from refold.engine.log.reader import PAGE, LogReader
from refold.engine.log.rows import read_info

_CHOSEN = "IN (SELECT value FROM json_each(?))"


class NumberedEpisodes(LogReader):
    """What can be read of a log's episodes by their numbers, which grow as they begin."""

    def stamp(self) -> str:
        """Return what tells this log from others, as long as nothing is deleted; empty at first."""
        rows = self._query(
            "SELECT uid, started_at, (SELECT hex(hash) FROM events WHERE episode = e.id"
            " AND seq = 0) FROM episodes AS e ORDER BY id LIMIT 1"
        )
        return " ".join(map(str, rows[0])) if rows else ""

    def last_number(self) -> int:
        """Return the number of the newest episode; 0 if there is none."""
        return int(self._query("SELECT coalesce(max(id), 0) FROM episodes")[0][0])

    def id_of(self, number: int) -> str:
        """Return the id of the episode of that *number*, which the log has."""
        rows = self._query("SELECT CAST(uid AS BLOB) FROM episodes WHERE id = ?", number)
        return str(rows[0][0].decode(errors="replace"))

    def names_of(self, number: int) -> tuple[str | None, ...]:
        """Return scenario, agent, run and parent of an episode; None each if it is damaged."""
        try:
            rows = self._query(
                "SELECT scenario, agent, run, parent FROM episodes WHERE id = ?", number
            )
        except NotALog:
            return (None,) * 4
        return tuple(rows[0])

    def numbers_after(self, number: int) -> list[int]:
        """Return the numbers of the next episodes after *number*, 500 at most, in order."""
        rows = self._query(f"SELECT id FROM episodes WHERE id > ? ORDER BY id LIMIT {PAGE}", number)
        return [row[0] for row in rows]

    def numbered(
        self, numbers: Iterable[int], left_out: LeftOut
    ) -> Iterator[tuple[int, EpisodeInfo]]:
        """Yield the episodes of these *numbers*, in order; *left_out* notes damaged ones."""
        where = "WHERE e.id IN (SELECT value FROM json_each(:numbers)) ORDER BY e.id"
        for number, row in self._page(where, {"numbers": json.dumps(list(numbers))}, left_out):
            try:
                if row is not None:
                    yield number, read_info(row)
            except LogDamaged as error:
                left_out.add(error.episode, error)

    def digests(self, numbers: Iterable[int]) -> Mapping[int, str]:
        """Return the digest of each episode of these *numbers*, as stored."""
        rows = self._query(
            "SELECT e.id, lower(hex((SELECT hash FROM events WHERE episode = e.id"
            f" ORDER BY seq DESC LIMIT 1))) FROM episodes AS e WHERE e.id {_CHOSEN}",
            json.dumps(list(numbers)),
        )
        return dict(rows)

    def events_of_kinds(
        self, numbers: Sequence[int], kinds: Iterable[str]
    ) -> Iterator[tuple[int, bytes]]:
        """
        Yield number and payload of each event of these *kinds* in the episodes of these *numbers*.

        The payloads are as stored, unchecked: hash chains are checked where an episode is read.
        """
        is_one = " OR ".join(f"""v.payload GLOB '{{"type":"{kind}",*'""" for kind in kinds)
        yield from self._query(
            "SELECT v.episode, CAST(v.payload AS BLOB) FROM events AS v"
            f" WHERE v.episode {_CHOSEN} AND ({is_one}) ORDER BY v.episode, v.seq",
            json.dumps(list(numbers)),
        )

    def saved_grades(self, numbers: Iterable[int]) -> Mapping[int, list[tuple[float, bytes]]]:
        """
        Return the saved grades of each episode of these *numbers* that has some.

        Each is its score and all of it as JSON, in the order of saving.
        """
        rows = self._query(
            "SELECT episode, score, CAST(grade AS BLOB) FROM grades"
            f" WHERE episode {_CHOSEN} ORDER BY episode, rowid",
            json.dumps(list(numbers)),
        )
        found: dict[int, list[tuple[float, bytes]]] = {}
        for number, *saved in rows:
            found.setdefault(number, []).append(tuple(saved))
        return found

    def graded_after(self, number: int) -> list[int]:
        """Return the numbers of the episodes with grades that were saved after grade *number*."""
        rows = self._query("SELECT DISTINCT episode FROM grades WHERE rowid > ?", number)
        return [row[0] for row in rows]

    def grades_so_far(self) -> tuple[int, int]:
        """Return the number of the last grade, and how many there are."""
        # Of grades that are altered, ``save_grade`` changes the numbers.
        last = self._query("SELECT coalesce(max(rowid), 0) FROM grades")[0][0]
        return last, self._query("SELECT count(*) FROM grades")[0][0]
