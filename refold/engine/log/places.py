"""Episodes named by where they were played, as ``RUN:SCENARIO:SEED``."""

import sqlite3
from collections.abc import Sequence

_LAST = "last"
_LARGEST = 2**63 - 1  # of a seed

# The end of the reference is compared whole: names of scenarios and of runs may have colons too.
_PLAYED_THERE = """
SELECT uid, run, substr(:place, 1, length(:place) - length(scenario) - 1) AS named
FROM episodes WHERE seed = :seed AND parent IS NULL AND run <> ''
    AND substr(:place, -length(scenario) - 1) = ':' || scenario ORDER BY id
"""
_NEWEST_RUN = "SELECT run FROM episodes WHERE run <> '' ORDER BY id DESC LIMIT 1"


def find_by_place(connection: sqlite3.Connection, reference: str) -> Sequence[str]:
    """
    Return the ids of the episodes that *reference*, ``RUN:SCENARIO:SEED``, names, oldest first.

    The run is a whole name, a prefix, or ``last``, that of the newest episode; forks are in none.
    Empty if nothing fits, as for anything that has no such form.
    """
    place, _, seed = reference.rpartition(":")
    if not (seed.isascii() and seed.isdecimal() and int(seed) <= _LARGEST):
        return ()
    rows = connection.execute(_PLAYED_THERE, {"place": place, "seed": int(seed)}).fetchall()
    newest = [run for (run,) in connection.execute(_NEWEST_RUN)] if rows else []
    return (
        [uid for uid, run, named in rows if run == named]
        or [uid for uid, run, named in rows if named == _LAST and run in newest]
        or [uid for uid, run, named in rows if named and run.startswith(named)]
    )
