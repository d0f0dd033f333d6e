"""``refold episodes``."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import click
from attrs import define

from refold.commands.shared.episode_tables import (
    ListedEpisode,
    list_episode,
    print_listed,
    with_grades,
)
from refold.commands.shared.formatting import format_score, pluralise
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples, json_option, limit_option, logs_option
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.commands.shared.progress import watching
from refold.commands.shared.triage_options import EpisodeChoice, with_triage_options
from refold.engine import EventLog, open_to_read
from refold.engine.log.index.asking import ask_for_each
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.left_out import LeftOut
from refold.engine.log.reader import PAGE
from refold.graders.saved import saved_or_none
from refold.graders.sources import GradeSource
from refold.reports.outcomes import read_episodes
from refold.triage import MOST_VERDICTS, add_words, hits_of, short_verdicts

_PIPE_WIDTH = 10_000


@define
class _Fitting:
    """How many episodes are wanted, and the mean of their scores; None without any."""

    count: int = 0
    mean: float | None = None


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
@logs_option
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
    fitting = _Fitting()
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        source = grader_choice.source(log, left_out) if grader_choice.is_given else None
        if source is not None:
            look_up_only(source, log)
        pages = ask_for_each(
            log, lambda index: _list(index, choice, limit, source, fitting, left_out)
        )
        listed = chain.from_iterable(pages)
        if as_json:
            print_json("episodes", listed)
        else:
            _print_listing(listed, fitting, choice, log)
        if source is not None:
            print_to_stderr(source.heading)
            tell_remarks(source)
    return 1 if left_out else 0


def _list(
    index: LogIndex,
    choice: EpisodeChoice,
    limit: int,
    source: GradeSource | None,
    fitting: _Fitting,
    left_out: LeftOut,
) -> Iterator[Sequence[ListedEpisode]]:
    """Yield the episodes that are chosen, in pages; before the first, *fitting* is filled in."""
    wanted = choice.of(index.log)
    with watching("indexing") as watch:
        index.catch_up(left_out, wanted, watch)
    if wanted.text is not None:
        with watching("reading messages") as watch:
            add_words(index, left_out, watch=watch)
    numbers = index.numbers(wanted, choice.order, limit=limit or None)
    fitting.count, fitting.mean = index.count(wanted)
    for first in range(0, len(numbers), PAGE):
        rows = list(index.each(numbers[first : first + PAGE]))
        if not first:  # as many as people look at
            rows = index.as_of_log(rows, left_out)
        with watching("judging") as watch:
            most = max(MOST_VERDICTS - first, 0)
            verdicts = short_verdicts(index, rows, most=most, watch=watch)
        scored = (
            (_readable(index, row, left_out) for row in rows)
            if source is None
            else _graded(source, index, rows, left_out)
        )
        yield [
            list_episode(
                row,
                verdicts.get(row.number),
                None if wanted.text is None else hits_of(index.log, row.id, wanted.text),
            )
            for row in scored
        ]


def _readable(index: LogIndex, row: IndexedEpisode, left_out: LeftOut) -> IndexedEpisode:
    """Return *row* without a score if one of its grades cannot be read, which *left_out* notes."""
    if row.scores is not None:
        return row
    return with_grades(row, saved_or_none(index.log, row.id, left_out))


def _graded(
    source: GradeSource, index: LogIndex, rows: Iterable[IndexedEpisode], left_out: LeftOut
) -> Iterator[IndexedEpisode]:
    by_id = {row.id: row for row in rows}
    episodes = read_episodes(index.log, (row.info for row in by_id.values()), left_out)
    for episode, given in source.grade_all(episodes):
        yield with_grades(by_id[episode.id], () if given is None else (given,))


def _print_listing(
    listed: Iterable[ListedEpisode], fitting: _Fitting, choice: EpisodeChoice, log: EventLog
) -> None:
    # In a pipe each episode is one line, however long, for programs that read lines.
    shown = print_listed(listed, stdout_console(pipe_width=_PIPE_WIDTH))
    if not shown:
        print_to_stderr(
            f"no episodes in {log.path} fit; `refold record SCENARIO --agent A` adds some"
        )
        return
    total = pluralise(log.count(), "episode")
    told = f"{fitting.count} of {total} fit" if choice.narrows else ""
    if told and fitting.mean is not None:
        told += f", mean score {format_score(fitting.mean)}"
    if shown < fitting.count:
        told += f"{'; ' if told else ''}the first {shown}; --limit 0 shows all"
    if told:
        print_to_stderr(told)
