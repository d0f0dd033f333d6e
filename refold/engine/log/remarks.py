"""
What people say of episodes, beside the events: labels, tags and notes.

A remark is never changed: a newer one by the same person, of the same name, on the same episode
and step takes its place, and one without a value takes it back. Its hash covers all of it, so a
remark that was altered, or moved to another episode, is known.
"""

import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

import msgspec
from attrs import frozen

from refold.engine.codec import encode
from refold.engine.errors import RefoldError

Kind = Literal["label", "tag", "note"]

LONGEST_NAME = 64
"""Characters of a name, a value or a tag."""
LONGEST_AUTHOR = 100
LONGEST_NOTE = 5000
LONGEST_DRAWN = 300
MOST_CHOICES = 9
"""Values that a label may have: one for each key."""

_SEPARATOR = ","


@frozen
class Remark:
    """
    What a person says of an episode, or of one of its steps.

    Attributes:
        episode: Id of the episode.
        digest: Its digest when this was said, hex: head of its hash chain.
        step: Position in it, the number of actions before; None for the whole episode.
        kind: ``label``, ``tag`` or ``note``.
        name: Name of the label, or the tag; empty for notes.
        value: The label's value; ``yes`` of tags and notes; None takes back what was said.
        choices: The values of which a label's was chosen.
        note: Text of a note, or why the label was given; may be empty.
        author: Who says so.
        drawn: How the episode came to be labelled: ``queue``, and what narrowed it; empty if the
            person chose it.
        at: When, UTC, ISO 8601, to the millisecond.
    """

    episode: str
    digest: str
    step: int | None
    kind: Kind
    name: str
    value: str | None
    choices: tuple[str, ...]
    note: str
    author: str
    drawn: str
    at: str

    @property
    def hash(self) -> bytes:
        """SHA-256 over all that is said, 32 bytes."""
        return sha256(encode(msgspec.to_builtins(self))).digest()

    @property
    def key(self) -> tuple[str, int | None, str, str, str]:
        """What two remarks have in common if the newer one takes the place of the older."""
        return self.episode, self.step, self.kind, self.name, self.author


def standing(remarks: Iterable[Remark]) -> list[Remark]:
    """Return those of *remarks*, oldest first, that count: neither replaced nor taken back."""
    newest: dict[tuple[str, int | None, str, str, str], Remark] = {}
    for each in remarks:
        newest.pop(each.key, None)  # so that the order is that of what counts
        newest[each.key] = each
    return [each for each in newest.values() if each.value is not None]


_COLUMNS = "step, kind, name, value, choices, note, author, drawn, at, hash"


def has_remarks(connection: sqlite3.Connection) -> bool:
    """Return whether the log has the table: one of an older version, read-only, has not."""
    known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'remarks'"
    return bool(connection.execute(known).fetchone()[0])


def save_remark(connection: sqlite3.Connection, remark: Remark) -> bool:
    """
    Save a *remark* on an episode that the log holds; return False if it is there already.

    In the caller's transaction.
    """
    choices = _SEPARATOR.join(remark.choices)
    values = (remark.step, remark.kind, remark.name, remark.value, choices, remark.note)
    cursor = connection.execute(
        f"INSERT INTO remarks (episode, digest, {_COLUMNS})"
        " SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM episodes WHERE uid = ?"
        " AND NOT EXISTS (SELECT 1 FROM remarks WHERE hash = ?)",
        (
            bytes.fromhex(remark.digest),
            *(*values, remark.author, remark.drawn, remark.at, remark.hash),
            *(remark.episode, remark.hash),
        ),
    )
    return cursor.rowcount > 0


def find_remarks(connection: sqlite3.Connection, episode: str | None) -> list[Remark]:
    """
    Return the remarks on *episode*, an id, or on all episodes if it is None, oldest first.

    Raises:
        RefoldError: One of them was altered.
    """
    found = []
    for remark, stored in remark_rows(connection, episode):
        if remark.hash != stored:
            raise RefoldError(
                f"remarks of {episode or 'the log'}: expected what was stored, got an altered one; "
                "`refold verify` tells more"
            )
        found.append(remark)
    return found


def remark_rows(
    connection: sqlite3.Connection, episode: str | None = None
) -> list[tuple[Remark, bytes]]:
    """Return each remark, unchecked, with its stored hash; as ``find_remarks``."""
    if not has_remarks(connection):
        return []
    rows = connection.execute(
        f"SELECT e.uid, lower(hex(r.digest)), {_COLUMNS} FROM remarks AS r"
        " LEFT JOIN episodes AS e ON e.id = r.episode"
        f" {'' if episode is None else 'WHERE e.uid = ?'} ORDER BY r.at, r.id",
        () if episode is None else (episode,),
    ).fetchall()
    return [(_read(*row[:-1]), row[-1]) for row in rows]


def _read(
    episode: str,
    digest: str,
    step: int | None,
    kind: Kind,
    name: str,
    value: str | None,
    choices: str,
    *rest: str,
) -> Remark:
    chosen = tuple(choices.split(_SEPARATOR)) if choices else ()
    return Remark(episode, digest, step, kind, name, value, chosen, *rest)


def count_later_events(connection: sqlite3.Connection, episode: str, digest: str) -> int | None:
    """Return how many events *episode* has had since its digest was this; None if it never was."""
    row = connection.execute(
        "SELECT (SELECT max(seq) FROM events WHERE episode = e.id) - v.seq"
        " FROM episodes AS e JOIN events AS v ON v.episode = e.id WHERE e.uid = ? AND v.hash = ?",
        (episode, bytes.fromhex(digest)),
    ).fetchone()
    return None if row is None else int(row[0])
