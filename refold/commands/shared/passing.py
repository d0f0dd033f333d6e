"""The score from which on an episode has passed, as the project says."""

from pathlib import Path

from refold.project import PASS_AT, find_settings, read_settings


def pass_mark() -> float:
    """
    Return ``check.pass_at`` of the project's ``refold.toml``; 0.7 where nobody says.

    Raises:
        RefoldError: The file cannot be used.
    """
    path = find_settings(Path())
    check = None if path is None else read_settings(path).check
    return PASS_AT if check is None else check.pass_at
