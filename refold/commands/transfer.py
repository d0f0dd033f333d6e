"""``refold export``."""

from collections.abc import Iterable, Sequence
from itertools import chain

import click

from refold.commands.shared.files import STDOUT, check_output, output_file
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    log_option,
)
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog
from refold.engine.terminal_text import safe_json
from refold.replays.remarks import export_remarks
from refold.replays.transfer import export_judgements, export_lines


@click.command(
    "export",
    epilog=format_examples(
        "refold export last > episode.jsonl",
        "refold export -o all.jsonl",
    ),
)
@episode_argument("ids", many=True)
@click.option("-o", "--output", metavar="FILE", default=STDOUT, help="File; stdout if none.")
@log_option
def export_command(ids: Sequence[str], output: str, log_path: str) -> int:
    """
    Write episodes as JSON Lines: those named, or the whole log.

    Each is a header line, then its stored events, a line each, byte for byte; what judges
    answered, about those named for the first time or at all, and what people said of them come
    last. On a terminal,
    characters that could steer it are escaped. Exits with 1 if an episode is damaged: it is
    told, and the others are written.
    """
    check_output(output, option="--output", logs=[log_path])
    with telling_left_out() as left_out, EventLog(log_path, readonly=True) as log:
        # Ids are looked up before the first line is written: a typo must not leave half an export.
        if ids:
            chosen: Iterable[EpisodeInfo] = left_out.find_each(log, ids)
            total = len(ids)
        else:
            chosen, total = log.episodes(left_out=left_out), log.count()
        with output_file(output) as file:
            watched = show_progress(chosen, total=total, label="exporting")
            written = []
            for info, lines in left_out.read_each(watched, lambda info: export_lines(log, info)):
                file.writelines(map(_escape_line, lines) if file.isatty() else lines)
                written.append(info.id)
            only = frozenset(written) if ids else None
            beside = chain(export_judgements(log, only=only), export_remarks(log, only=only))
            file.writelines(map(_escape_line, beside) if file.isatty() else beside)
    return 1 if left_out else 0


def _escape_line(line: bytes) -> bytes:
    """Return *line*, JSON and a line end, with what could steer a terminal as JSON escapes."""
    # A stranger's log may hold invalid UTF-8.
    text = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
    return safe_json(text).encode() + b"\n"
