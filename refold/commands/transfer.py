"""``refold export``."""

from collections.abc import Iterable, Sequence
from itertools import chain

import click

from refold.commands.shared.files import STDOUT, check_output, output_file
from refold.commands.shared.input_types import OneOf
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    logs_option,
)
from refold.commands.shared.output import escape_line
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog, open_to_read
from refold.engine.log.left_out import LeftOut
from refold.replays.remarks import export_remarks
from refold.replays.transfer import export_judgements, export_lines
from refold.transcripts.exports.names import NAMES


@click.command(
    "export",
    epilog=format_examples(
        "refold export last > episode.jsonl",
        "refold export -o all.jsonl",
        "refold export last --as atif -o trajectory.json",
        "refold export --as inspect -o all.eval",
        "refold export --as chat --pairs -o pairs.jsonl",
    ),
)
@episode_argument("ids", many=True)
@click.option(
    "--as",
    "kind",
    type=OneOf(NAMES),
    help="Another tool's format; if not given, refold's own, which holds everything.",
)
@click.option("--pairs", is_flag=True, help="With --as chat: preference pairs from forks.")
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER",
    default=STDOUT,
    help="Where to write; stdout if not given.",
)
@click.option("--report", "listed", is_flag=True, help="List what the format has no field for.")
@logs_option
def export_command(
    ids: Sequence[str],
    kind: str | None,
    pairs: bool,
    output: str,
    listed: bool,
    log_path: str,
) -> int:
    """
    Write episodes as JSON Lines, or in another tool's format: the ones named, or the whole log.

    Each episode is a header line, then its stored events, one per line, byte for byte. Judges'
    answers and people's labels come last. On a terminal, control characters are escaped. Exits
    with 1 if an episode is damaged; it is reported, and the others are written.

    With --as, they are written by value. chat and otel are JSON Lines. atif and sts are a file
    for each episode: one goes to the file, several into the folder that --output names. inspect
    is one .eval file, parquet a folder of tables.
    """
    if pairs and kind != "chat":
        raise click.UsageError("--pairs: expected --as chat with it; give both")
    if listed and (kind is None or pairs):
        raise click.UsageError("--report: expected --as FORMAT, without --pairs, with it")
    check_output(output, option="--output", logs=[log_path])
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        if kind is None:
            _export_events(log, ids, output, left_out)
        else:
            # Slow to import, and seldom needed.
            from refold.commands.shared import exporting  # noqa: PLC0415

            target = exporting.Target(kind, output, log_path)
            if pairs:
                exporting.export_pairs(target, log, ids, left_out)
            else:
                exporting.export_as(target, log, ids, left_out, listed=listed)
    return 1 if left_out else 0


def _export_events(log: EventLog, ids: Sequence[str], output: str, left_out: LeftOut) -> None:
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
            file.writelines(map(escape_line, lines) if file.isatty() else lines)
            written.append(info.id)
        only = frozenset(written) if ids else None
        beside = chain(export_judgements(log, only=only), export_remarks(log, only=only))
        file.writelines(map(escape_line, beside) if file.isatty() else beside)
