"""The index of a log, asked for episodes, and given what is derived of them elsewhere."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from attrs import evolve, fields

from refold.engine.log.index.file import IndexDamaged, IndexUnusable, index_path, remove_index
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.index.upkeep import COLUMNS, OpenIndex
from refold.engine.log.index.wanted import EVERY, Order, Wanted, condition_of, order_of
from refold.engine.log.info import EpisodeInfo
from refold.engine.log.left_out import LeftOut
from refold.engine.log.reader import PAGE
from refold.engine.log.store import EventLog

T = TypeVar("T")

_FIELDS = tuple(each.name for each in fields(EpisodeInfo))
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
        where, given = condition_of(wanted)
        later, ordered, place = order_of(order, after)
        rows = self.all(
            f"SELECT {', '.join(COLUMNS)} FROM rows WHERE {where} AND {later}"
            f" ORDER BY {ordered} LIMIT :limit",
            {**given, **place, "limit": -1 if limit is None else limit},
        )
        return [_read_row(row) for row in rows]

    def page(
        self,
        left_out: LeftOut,
        wanted: Wanted = EVERY,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        after: int | None = None,
    ) -> list[IndexedEpisode]:
        """
        Return ``rows``, the first 500 of them as the log has them; *left_out* notes damaged ones.

        Raises:
            IndexDamaged: The log has another episode in place of one of these.
        """
        found = self.rows(wanted, order, limit=limit, after=after)
        first, rest = found[:PAGE], found[PAGE:]
        now = dict(self.log.numbered([each.number for each in first], left_out))
        fresh = []
        for each in first:
            info = now.get(each.number)
            if info is None:  # it is damaged
                continue
            if each.info.ended and each.info.digest != info.digest:
                raise IndexDamaged(f"{self._name}: expected the episodes of the log, got others")
            fresh.append(evolve(each, info=info))
        return fresh + rest

    def count(self, wanted: Wanted = EVERY) -> tuple[int, float | None]:
        """Return how many episodes are *wanted*, and the mean of their scores; None without any."""
        where, given = condition_of(wanted)
        ((count, mean),) = self.all(f"SELECT count(*), avg(score) FROM rows WHERE {where}", given)
        return count, mean

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
                    "SELECT id FROM searchable WHERE id IN (SELECT value FROM json_each(?))",
                    (json.dumps(list(words)),),
                )
            }  # another process may have added them
            new = [each for each in words.items() if each[0] not in known]
            self.write("INSERT INTO texts (rowid, words) VALUES (?, ?)", new)
            self.write("INSERT INTO searchable VALUES (?)", ((number,) for number, _ in new))

    def outcomes(self) -> dict[int, tuple[str, bytes]]:
        """Return digest and outcome of each episode that has one, by number."""
        rows = self.all("SELECT id, digest, outcome FROM outcomes")
        return {number: (digest, outcome) for number, digest, outcome in rows}

    def add_outcomes(self, outcomes: Iterable[tuple[int, str, bytes, bytes]]) -> None:
        """Keep number, digest, outcome and figures of episodes, in place of older ones."""
        with self.transaction():
            self.write("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)", outcomes)

    def run_outcomes(self, run: str) -> dict[int, tuple[str, bytes, bytes]]:
        """Return digest, outcome and figures of the episodes of *run* that have them, by number."""
        rows = self.all(
            "SELECT o.id, o.digest, o.outcome, o.figures FROM rows AS r JOIN outcomes AS o"
            " USING (id) WHERE r.run = ?",
            (run,),
        )
        return {number: tuple(kept) for number, *kept in rows}

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
            " WHERE v.version = ? AND v.id IN (SELECT value FROM json_each(?))",
            (version, json.dumps(list(numbers))),
        )
        return dict(rows)

    def add_verdicts(self, verdicts: Sequence[tuple[int, str, int, str]]) -> None:
        """Keep number, digest, version and verdict of episodes, in place of older ones."""
        if verdicts:
            with self.transaction():
                self.write("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)", verdicts)


def ask_index(log: EventLog, question: Callable[[LogIndex], T]) -> T:
    """
    Return what *question* gives for the index of *log*.

    It is asked once more if the index turns out to be damaged, which is made anew then; and of a
    temporary index if none can be kept beside the log.
    """
    path = index_path(log.path)
    try:
        return _ask(log, path, question)
    except IndexDamaged:
        try:
            remove_index(path)
            return _ask(log, path, question)
        except IndexUnusable:
            pass
    except IndexUnusable:
        pass
    return _ask(log, None, question)


def _ask(log: EventLog, path: str | None, question: Callable[[LogIndex], T]) -> T:
    with LogIndex(log, path) as index:
        return question(index)


def _read_row(row: tuple[Any, ...]) -> IndexedEpisode:
    number, *values, read, written, cost, score = row
    # The fields of the record are positional, those of the summary are not.
    info = EpisodeInfo(**dict(zip(_FIELDS, values, strict=True)))
    return IndexedEpisode(number, info, read, written, cost, score)
