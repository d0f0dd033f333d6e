"""
Regular expressions from scenario files, which may be a stranger's.

They are those of RE2: the time to search a text grows with its length and no faster, whatever the
pattern. With Python's own ``re``, a pattern of ten letters can search for years; a time limit
would make grades depend on the machine. RE2 has no lookaround and no references back.
"""

from functools import lru_cache
from typing import Any

from refold.engine.errors import RefoldError

LONGEST_PATTERN = 1000
"""Letters of a pattern."""
LARGEST_PROGRAM = 1000
"""Instructions that a pattern is translated to; each may cost some 0.1 us a letter searched."""

_INSTALL = "google-re2, which patterns need, got none; pip install 'refold[patterns]'"


@lru_cache(maxsize=64)
def pattern_problem(pattern: str) -> str | None:
    """Return what is wrong with *pattern*, as ``expected x, got y``; None if it can be used."""
    if len(pattern) > LONGEST_PATTERN:
        return f"expected a pattern of at most {LONGEST_PATTERN} letters, got {len(pattern)}"
    try:
        import re2  # noqa: PLC0415 - an extra that only patterns need
    except ImportError:
        return f"expected {_INSTALL}"
    try:
        size = _compile(pattern).programsize
    except (re2.error, UnicodeEncodeError) as error:
        words = error.args[0].decode() if isinstance(error, re2.error) else "half a character"
        return f"expected a regular expression that RE2 knows, got {pattern!r:.100} ({words})"
    if size > LARGEST_PROGRAM:
        return f"expected a pattern with fewer or shorter repetitions, got {pattern!r:.100}"
    return None


def found_in(pattern: str, text: str) -> bool:
    """
    Return whether *pattern* fits anywhere in *text*.

    Raises:
        RefoldError: The pattern cannot be used.
    """
    if problem := pattern_problem(pattern):
        raise RefoldError(f"pattern: {problem}")
    return _compile(pattern).search(text) is not None


@lru_cache(maxsize=64)
def _compile(pattern: str) -> Any:
    import re2  # noqa: PLC0415 - the same

    options = re2.Options()
    options.log_errors = False  # else on stderr, beside the one that is reported
    options.never_capture = True
    return re2.compile(pattern, options)
