"""
Where imported episodes came from: beside the hash chain, so that it does not depend on a file.

An origin is what the import said at the time. It is no evidence: rows of it can be changed.
"""

import sqlite3

from attrs import field, frozen

_LONGEST = 1000


def _short(text: str) -> str:
    return text[:_LONGEST]


@frozen
class Origin:
    """
    Where an episode came from.

    Attributes:
        file: Name of the file, without its folder.
        sha256: Hex SHA-256 of the file.
        format: Name of its format.
        version: Version of the format, as far as it is told.
        place: Where in the file, such as ``line 3``.
    """

    file: str = field(converter=_short)
    sha256: str
    format: str
    version: str = field(converter=_short)
    place: str = field(converter=_short)


def save_origin(connection: sqlite3.Connection, episode: str, origin: Origin) -> None:
    """Save the *origin* of an episode that the log holds, unless it has one."""
    connection.execute(
        "INSERT INTO origins (episode, file, sha256, format, version, place)"
        " SELECT id, ?, ?, ?, ?, ? FROM episodes WHERE uid = ? ON CONFLICT DO NOTHING",
        (origin.file, origin.sha256, origin.format, origin.version, origin.place, episode),
    )


def find_origin(connection: sqlite3.Connection, episode: str) -> Origin | None:
    """Return the origin of the episode with the id *episode*; None if it has none."""
    # A log of an older version, opened read-only, has no such table.
    known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'origins'"
    if not connection.execute(known).fetchone()[0]:
        return None
    row = connection.execute(
        "SELECT o.file, o.sha256, o.format, o.version, o.place FROM episodes AS e"
        " JOIN origins AS o ON o.episode = e.id WHERE e.uid = ?",
        (episode,),
    ).fetchone()
    return None if row is None else Origin(*row)
