"""The index of a log, asked for episodes, and given what is derived of them elsewhere."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import astuple, replace

from refold.engine.log.index.file import IndexDamaged
from refold.engine.log.index.rows import (
    INFO_FIELDS,
    IndexedEpisode,
    KeptOutcome,
    saved_scores,
    values_of,
)
from refold.engine.log.index.upkeep import COLUMNS, OpenIndex
from refold.engine.log.index.wanted import EVERY, SORTS, Order, Wanted, condition_of, order_of
from refold.engine.log.left_out import LeftOut
from refold.engine.log.reader import PAGE

_CHOSEN = "IN (SELECT value FROM json_each(?))"
NEWEST_FIRST = Order()


class LogIndex(OpenIndex):
    """An index that can be asked; see ``OpenIndex``."""

    def rows(
        self,
        wanted: Wanted = EVERY,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        after: int | None = None,
    ) -> list[IndexedEpisode]:
        """Return the episodes that are *wanted*, *limit* at most, from after number *after*."""
        return list(self.each(self.numbers(wanted, order, limit=limit, after=after)))

    def numbers(
        self,
        wanted: Wanted = EVERY,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        after: int | None = None,
    ) -> Sequence[int]:
        """Return the numbers of what ``rows`` returns: to sort these is three times as fast."""
        where, given = condition_of(wanted)
        later, ordered, place = order_of(order, after)
        return self.all_numbers(
            f"SELECT id FROM rows WHERE {where} AND {later} ORDER BY {ordered} LIMIT :limit",
            {**given, **place, "limit": -1 if limit is None else limit},
        )

    def valued(
        self, wanted: Wanted, order: Order, *, limit: int | None
    ) -> list[tuple[int, float | str | None]]:
        """Return ``numbers``, each with the value that *order* goes by."""
        where, given = condition_of(wanted)
        _, ordered, _ = order_of(order, None)
        sql = f"SELECT id, {SORTS[order.by]} FROM rows WHERE {where} ORDER BY {ordered}"
        return self.all(f"{sql} LIMIT :limit", {**given, "limit": -1 if limit is None else limit})

    def each(self, numbers: Sequence[int]) -> Iterator[IndexedEpisode]:
        """Yield the episodes of these *numbers* in their order, as far as they are still there."""
        for first in range(0, len(numbers), PAGE):
            page = numbers[first : first + PAGE]
            rows = self.all(
                f"SELECT {', '.join(COLUMNS)} FROM rows WHERE id {_CHOSEN}",
                (json.dumps(list(page)),),
            )
            found = {row[0]: row for row in rows}
            yield from (IndexedEpisode(*found[number]) for number in page if number in found)

    def page(
        self,
        left_out: LeftOut,
        wanted: Wanted = EVERY,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        after: int | None = None,
    ) -> list[IndexedEpisode]:
        """Return ``rows``, the first 500 of them ``as_of_log``."""
        found = self.rows(wanted, order, limit=limit, after=after)
        return self.as_of_log(found[:PAGE], left_out) + found[PAGE:]

    def as_of_log(
        self, episodes: Sequence[IndexedEpisode], left_out: LeftOut
    ) -> list[IndexedEpisode]:
        """
        Return *episodes* and their scores as the log has them now; *left_out* notes damaged ones.

        Raises:
            IndexDamaged: The log has another episode in place of one of these.
        """
        numbers = [each.number for each in episodes]
        now = dict(self.log.numbered(numbers, left_out))
        saved = saved_scores(self.log, numbers)
        fresh = []
        for each in episodes:
            info = now.get(each.number)
            if info is None:  # it is damaged
                continue
            if each.ended and each.digest != info.digest:
                raise IndexDamaged(self._path, "expected the episodes of the log, got others")
            fields = dict(zip(INFO_FIELDS, values_of(info), strict=True))
            score, scores = saved[each.number]
            fresh.append(replace(each, **fields, score=score, scores=scores))
        return fresh

    def count(self, wanted: Wanted = EVERY) -> tuple[int, float | None]:
        """Return how many episodes are *wanted*, and the mean of their scores; None without any."""
        count, total, scored = self.scores(wanted)
        return count, total / scored if scored else None

    def scores(self, wanted: Wanted) -> tuple[int, float, int]:
        """Return how many episodes are *wanted*, the sum of their scores, and how many have one."""
        where, given = condition_of(wanted)
        ((count, total, scored),) = self.all(
            f"SELECT count(*), total(score), count(score) FROM rows WHERE {where}", given
        )
        return count, total, scored

    def number_of(self, id: str) -> int | None:
        """Return the number of the episode with the whole *id*; None if it is not there."""
        rows = self.all("SELECT id FROM rows WHERE uid = ?", (id,))
        return rows[0][0] if rows else None

    def errors(self) -> list[str]:
        """Return the errors that any episode met, sorted."""
        return [row[0] for row in self.all("SELECT DISTINCT error FROM errors ORDER BY error")]

    def unsearchable(self) -> list[tuple[int, str]]:
        """Return number and id of each ended episode whose words are not there, newest first."""
        # Of a running one, a search must not tell what its agent is still to find out.
        return self.all(
            "SELECT id, uid FROM rows WHERE ended IS NOT NULL"
            " AND id NOT IN (SELECT id FROM searchable) ORDER BY id DESC"
        )

    def add_words(self, words: Mapping[int, str]) -> None:
        """Make episodes searchable by their *words*, by number."""
        with self.transaction():
            known = {
                number
                for (number,) in self.all(
                    f"SELECT id FROM searchable WHERE id {_CHOSEN}",
                    (json.dumps(list(words)),),
                )
            }  # another process may have added them
            new = [each for each in words.items() if each[0] not in known]
            self.write("INSERT INTO texts (rowid, words) VALUES (?, ?)", new)
            self.write("INSERT INTO searchable VALUES (?)", ((number,) for number, _ in new))

    def without_outcomes(self, wanted: Wanted = EVERY) -> Sequence[int]:
        """Return the numbers of those *wanted* that have no outcome yet, oldest first."""
        where, given = condition_of(wanted)
        known = "SELECT 1 FROM outcomes AS o WHERE o.id = rows.id AND o.digest = rows.digest"
        sql = f"SELECT id FROM rows WHERE {where} AND NOT EXISTS ({known}) ORDER BY id"
        return self.all_numbers(sql, given)

    def outcomes(self, wanted: Wanted = EVERY) -> Iterator[tuple[Any, ...]]:
        """
        Yield what standings need of the episodes that are *wanted* and have an outcome.

        That is id, run, agent, seed, score, why that does not count, when it began and ended, and
        the setting, oldest first.
        """
        where, given = condition_of(wanted)
        # Not by number, as in ``each``: there are most of these, and in this order.
        sql = (
            "SELECT uid, run, agent, seed, recorded_score, excluded, started_at, ended_at, body, id"
            " FROM rows LEFT JOIN outcomes USING (id, digest) LEFT JOIN settings USING (setting)"
            f" WHERE {where} AND id > :last ORDER BY id LIMIT {PAGE}"
        )
        last = 0
        while rows := self.all(sql, {**given, "last": last}):
            yield from (found for *found, _ in rows if found[-1] is not None)
            last = rows[-1][-1]

    def add_outcomes(self, outcomes: Mapping[int, KeptOutcome]) -> None:
        """Keep the *outcomes* of episodes, by number, in place of older ones."""
        rows = [(number, *astuple(each)) for number, each in outcomes.items()]
        settings = {each.setting for each in outcomes.values()}
        with self.transaction():
            self.write(
                "INSERT OR IGNORE INTO settings (body) VALUES (?)", ((body,) for body in settings)
            )
            self.write(
                "INSERT OR REPLACE INTO outcomes VALUES"
                " (?, ?, (SELECT setting FROM settings WHERE body = ?), ?, ?, ?, ?)",
                rows,
            )

    def run_outcomes(self, run: str) -> dict[int, KeptOutcome]:
        """Return the outcomes of the episodes of *run* that have one, by number."""
        rows = self.all(
            "SELECT id, o.digest, body, recorded_score, excluded, counts, figures"
            " FROM rows AS r JOIN outcomes AS o USING (id) JOIN settings USING (setting)"
            " WHERE r.run = ?",
            (run,),
        )
        return {number: KeptOutcome(*kept) for number, *kept in rows}

    def run_states(self) -> dict[str, str]:
        """
        Return the state of each run by name, the newest first.

        Equal states mean that no episode of it began or ended; forks and what has no run are none.
        """
        # Sorted by run in its index already; an episode's row stays as it is once it has ended.
        rows = self.all(
            "SELECT run, max(id) AS newest, count(*), count(ended) FROM rows"
            " WHERE run > '' AND parent IS NULL GROUP BY run ORDER BY newest DESC"
        )
        return {run: f"{newest}.{count}.{ended}" for run, newest, count, ended in rows}

    def open_steps(self) -> dict[str, int]:
        """Return how many steps the episodes that have not ended have taken, by their runs."""
        return dict(self.all("SELECT run, sum(steps) FROM rows WHERE ended IS NULL GROUP BY run"))

    def run_glance(self, run: str) -> tuple[list[str], list[str], int, int, str]:
        """Return agents and scenarios of *run*, its episodes, how many ended, and when it began."""
        of_run = "FROM rows WHERE run = ? AND parent IS NULL"
        (figures,) = self.all(f"SELECT count(*), count(ended), min(started_at) {of_run}", (run,))
        agents, scenarios = (
            [name for (name,) in self.all(f"SELECT DISTINCT {each} {of_run}", (run,))]
            for each in ("agent", "scenario")
        )
        return agents, scenarios, *figures

    def summaries(self, pass_at: float) -> dict[str, tuple[str, bytes]]:
        """Return state and summary of each run that has one by this pass mark."""
        rows = self.all("SELECT run, state, summary FROM summaries WHERE pass_at = ?", (pass_at,))
        return {run: (state, summary) for run, state, summary in rows}

    def add_summary(self, run: str, pass_at: float, state: str, summary: bytes) -> None:
        """Keep the summary of a *run* in this *state*, in place of an older one."""
        with self.transaction():
            row = (run, pass_at, state, summary)
            self.write("INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?)", [row])

    def verdicts(self, numbers: Iterable[int], version: int) -> dict[int, str]:
        """Return the verdicts of this *version* on those of these episodes that have one."""
        rows = self.all(
            "SELECT v.id, v.verdict FROM verdicts AS v JOIN rows AS r USING (id, digest)"
            f" WHERE v.version = ? AND v.id {_CHOSEN}",
            (version, json.dumps(list(numbers))),
        )
        return dict(rows)

    def add_verdicts(self, verdicts: Sequence[tuple[int, str, int, str]]) -> None:
        """Keep number, digest, version and verdict of episodes, in place of older ones."""
        if verdicts:
            with self.transaction():
                self.write("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", verdicts)
