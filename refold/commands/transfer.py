"""``refold export`` and ``refold import``."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from refold.commands.shared.files import (
    STDOUT,
    check_output,
    new_log,
    open_input,
    output_file,
)
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
)
from refold.commands.shared.output import print_json, print_to_stderr, to_json_data
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog, RefoldError
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
@click.option("-o", "--output", metavar="FILE", default=STDOUT, help="File; stdout if none.")
@log_option
def export_command(ids: Sequence[str], output: str, log_path: str) -> int:
    """
    Write episodes as JSON Lines: those named, or the whole log.

    Each is a header line, then its stored events, a line each, byte for byte. On a terminal,
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
            for _, lines in left_out.read_each(watched, lambda info: export_lines(log, info)):
                file.writelines(map(_escape_line, lines) if file.isatty() else lines)
    return 1 if left_out else 0


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
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@log_option
@json_option
def import_command(files: Sequence[str], log_path: str, as_json: bool) -> None:
    """
    Read exported episodes into the log: all of them, or none if anything is wrong.

    A file that was altered since it was exported is refused: its events no longer come to the
    digest in their header. FILE may be - for stdin.
    """
    with ExitStack() as stack:
        # Opened before the log is: a mistyped name must not cost a wait for the write lock.
        named = [(path, stack.enter_context(open_input(path))) for path in files]
        # A new log has its name only at the end, so that a refused file leaves nothing behind.
        opened = EventLog(log_path) if Path(log_path).exists() else new_log(log_path)
        with opened as log, log.transaction():
            added = [info for path, file in named for info in import_lines(log, file, where=path)]
            if not added:
                names = ", ".join(files)
                raise RefoldError(f"{names}: expected exported episodes, got none; see `export`")
    if as_json:
        print_json("episodes", map(to_json_data, added))
    else:
        print_to_stderr(f"{pluralise(len(added), 'episode')} imported into {log_path}")
