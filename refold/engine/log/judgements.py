"""
What judges answered, beside the episodes: questions by their digest, answers by question and judge.

Nothing here reads an answer: to the log it is a payload with a hash, as an event is. Neither is
tied to an episode, since equal evidence makes an equal question.
"""

import sqlite3
import zlib
from collections.abc import Iterator

from attrs import frozen

_PAGE = 500
_LARGEST = 64 * 2**20  # bytes of a question; a few of zlib's could be gigabytes

_COLUMNS = "question, judge, attempt, payload, hash, asked_at, first_asked_of"


@frozen
class Judgement:
    """
    An answer of a judge.

    Attributes:
        question: Digest of the question, hex.
        judge: Digest of the judge, hex.
        attempt: Which answer of that judge to that question, 0-based.
        payload: Canonical JSON of the answer.
        hash: SHA-256 over these four, 32 bytes.
        asked_at: When, UTC.
        first_asked_of: Id of the episode that it was first asked of.
    """

    question: str
    judge: str
    attempt: int
    payload: bytes
    hash: bytes
    asked_at: str
    first_asked_of: str


def pack(body: bytes) -> bytes:
    """Return the *body* of a question as it is stored."""
    return zlib.compress(body, 9)


def unpack(stored: bytes) -> bytes | None:
    """Return the body of a question that is *stored*; None if it is none, or too large."""
    inflate = zlib.decompressobj()
    try:
        body = inflate.decompress(stored, _LARGEST)
    except (zlib.error, TypeError):
        return None
    return body if inflate.eof and not inflate.unused_data else None


def has_judgements(connection: sqlite3.Connection) -> bool:
    """Return whether the log has the tables: one of an older version, read-only, has not."""
    known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'judgements'"
    return bool(connection.execute(known).fetchone()[0])


def save_judgement(connection: sqlite3.Connection, found: Judgement, body: bytes) -> bool:
    """
    Save an answer and the *body* of its question, unless there is one; return whether not.

    In the caller's transaction.
    """
    connection.execute(
        "INSERT INTO questions (digest, body) SELECT ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM questions WHERE digest = ?)",
        (found.question, pack(body), found.question),
    )
    key = (found.question, found.judge, found.attempt)
    rest = (found.payload.decode(), found.hash, found.asked_at, found.first_asked_of)
    cursor = connection.execute(
        f"INSERT INTO judgements ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM judgements"
        " WHERE question = ? AND judge = ? AND attempt = ?)",
        (*key, *rest, *key),
    )
    return cursor.rowcount > 0


def find_payload(
    connection: sqlite3.Connection, question: str, judge: str, attempt: int
) -> tuple[bytes, bytes] | None:
    """Return payload and hash of an answer; None if there is none."""
    row = connection.execute(
        "SELECT CAST(payload AS BLOB), hash FROM judgements"
        " WHERE question = ? AND judge = ? AND attempt = ?",
        (question, judge, attempt),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def each_judge(connection: sqlite3.Connection) -> list[bytes]:
    """Return the payload of one answer of each judge, in the order in which they first answered."""
    if not has_judgements(connection):
        return []
    first = "SELECT min(id) FROM judgements GROUP BY judge"
    rows = connection.execute(
        f"SELECT CAST(payload AS BLOB) FROM judgements WHERE id IN ({first}) ORDER BY id"
    )
    return [payload for (payload,) in rows.fetchall()]


def each_judgement(connection: sqlite3.Connection) -> Iterator[tuple[Judgement, bytes]]:
    """Yield every answer with the stored body of its question, in the order of saving, by pages."""
    last = 0
    while has_judgements(connection):
        rows = connection.execute(
            "SELECT a.id, q.body, a.question, a.judge, a.attempt, CAST(a.payload AS BLOB), a.hash,"
            " a.asked_at, a.first_asked_of FROM judgements AS a"
            " LEFT JOIN questions AS q ON q.digest = a.question"
            f" WHERE a.id > ? ORDER BY a.id LIMIT {_PAGE}",
            (last,),
        ).fetchall()
        for id, body, *found in rows:
            last = id
            yield Judgement(*found), body
        if len(rows) < _PAGE:
            return
