"""Ids of episodes: made up, or checked."""

import re
from secrets import token_hex

from refold.engine.errors import RefoldError


def new_id() -> str:
    """Return a fresh random episode id: 16 hex digits."""
    return token_hex(8)


def check_id(id: str) -> str:
    """
    Return *id*, checked: it can be the id of an episode.

    Raises:
        RefoldError: It is not 1 to 64 letters, digits, ``.``, ``_`` or ``-``, or begins with
            neither a letter nor a digit, or is the word ``last``.
    """
    # Ids become parts of file names and URLs, and arguments of commands; ``last`` is a reference.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", id) or id == "last":
        raise RefoldError(
            f"episode id: expected 1 to 64 letters, digits, '.', '_' or '-', not 'last', "
            f"got {id!r:.100}"
        )
    return id
