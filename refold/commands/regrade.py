"""``refold regrade``."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import click

from refold.commands.shared.grade_output import ROWS_SHOWN
from refold.commands.shared.grader_options import GraderChoice, grader_options
from refold.commands.shared.options import (
    episode_argument,
    examples,
    json_option,
    log_option,
    open_existing,
)
from refold.commands.shared.output import console, counted, plain, print_json, progress, safe, words
from refold.engine import EventLog, RefoldError
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
    epilog=examples(
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
@grader_options
@log_option
@json_option
def regrade_command(
    ids: Sequence[str],
    against: str,
    tolerance: float,
    by: GraderChoice,
    log: str,
    as_json: bool,
) -> int:
    """
    Grade episodes again and list those that moved: by how much, which parts, which events.

    Grades by the recorded rubrics, or as --rubric or --grader say, and compares each with the
    saved grade by the same rubric; else with the newest of that name; else with the one by the
    recorded rubric. The log is not written to.

    Exits with 0 if nothing moved, 1 if anything did, 2 if there is nothing to compare.
    """
    tally = RegradeCounts()
    with ExitStack() as stack:
        opened = stack.enter_context(open_existing(log, readonly=True))
        wanted = [opened.find(id).id for id in ids]
        saved = _saved(opened, wanted, against, tally, stack)
        watched = progress(saved, total=len(wanted) or opened.count(), label="regrading")
        moved = regrade(watched, by.grades, tally, tolerance=tolerance)
        if as_json:
            print_json("moves", map(_row, moved), against=against, tolerance=tolerance)
        else:
            _print(moved)
    _tell(tally, against)
    return 1 if tally.moved else 0


def _saved(
    log: EventLog, ids: Sequence[str], against: str, tally: RegradeCounts, stack: ExitStack
) -> Iterable[SavedEpisode]:
    if against == IN_LOG:
        return episodes_graded_in_log(log, ids or (info.id for info in log.episodes()))
    file = stack.enter_context(click.open_file(against, encoding="utf-8"))
    return episodes_graded_in_file(log, file, tally, only=frozenset(ids), where=against)


def _tell(tally: RegradeCounts, against: str) -> None:
    """Say on stderr what was compared, and what could not be."""
    if tally.unsaved:
        words(f"{counted(tally.unsaved, 'episode')} without a saved grade to compare with")
    if tally.missing:
        words(f"{counted(tally.missing, 'saved grade')} of episodes that the log does not hold")
    if not tally.compared:
        raise RefoldError(
            f"{against}: expected saved grades of episodes in the log, got none; "
            "`refold grade --save` keeps some"
        )
    words(f"{counted(tally.compared, 'episode')} compared, {tally.moved} moved")


def _print(moved: Iterator[RegradedEpisode]) -> None:
    out = console()
    more = 0
    for number, each in enumerate(moved):
        if number >= ROWS_SHOWN:
            more += 1
            continue
        lines = change_lines(each.change, each.stream, shown=_EVENTS_SHOWN)
        out.print(safe(f"{each.id}  {next(lines)}"), style="bold", soft_wrap=True)
        for line in lines:
            out.print(safe(f"  {line}"), soft_wrap=True)
    if more:
        words(f"and {more} more that moved: --json has all")


def _row(regraded: RegradedEpisode) -> dict[str, Any]:
    change = regraded.change
    return {
        "episode": regraded.id,
        "scenario": change.new.scenario,
        "old": change.old.score,
        "new": change.new.score,
        "causes": list(change.causes),
        "rubrics": {"old": plain(change.old.rubric), "new": plain(change.new.rubric)},
        "parts": [_part(part, regraded) for part in change.parts],
    }


def _part(part: PartChange, regraded: RegradedEpisode) -> dict[str, Any]:
    groups = {"lost": part.lost_seqs, "gained": part.gained_seqs, "kept": part.kept_seqs}
    return {
        "name": part.name,
        "old": plain(part.old.points) if part.old else None,
        "new": plain(part.new.points) if part.new else None,
        **{
            name: [{"seq": seq, "say": describe_event(regraded.stream, seq)} for seq in seqs]
            for name, seqs in groups.items()
        },
    }
