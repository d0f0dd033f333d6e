"""``refold episodes``."""

from collections.abc import Iterable, Iterator
from itertools import islice

import click

from refold.commands.shared.episode_tables import (
    EpisodeWithGrades,
    episode_row,
    episodes_table,
)
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    json_option,
    limit_option,
    log_option,
)
from refold.commands.shared.output import print_json, print_to_stderr, stdout_console
from refold.engine import EventLog
from refold.engine.log.remarks import standing
from refold.graders.saved import saved_or_none
from refold.graders.sources import GradeSource
from refold.reports.outcomes import PlayedEpisode, read_episodes


@click.command(
    "episodes",
    epilog=format_examples(
        "refold episodes --scenario workflow/hard --limit 50",
        "refold episodes --run dice --json",
    ),
)
@filter_options
@click.option("--tag", metavar="TAG", help="Only those that somebody tagged so.")
@limit_option
@with_grader_options
@log_option
@json_option
def episodes_command(
    scenario: str | None,
    agent: str | None,
    run: str | None,
    tag: str | None,
    limit: int,
    grader_choice: GraderChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    List the episodes of the log, newest first, with the scores saved for them.

    With --rubric or --grader, they are graded as these say instead.
    """
    with telling_left_out() as left_out, EventLog(log_path, readonly=True) as log:
        found = log.episodes(
            scenario=scenario, agent=agent, run=run, newest_first=True, left_out=left_out
        )
        if tag is not None:
            said = standing(log.remarks())
            tagged = {each.episode for each in said if (each.kind, each.name) == ("tag", tag)}
            found = (info for info in found if info.id in tagged)
        listed = islice(found, limit or None)
        source = grader_choice.source(log, left_out) if grader_choice.is_given else None
        rows: Iterable[EpisodeWithGrades]
        if source is None:
            rows = ((info, saved_or_none(log, info.id, left_out)) for info in listed)
        else:
            look_up_only(source, log)
            rows = _graded(source, read_episodes(log, listed, left_out))
        if as_json:
            print_json("episodes", (episode_row(info, grades) for info, grades in rows))
        else:
            _print_listing(rows, limit, log.count(), log_path)
        if source is not None:
            print_to_stderr(source.heading)
            tell_remarks(source)
    return 1 if left_out else 0


def _graded(source: GradeSource, episodes: Iterable[PlayedEpisode]) -> Iterator[EpisodeWithGrades]:
    for episode, given in source.grade_all(episodes):
        yield episode.info, () if given is None else (given,)


def _print_listing(
    rows: Iterable[EpisodeWithGrades], limit: int, total: int, log_path: str
) -> None:
    listing = episodes_table(rows)
    if not listing.row_count:
        print_to_stderr(
            f"no episodes in {log_path} fit; `refold record SCENARIO --agent A` adds some"
        )
        return
    stdout_console().print(listing)
    # A full page need not be all; whether more would fit is not worth a second query.
    if listing.row_count == limit < total:
        print_to_stderr(f"the newest {limit}; --limit 0 shows all that fit")
