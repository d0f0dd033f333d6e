"""``refold export`` and ``refold import``."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import click

from refold.commands.shared.options import episode_argument, examples, json_option, log_option
from refold.commands.shared.output import counted, plain, print_json, progress, words
from refold.engine import EpisodeInfo, EventLog, NotALog, RefoldError
from refold.replays.transfer import export_lines, import_lines


@click.command(
    "export",
    epilog=examples(
        "refold export last > episode.jsonl",
        "refold export -o all.jsonl",
    ),
)
@episode_argument("ids", many=True)
@click.option(
    "-o", "--output", type=click.File("wb", lazy=True), default="-", help="File; stdout if none."
)
@log_option
def export_command(ids: Sequence[str], output: IO[bytes], log: str) -> None:
    """
    Write episodes as JSON Lines: those named, or the whole log.

    Each is a header line, then its stored events, a line each, byte for byte.
    """
    with EventLog(log, readonly=True) as opened:
        if ids:
            chosen: Iterator[EpisodeInfo] = iter([opened.find(id) for id in ids])
            total = len(ids)
        else:
            chosen, total = opened.episodes(), opened.count()
        for info in progress(chosen, total=total, label="exporting"):
            for line in export_lines(opened, info):
                output.write(line)


@click.command(
    "import",
    epilog=examples(
        "refold import episode.jsonl",
        "refold export --log a.db | refold import - --log b.db",
    ),
)
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@log_option
@json_option
def import_command(files: Sequence[IO[bytes]], log: str, as_json: bool) -> None:
    """
    Read exported episodes into the log: all of them, or none if anything is wrong.

    A file that was altered since it was exported is refused: its events no longer come to the
    digest in their header. FILE may be - for stdin.
    """
    new = not Path(log).exists()
    try:
        with EventLog(log) as opened, opened.transaction():
            added = [info for file in files for info in import_lines(opened, file, where=file.name)]
            if not added:
                names = ", ".join(file.name for file in files)
                raise RefoldError(f"{names}: expected exported episodes, got none; see `export`")
    except BaseException:
        if new:
            _unmake(log)
        raise
    if as_json:
        print_json("episodes", map(plain, added))
    else:
        words(f"{counted(len(added), 'episode')} imported into {log}")


def _unmake(log: str) -> None:
    """Remove the log that an import made and then put nothing into."""
    with suppress(NotALog):
        with EventLog(log, readonly=True) as opened:
            empty = not opened.count()
        if empty:
            Path(log).unlink()
