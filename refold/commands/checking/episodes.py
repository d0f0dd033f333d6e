"""The episodes of a check: a log, or exported episodes, which are read into a log for the time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from refold.commands.shared.files import open_input
from refold.commands.shared.options import open_existing
from refold.engine import EventLog, RefoldError
from refold.replays.transfer import import_lines

_SUFFIX = ".jsonl"


@contextmanager
def open_episodes(episodes: Path | None, log: Path | None) -> Iterator[EventLog]:
    """
    Open the log at *log*, or read the exported *episodes*, a file or a folder of them.

    Raises:
        RefoldError: There are none, or a file was altered.
    """
    if episodes is None:
        assert log is not None, "settings name one of them"
        with open_existing(str(log), readonly=True) as found:
            yield found
        return
    files = sorted(episodes.glob(f"*{_SUFFIX}")) if episodes.is_dir() else [episodes]
    if not files:
        raise RefoldError(
            f"{episodes}: expected exported episodes, files named *{_SUFFIX}, got none; "
            "`refold export -o FILE` writes one"
        )
    with tempfile.TemporaryDirectory() as folder, EventLog(Path(folder) / "check.db") as found:
        with found.transaction():
            for file in files:
                with open_input(str(file)) as lines:
                    for _ in import_lines(found, lines, where=str(file)):
                        pass
        yield found
