"""``refold episodes``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
from attrs import frozen

from refold.commands.shared.episode_tables import ListedEpisode, listed_row, listed_table
from refold.commands.shared.formatting import format_score, pluralise
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples, json_option, limit_option, log_option
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.commands.shared.progress import watching
from refold.commands.shared.triage_options import EpisodeChoice, with_triage_options
from refold.engine import EventLog
from refold.engine.log.index.index import LogIndex, ask_index
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade
from refold.graders.saved import saved_or_none
from refold.graders.sources import GradeSource
from refold.reports.outcomes import read_episodes
from refold.triage import MOST_VERDICTS, add_words, hits_of, short_verdicts

_PIPE_WIDTH = 10_000


@frozen
class _Found:
    """
    What a log has of the episodes that are wanted.

    Attributes:
        rows: Those that are to be listed.
        verdicts: The verdict on each in its short form, by number, as far as there is one.
        count: How many are wanted in all.
        mean: The mean of their scores; None without any.
    """

    rows: Sequence[IndexedEpisode]
    verdicts: Mapping[int, str]
    count: int
    mean: float | None


@click.command(
    "episodes",
    epilog=format_examples(
        "refold episodes --scenario workflow/hard --limit 50",
        "refold episodes --below 0.7 --sort score --error permanent_failure",
        'refold episodes --run dice --since 1d --grep "out of budget" --json',
    ),
)
@with_triage_options
@limit_option
@with_grader_options
@log_option
@json_option
def episodes_command(
    choice: EpisodeChoice,
    limit: int,
    grader_choice: GraderChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    List the episodes of the log, newest first, with the scores saved for them.

    The list comes from an index, a file beside the log that updates itself and may be deleted at
    any time. With --rubric or --grader, episodes are graded by that instead.
    """
    if grader_choice.is_given and choice.by_score:
        raise click.UsageError(
            "expected --below and --sort score, which go by saved scores, or --rubric or "
            "--grader, got both; save the grades with `refold grade --save` first"
        )
    with telling_left_out() as left_out, EventLog(log_path, readonly=True) as log:
        found = _find(log, choice, limit, left_out)
        source = grader_choice.source(log, left_out) if grader_choice.is_given else None
        graded: Iterable[tuple[IndexedEpisode, Sequence[Grade]]]
        if source is None:
            graded = ((row, saved_or_none(log, row.info.id, left_out)) for row in found.rows)
        else:
            look_up_only(source, log)
            graded = _graded(source, log, found.rows, left_out)
        text = choice.wanted.text
        listed = (
            ListedEpisode(
                row=row,
                grades=grades,
                verdict=found.verdicts.get(row.number),
                hits=None if text is None else hits_of(log, row.info.id, text),
            )
            for row, grades in graded
        )
        if as_json:
            print_json("episodes", map(listed_row, listed))
        else:
            _print_listing(listed, found, choice, log.count(), log_path)
        if source is not None:
            print_to_stderr(source.heading)
            tell_remarks(source)
    return 1 if left_out else 0


def _find(log: EventLog, choice: EpisodeChoice, limit: int, left_out: LeftOut) -> _Found:
    wanted = choice.of(log)

    def read(index: LogIndex) -> _Found:
        with watching("indexing") as watch:
            index.catch_up(left_out, wanted, watch)
        if wanted.text is not None:
            with watching("reading messages") as watch:
                add_words(index, left_out, watch=watch)
        rows = index.page(left_out, wanted, choice.order, limit=limit or None)
        with watching("judging") as watch:
            verdicts = short_verdicts(index, rows, most=MOST_VERDICTS, watch=watch)
        return _Found(rows, verdicts, *index.count(wanted))

    return ask_index(log, read)


def _graded(
    source: GradeSource, log: EventLog, rows: Iterable[IndexedEpisode], left_out: LeftOut
) -> Iterator[tuple[IndexedEpisode, Sequence[Grade]]]:
    by_id = {row.info.id: row for row in rows}
    episodes = read_episodes(log, (row.info for row in by_id.values()), left_out)
    for episode, given in source.grade_all(episodes):
        yield by_id[episode.id], () if given is None else (given,)


def _print_listing(
    listed: Iterable[ListedEpisode],
    found: _Found,
    choice: EpisodeChoice,
    total: int,
    log_path: str,
) -> None:
    listing = listed_table(list(listed))
    if not listing.row_count:
        print_to_stderr(
            f"no episodes in {log_path} fit; `refold record SCENARIO --agent A` adds some"
        )
        return
    # In a pipe each episode is one line, however long, for programs that read lines.
    stdout_console(pipe_width=_PIPE_WIDTH).print(listing)
    told = f"{found.count} of {pluralise(total, 'episode')} fit" if choice.narrows else ""
    if told and found.mean is not None:
        told += f", mean score {format_score(found.mean)}"
    if listing.row_count < found.count:
        told += f"{'; ' if told else ''}the first {listing.row_count}; --limit 0 shows all"
    if told:
        print_to_stderr(told)
