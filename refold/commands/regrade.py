"""``refold regrade``."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from io import TextIOWrapper
from typing import Any

import click

from refold.commands.shared.files import open_input
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.grade_tables import MOST_ROWS
from refold.commands.shared.grader_choice import GraderChoice, with_grader_options
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
    open_existing,
)
from refold.commands.shared.output import (
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.progress import show_progress
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders.changes import PartChange
from refold.graders.regrading import (
    RegradeCounts,
    RegradedEpisode,
    SavedEpisode,
    episodes_graded_in_file,
    episodes_graded_in_log,
    regrade,
)
from refold.graders.text import change_lines, describe_event

IN_LOG = "log"

_EVENTS_SHOWN = 3


@click.command(
    "regrade",
    epilog=format_examples(
        "refold regrade --rubric stricter.toml",
        "refold regrade --grader mine.py:careful --tolerance 0.01",
        "refold grade --json > saved.json && refold regrade --against saved.json",
    ),
)
@episode_argument("ids", many=True)
@click.option(
    "--against",
    metavar="SAVED",
    default=IN_LOG,
    show_default=True,
    help="Grades to compare with: a file made by `refold grade --json`, or 'log' for those saved.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="X",
    help="Let score and points of a part change by this much.",
)
@with_grader_options
@log_option
@json_option
def regrade_command(
    ids: Sequence[str],
    against: str,
    tolerance: float,
    grader_choice: GraderChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Grade episodes again and list those that moved: by how much, which parts, which events.

    Grades by the recorded rubrics, or as --rubric or --grader say, and compares each with the
    saved grade by the same rubric; else with the newest of that name; else with the one by the
    recorded rubric. The log is not written to.

    Exits with 0 if nothing moved, 1 if anything did or is damaged, 2 if nothing can be compared.
    """
    tally = RegradeCounts()
    # The file of saved grades, if any, is read while episodes are graded, so it stays open here.
    with ExitStack() as stack:
        left_out = stack.enter_context(telling_left_out())
        log = stack.enter_context(open_existing(log_path, readonly=True))
        wanted = left_out.find_each(log, ids) if ids else None
        saved = _read_saved_grades(log, wanted, against, tally, left_out, stack)
        watched = show_progress(saved, total=len(ids) or log.count(), label="regrading")
        grade_all = grader_choice.source(log, left_out).grade_all
        moved = regrade(watched, grade_all, tally, tolerance=tolerance)
        if as_json:
            print_json("moves", map(_move_row, moved), against=against, tolerance=tolerance)
        else:
            _print_moves(moved)
    _print_summary(tally, against)
    return 1 if tally.moved or left_out else 0


def _read_saved_grades(
    log: EventLog,
    wanted: Sequence[EpisodeInfo] | None,
    against: str,
    tally: RegradeCounts,
    left_out: LeftOut,
    stack: ExitStack,
) -> Iterable[SavedEpisode]:
    if against == IN_LOG:
        infos = log.episodes(left_out=left_out) if wanted is None else wanted
        return episodes_graded_in_log(log, infos, left_out)
    file = stack.enter_context(TextIOWrapper(open_input(against), encoding="utf-8-sig"))
    only = None if wanted is None else frozenset(info.id for info in wanted)
    return episodes_graded_in_file(log, file, tally, left_out, only=only, where=against)


def _print_summary(tally: RegradeCounts, against: str) -> None:
    """
    Print on stderr how many episodes were compared, moved, or could not be compared.

    Raises:
        RefoldError: Nothing could be compared, which must not pass for "nothing moved".
    """
    if tally.unsaved:
        print_to_stderr(
            f"{pluralise(tally.unsaved, 'episode')} without a saved grade to compare with"
        )
    if tally.missing:
        print_to_stderr(
            f"{pluralise(tally.missing, 'saved grade')} of episodes that the log does not hold"
        )
    if not tally.compared:
        raise RefoldError(
            f"{against}: expected saved grades of episodes in the log, got none; "
            "`refold grade --save` keeps some"
        )
    print_to_stderr(f"{pluralise(tally.compared, 'episode')} compared, {tally.moved} moved")


def _print_moves(moved: Iterator[RegradedEpisode]) -> None:
    out = stdout_console()
    more = 0
    for number, each in enumerate(moved):
        if number >= MOST_ROWS:  # not shown, but still graded: the exit code is about all
            more += 1
            continue
        lines = change_lines(each.change, each.stream, shown=_EVENTS_SHOWN)
        out.print(safe_text(f"{each.id}  {next(lines)}"), style="bold", soft_wrap=True)
        for line in lines:
            out.print(safe_text(f"  {line}"), soft_wrap=True)
    if more:
        print_to_stderr(f"and {more} more that moved: --json has all")


def _move_row(regraded: RegradedEpisode) -> dict[str, Any]:
    change = regraded.change
    return {
        "episode": regraded.id,
        "scenario": change.new.scenario,
        "old": change.old.score,
        "new": change.new.score,
        "causes": list(change.causes),
        "rubrics": {"old": to_json_data(change.old.rubric), "new": to_json_data(change.new.rubric)},
        "parts": [_part_row(part, regraded) for part in change.parts],
    }


def _part_row(part: PartChange, regraded: RegradedEpisode) -> dict[str, Any]:
    groups = {"lost": part.lost_seqs, "gained": part.gained_seqs, "kept": part.kept_seqs}
    return {
        "name": part.name,
        "old": to_json_data(part.old.points) if part.old else None,
        "new": to_json_data(part.new.points) if part.new else None,
        **{
            name: [{"seq": seq, "say": describe_event(regraded.stream, seq)} for seq in seqs]
            for name, seqs in groups.items()
        },
    }
