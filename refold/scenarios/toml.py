"""TOML files from strangers, which are read in a time that grows with their size alone."""

import re
import tomllib
from typing import Any

from refold.engine.errors import RefoldError

MOST_DOTS = 100
"""Names in one key; the parser takes the square of it."""

# A text without an end takes the rest with it: the parser refuses it, and nothing is read twice.
_COMMENTS_AND_STRINGS = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)|\'\'\'.*?(?:\'{3,5}|\Z)'
    r'|"(?:\\.|[^"\\\n])*"?|\'[^\'\n]*\'?',
    re.DOTALL,
)


def read_toml(content: bytes, where: str) -> dict[str, Any]:
    """
    Return what the TOML *content* of the file *where* says.

    Raises:
        RefoldError: It is no TOML, or a key in it has more than 100 dots.
    """
    try:
        text = content.decode()
        _check_keys(text, where)
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefoldError(f"{where}: expected TOML, got {error}") from None


def _check_keys(text: str, where: str) -> None:
    for piece in re.split(r"[=\n]", _COMMENTS_AND_STRINGS.sub("", text)):
        if piece.count(".") > MOST_DOTS:
            raise RefoldError(
                f"{where}: expected keys of at most {MOST_DOTS} dots, got {piece:.60}…"
            )
