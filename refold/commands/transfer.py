"""``refold export`` and ``refold import``."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import click

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
)
from refold.commands.shared.output import print_json, print_to_stderr, to_json_data
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog, NotALog, RefoldError
from refold.engine.terminal_text import safe_json
from refold.replays.transfer import export_lines, import_lines


@click.command(
    "export",
    epilog=format_examples(
        "refold export last > episode.jsonl",
        "refold export -o all.jsonl",
    ),
)
@episode_argument("ids", many=True)
@click.option(
    "-o", "--output", type=click.File("wb", lazy=True), default="-", help="File; stdout if none."
)
@log_option
def export_command(ids: Sequence[str], output: IO[bytes], log_path: str) -> None:
    """
    Write episodes as JSON Lines: those named, or the whole log.

    Each is a header line, then its stored events, a line each, byte for byte. On a terminal,
    characters that could steer it are escaped.
    """
    with EventLog(log_path, readonly=True) as log:
        # Ids are looked up before the first line is written: a typo must not leave half an export.
        if ids:
            chosen: Iterator[EpisodeInfo] = iter([log.find(id) for id in ids])
            total = len(ids)
        else:
            chosen, total = log.episodes(), log.count()
        for info in show_progress(chosen, total=total, label="exporting"):
            for line in export_lines(log, info):
                output.write(_escape_line(line) if output.isatty() else line)


def _escape_line(line: bytes) -> bytes:
    """Return *line*, JSON and a line end, with what could steer a terminal as JSON escapes."""
    # A stranger's log may hold invalid UTF-8.
    text = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
    return safe_json(text).encode() + b"\n"


@click.command(
    "import",
    epilog=format_examples(
        "refold import episode.jsonl",
        "refold export --log a.db | refold import - --log b.db",
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@log_option
@json_option
def import_command(files: Sequence[IO[bytes]], log_path: str, as_json: bool) -> None:
    """
    Read exported episodes into the log: all of them, or none if anything is wrong.

    A file that was altered since it was exported is refused: its events no longer come to the
    digest in their header. FILE may be - for stdin.
    """
    # Opening the log creates it, and a refused file must not leave an empty one behind.
    new = not Path(log_path).exists()
    try:
        with EventLog(log_path) as log, log.transaction():
            added = [info for file in files for info in import_lines(log, file, where=file.name)]
            if not added:
                names = ", ".join(file.name for file in files)
                raise RefoldError(f"{names}: expected exported episodes, got none; see `export`")
    except BaseException:  # Ctrl-C as well
        if new:
            _remove_if_empty(log_path)
        raise
    if as_json:
        print_json("episodes", map(to_json_data, added))
    else:
        print_to_stderr(f"{pluralise(len(added), 'episode')} imported into {log_path}")


def _remove_if_empty(log_path: str) -> None:
    """Remove the log at *log_path* if it holds no episode: a failed import created it."""
    with suppress(NotALog):
        with EventLog(log_path, readonly=True) as log:
            empty = not log.count()
        if empty:
            Path(log_path).unlink()
