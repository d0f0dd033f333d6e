"""Read TOML files from strangers in time linear in their size."""

import re
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.text_marks import without_bom

MOST_DOTS = 100
"""Dots in one key; ``tomllib`` takes time quadratic in their number."""

# An unterminated string matches to the end of the text: the parser refuses it anyway, and no part
# of the text is scanned twice.
_COMMENTS_AND_STRINGS = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)|\'\'\'.*?(?:\'{3,5}|\Z)'
    r'|"(?:\\.|[^"\\\n])*"?|\'[^\'\n]*\'?',
    re.DOTALL,
)


def read_toml(content: bytes, where: str) -> dict[str, Any]:
    """
    Return the tables and values in *content*, the TOML file that errors call *where*.

    Raises:
        RefoldError: It is not TOML, or a key in it has more than 100 dots.
    """
    import tomllib  # noqa: PLC0415 - slow, and most processes read none

    try:
        text = without_bom(content, where).decode()
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
