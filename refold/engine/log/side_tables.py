"""What a log keeps beside its events: grades, origins, judges' answers, remarks of people."""

from collections.abc import Iterator

from refold.engine.log.file import sqlite_errors
from refold.engine.log.judgements import (
    Judgement,
    each_judge,
    each_judgement,
    find_payload,
    has_judgements,
    save_judgement,
)
from refold.engine.log.numbered import NumberedEpisodes
from refold.engine.log.origins import Origin, find_origin, save_origin
from refold.engine.log.remarks import Remark, count_later_events, find_remarks, save_remark


class SideTables(NumberedEpisodes):
    """What is said of a log's episodes, none of it in their hash chains; see ``EventLog``."""

    def save_grade(
        self, episode: str, *, digest: str, rubric: tuple[str, int, str], score: float, grade: bytes
    ) -> None:
        """
        Save a grade of an episode, in place of an earlier one by the same rubric.

        Args:
            episode: Id of the episode.
            digest: Digest of the events that were graded.
            rubric: Name, version and digest of the rubric.
            score: The score.
            grade: The whole grade, canonical JSON.

        Raises:
            UnknownEpisode: The log holds no episode of that id.
        """
        with self.transaction():
            self._renumber_grades(episode, rubric[2], score)
            cursor = self._connection.execute(
                "INSERT INTO grades (episode, digest, rubric, version, rubric_digest, score, grade)"
                " SELECT id, ?, ?, ?, ?, ?, ? FROM episodes WHERE uid = ?"
                " ON CONFLICT DO UPDATE SET digest = excluded.digest, score = excluded.score,"
                " grade = excluded.grade",
                (digest, *rubric, score, grade.decode(), episode),
            )
            if not cursor.rowcount:
                raise self._unknown_episode(episode)

    def _renumber_grades(self, episode: str, rubric_digest: str, score: float) -> None:
        """Number an episode's grades anew, in their order, if that by a rubric is to be altered."""
        # So that an index, which knows the grades up to a number, finds the altered ones.
        rows = self._connection.execute(
            "SELECT g.rowid, g.rubric_digest = ? AND g.score <> ? FROM grades AS g"
            " JOIN episodes AS e ON e.id = g.episode WHERE e.uid = ? ORDER BY g.rowid",
            (rubric_digest, score, episode),
        ).fetchall()
        if any(altered for _, altered in rows):
            self._connection.executemany(
                "UPDATE grades SET rowid = (SELECT max(rowid) FROM grades) + 1 WHERE rowid = ?",
                ((number,) for number, _ in rows),
            )

    def grades(self, reference: str) -> list[bytes]:
        """Return the saved grades of an episode as canonical JSON, in the order of saving."""
        rows = self._query(
            "SELECT CAST(g.grade AS BLOB) FROM episodes AS e JOIN grades AS g ON g.episode = e.id"
            " WHERE e.uid = ? ORDER BY g.rowid",
            reference,
        )
        if not rows and not self.holds(reference):
            return self.grades(self.find(reference).id)
        return [row[0] for row in rows]

    def graded_by(self) -> list[tuple[str, int, str]]:
        """Return name, version and digest of each rubric that saved grades are by, sorted."""
        rows = self._query(
            "SELECT DISTINCT rubric, version, rubric_digest FROM grades ORDER BY 1, 2, 3"
        )
        return [tuple(row) for row in rows]

    def save_origin(self, episode: str, origin: Origin) -> None:
        """Save where the episode with the id *episode* came from, unless that is known."""
        with self.transaction():
            save_origin(self._connection, episode, origin)

    def origin(self, episode: str) -> Origin | None:
        """Return where the episode with the id *episode* came from; None if it was played here."""
        with sqlite_errors(self.path):
            return find_origin(self._connection, episode)

    def save_judgement(self, found: Judgement, body: bytes) -> bool:
        """
        Save a judge's answer to the question *body*, unless there is one; return whether not.

        An answer is never replaced: the first one to a question, by a judge, is what counts.
        """
        with self.transaction():
            return save_judgement(self._connection, found, body)

    def judgement(self, question: str, judge: str, attempt: int) -> tuple[bytes, bytes] | None:
        """Return payload and hash of a judge's answer, by digests; None if there is none."""
        with sqlite_errors(self.path):
            if not has_judgements(self._connection):
                return None
            return find_payload(self._connection, question, judge, attempt)

    def judges(self) -> list[bytes]:
        """Return the payload of one answer of each judge, the judge that first answered first."""
        with sqlite_errors(self.path):
            return each_judge(self._connection)

    def judgements(self) -> Iterator[tuple[Judgement, bytes]]:
        """Yield every answer of a judge with the stored body of its question, oldest first."""
        with sqlite_errors(self.path):
            yield from each_judgement(self._connection)

    def save_remark(self, remark: Remark) -> bool:
        """
        Save what a person says of an episode; return False if that is there already.

        Raises:
            UnknownEpisode: The log holds no episode of that id.
        """
        with self.transaction():
            if not self.holds(remark.episode):
                raise self._unknown_episode(remark.episode)
            return save_remark(self._connection, remark)

    def remarks(self, episode: str | None = None) -> list[Remark]:
        """
        Return what people said of the episode with the id *episode*, of all if None, oldest first.

        Raises:
            RefoldError: A remark was altered.
        """
        with sqlite_errors(self.path):
            return find_remarks(self._connection, episode)

    def later_events(self, remark: Remark) -> int | None:
        """Return how many events came after a *remark*; None if it is of no state there was."""
        with sqlite_errors(self.path):
            return count_later_events(self._connection, remark.episode, remark.digest)
