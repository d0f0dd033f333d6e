"""``refold export`` and ``refold import``."""

from collections.abc import Iterator, Sequence
from typing import IO

import click

from commands.options import episode_argument, json_option, log_option
from commands.output import plain, print_json, progress, words
from engine import EpisodeInfo, EventLog
from replays.transfer import export_lines, import_lines


@click.command("export")
@episode_argument("ids", many=True)
@click.option(
    "-o", "--output", type=click.File("wb", lazy=True), default="-", help="File; stdout if none."
)
@log_option
def export_command(ids: Sequence[str], output: IO[bytes], log: str) -> None:
    r"""
    Write episodes as JSON Lines: those named, or the whole log.

    Each is a header line, then its stored events, a line each, byte for byte.

    \b
    Examples:
      refold export last > episode.jsonl
      refold export -o all.jsonl
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


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@log_option
@json_option
def import_command(files: Sequence[IO[bytes]], log: str, as_json: bool) -> None:
    r"""
    Read exported episodes into the log: all of them, or none if anything is wrong.

    A file that was altered since it was exported is refused: its events no longer come to the
    digest in their header. FILE may be - for stdin.

    \b
    Examples:
      refold import episode.jsonl
      refold export --log a.db | refold import - --log b.db
    """
    with EventLog(log) as opened, opened.transaction():
        added = [info for file in files for info in import_lines(opened, file, where=file.name)]
    if as_json:
        print_json("episodes", map(plain, added))
    else:
        words(f"{len(added)} episodes imported into {log}")
