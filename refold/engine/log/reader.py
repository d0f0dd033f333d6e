"""Reading the episodes of a log: which there are, and their streams, each checked."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from math import inf
from typing import Any, NoReturn

from refold.engine.chain import GENESIS, is_chain, link
from refold.engine.errors import AmbiguousEpisode, LogDamaged, NotALog, UnknownEpisode
from refold.engine.log.connection import LogConnection
from refold.engine.log.file import sqlite_errors
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.left_out import LeftOut
from refold.engine.log.places import find_by_place
from refold.engine.log.protocol import Tail
from refold.engine.log.rows import SELECT_EPISODES, read_info
from refold.engine.stream import Stream

PAGE = 500
"""Rows that are read in one query."""
_MOST_MATCHES = 5  # in the message about an ambiguous reference

_STORED = "CAST(v.payload AS BLOB), v.hash"
_EVENTS_OF = (
    "FROM episodes AS e JOIN events AS v ON v.episode = e.id WHERE e.uid = ? ORDER BY v.seq"
)

OF_SCENARIO = """(scenario = :scenario OR (substr(scenario, 1, length(:prefix)) = :prefix
    AND substr(scenario, 1 + length(scenario) - length(:suffix)) = :suffix))"""
"""SQL: whether an episode is of a scenario, or of a family as ``family_values`` gives it."""


def family_values(scenario: str) -> dict[str, str]:
    """Return the parameters of ``OF_SCENARIO`` that hold if *scenario* is the name of a family."""
    family, at, rules = scenario.partition("@")
    return {"prefix": f"{family}/", "suffix": f"{at}{rules}"}


class LogReader(LogConnection):
    """What can be read of a log's episodes; see ``EventLog``."""

    def find(self, reference: str) -> EpisodeInfo:
        """
        Return the episode that *reference* names.

        That is an id, a unique prefix of one, ``last``, or ``RUN:SCENARIO:SEED``, with a unique
        prefix of the run, or ``last`` for the newest one.

        Raises:
            UnknownEpisode: There is none.
            AmbiguousEpisode: Several fit, and it is no whole id.
        """
        if not reference:
            raise self._unknown_episode(reference)
        if reference == "last":
            rows = self._query(f"{SELECT_EPISODES} ORDER BY e.id DESC LIMIT 1")
        else:
            # A whole id first: it may be the beginning of others. A prefix as a range, not LIKE,
            # since ids may hold ``_`` and the range uses the index.
            rows = self._query(f"{SELECT_EPISODES} WHERE e.uid = ?", reference) or self._query(
                f"{SELECT_EPISODES} WHERE e.uid >= ? AND e.uid < ? ORDER BY e.uid LIMIT ?",
                reference,
                f"{reference}\U0010ffff",
                _MOST_MATCHES,
            )
        if not rows:
            return self._find_by_place(reference)
        if len(rows) > 1:
            raise AmbiguousEpisode(reference, [row[1] for row in rows])
        return read_info(rows[0])

    def _find_by_place(self, reference: str) -> EpisodeInfo:
        with sqlite_errors(self.path):
            ids = find_by_place(self._connection, reference)
        if not ids:
            raise self._unknown_episode(reference)
        if len(ids) > 1:
            hint = f" of {len(ids)}, as `refold episodes` lists them"
            raise AmbiguousEpisode(reference, ids[:_MOST_MATCHES], hint=hint)
        return self.find(ids[0])

    def tail(self, reference: str) -> Tail:
        """
        Return the current tail of an episode; raises as ``find`` does.

        Raises:
            LogDamaged: Its events have not the seqs 0, 1, 2 and so on.
        """
        # As in `events`: one query where *reference* is a whole id.
        rows = self._query(
            "SELECT e.id, coalesce(v.seq + 1, 0), coalesce(v.hash, ?),"
            " (SELECT count(*) FROM events WHERE episode = e.id) FROM episodes AS e"
            " LEFT JOIN events AS v ON v.episode = e.id WHERE e.uid = ?"
            " ORDER BY v.seq DESC LIMIT 1",
            GENESIS,
            reference,
        )
        if not rows:
            return self.tail(self.find(reference).id)
        key, seq, head, count = rows[0]
        if seq != count:
            problem = f"expected the last of {count} events at seq {count - 1}, got seq {seq - 1}"
            raise LogDamaged(reference, seq - 1, problem)
        return Tail(key, seq, head)

    def holds(self, id: str) -> bool:
        """Return whether the log holds an episode of that whole *id*."""
        return bool(self._query("SELECT 1 FROM episodes WHERE uid = ?", id))

    def count(self) -> int:
        """Return the number of episodes in the log."""
        return int(self._query("SELECT count(*) FROM episodes")[0][0])

    def began(self) -> str:
        """Return when the first episode began, UTC, ISO 8601; empty if there is none."""
        rows = self._query("SELECT CAST(started_at AS BLOB) FROM episodes ORDER BY id LIMIT 1")
        return str(rows[0][0].decode(errors="replace")) if rows else ""

    def sorted_ids(self) -> Iterator[str]:
        """Yield the ids of all episodes, sorted, as far as the file can be read, page by page."""
        sql = (
            "SELECT CAST(uid AS BLOB) FROM episodes WHERE uid > CAST(? AS TEXT)"
            f" ORDER BY uid LIMIT {PAGE}"
        )
        last = b""
        with suppress(NotALog):  # it is damaged, which is told where an episode is read
            while rows := self._query(sql, last):
                yield from (id.decode(errors="replace") for (id,) in rows)
                last = rows[-1][0]

    def episodes(
        self,
        *,
        scenario: str | None = None,
        agent: str | None = None,
        run: str | None = None,
        newest_first: bool = False,
        left_out: LeftOut | None = None,
    ) -> Iterator[EpisodeInfo]:
        """
        Yield the log's episodes in the order they began, read page by page.

        Args:
            scenario: Only those with this scenario name, or of this family: ``workflow`` with any
                rules, ``workflow@2`` with those.
            agent: Only those of this agent.
            run: Only those of this run.
            newest_first: Reverse the order.
            left_out: Notes those that cannot be read, so that the others follow; None raises.

        Raises:
            LogDamaged: The last step or the end of one cannot be read.
        """
        order, follows = ("DESC", "<") if newest_first else ("ASC", ">")
        # Pages of whole rows instead of an open cursor, which would keep the WAL from being reused.
        # By row number, not OFFSET: a page costs the same anywhere, and new episodes shift nothing.
        where = f"""
            WHERE (:scenario IS NULL OR {OF_SCENARIO})
            AND (:agent IS NULL OR e.agent = :agent) AND (:run IS NULL OR e.run = :run)
            AND e.id {follows} :last ORDER BY e.id {order} LIMIT {PAGE}"""
        # A number from the first page on: with "or NULL", SQLite would go through all rows before.
        before = inf if newest_first else -inf
        chosen: dict[str, Any] = {"scenario": scenario, "agent": agent, "run": run, "last": before}
        chosen |= family_values(scenario or "")
        while rows := self._page(where, chosen, left_out):
            yield from _read_rows((row for _, row in rows if row is not None), left_out)
            chosen["last"] = rows[-1][0]

    def _page(
        self, where: str, chosen: Mapping[str, Any], left_out: LeftOut | None
    ) -> list[tuple[int, Any]]:
        """Return number and row of each episode that fits; None where *left_out* notes an error."""
        try:
            return [(row[0], row) for row in self._query(f"{SELECT_EPISODES} {where}", **chosen)]
        except NotALog:
            if left_out is None:
                raise
        # A page of the file is damaged, and one row that lies there hides all others of the query.
        keys = self._query(f"SELECT e.id, CAST(e.uid AS BLOB) FROM episodes AS e {where}", **chosen)
        return [(key, self._row(key, uid, left_out)) for key, uid in keys]

    def _row(self, key: int, uid: bytes, left_out: LeftOut) -> Any:
        try:
            return self._query(f"{SELECT_EPISODES} WHERE e.id = ?", key)[0]
        except NotALog as error:
            left_out.add(uid.decode(errors="replace"), error)
            return None

    def forks(self, reference: str, *, left_out: LeftOut | None = None) -> list[EpisodeInfo]:
        """
        Return the forks of an episode, in the order they began; raises as ``find`` does.

        *left_out*, if given, notes those that cannot be read.
        """
        return self.forks_of(self.find(reference).id, left_out=left_out)

    def forks_of(self, id: str, *, left_out: LeftOut | None = None) -> list[EpisodeInfo]:
        """Return the forks of the episode with the whole *id*, which need not be in this log."""
        rows = self._query(f"{SELECT_EPISODES} WHERE e.parent = ? ORDER BY e.id", id)
        return list(_read_rows(rows, left_out))

    def events(self, reference: str) -> Stream:
        """
        Return the event stream of the episode that *reference* names, its hash chain checked.

        Raises:
            UnknownEpisode, AmbiguousEpisode: As for ``find``.
            LogDamaged: The chain is broken, or an event cannot be read.
            UnknownName: No installed package provides the episode's family.
        """
        # As if *reference* were a whole id, which it nearly always is: one query, no look-up. BLOB
        # gives the stored bytes, which are what was hashed, without decoding and encoding them.
        # Not the seqs, a twentieth of the cost: hashes cover them, and `tail` looks at the last.
        rows = self._query(f"SELECT {_STORED} {_EVENTS_OF}", reference)
        if not rows:
            id = self.find(reference).id
            if id == reference:
                raise LogDamaged(id, 0, "expected episode_started, got no events")
            return self.events(id)
        payloads, heads = zip(*rows, strict=True)
        if not is_chain(payloads, heads):
            _find_break(self._query(f"SELECT v.seq, {_STORED} {_EVENTS_OF}", reference), reference)
        return Stream.read(payloads, head=heads[-1], episode=reference)

    def _unknown_episode(self, reference: str) -> UnknownEpisode:
        return UnknownEpisode(
            f"episode {reference!r}: expected an id, a unique prefix or 'last' of "
            f"{self.path}, or RUN:SCENARIO:SEED, got none that fits; `refold episodes` lists them"
        )


def _find_break(rows: Iterable[Any], episode: str) -> NoReturn:
    """Raise ``LogDamaged`` at the first of *rows*, each seq, payload and hash, to break a chain."""
    # A gap breaks it too, unless whoever left it computed the hashes anew: hence both.
    head = GENESIS
    for place, (seq, payload, stored) in enumerate(rows):
        try:
            head = link(head, seq, payload)
        except (AttributeError, TypeError, OverflowError):  # types that STRICT does not allow
            raise LogDamaged(episode, place, f"expected an event, got seq {seq!r}") from None
        if head != stored:
            raise LogDamaged(episode, seq, "expected the stored hash to fit, got another")
        if seq != place:
            raise LogDamaged(episode, place, "expected the next event, got a later one")
    raise LogDamaged(
        episode, 0, "expected a log that does not change while it is read, got one that does"
    )


def _read_rows(rows: Iterable[Any], left_out: LeftOut | None) -> Iterator[EpisodeInfo]:
    """Yield the episodes of *rows*; *left_out*, if given, notes those that cannot be read."""
    for row in rows:
        try:
            info = read_info(row)
        except LogDamaged as error:
            if left_out is None:
                raise
            left_out.add(error.episode, error)
        else:
            yield info
