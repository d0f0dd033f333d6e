"""The formats of a regrade: what is printed while episodes are graded, and what at the end."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from refold.commands.regrading.data import move_row, report_data
from refold.commands.regrading.html import SideBySide, html_page
from refold.commands.regrading.junit import JUnitCases
from refold.commands.regrading.markdown import report_as_markdown
from refold.commands.regrading.text import print_change, print_head, print_report, print_verdicts
from refold.commands.regrading.words import Heading
from refold.commands.shared.grade_tables import MOST_ROWS
from refold.commands.shared.output import (
    print_document,
    print_json,
    print_to_stderr,
    stdout_console,
)
from refold.graders.regrading import RegradedEpisode
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport

FORMATS = ("text", "json", "md", "junit", "html")


@frozen
class Finished:
    """A regrade that is done: what was compared, the report, and the answers to the rules."""

    heading: Heading
    report: RegradeReport
    verdicts: tuple[Verdict, ...]


Finish = Callable[[], Finished]
Regraded = Iterator[RegradedEpisode]


def print_regraded(
    form: str, regraded: Regraded, finish: Finish, *, named: bool, more: Mapping[str, Any]
) -> None:
    """
    Grade all episodes and print what moved.

    Args:
        form: One of FORMATS.
        regraded: The episodes, graded as they are taken.
        finish: Returns what is known once all were taken.
        named: Whether the episodes were named, so that text tells each of them.
        more: Members that a JSON object has besides.
    """
    if form == "json":
        _print_json(regraded, finish, more)
    elif form == "text":
        (_print_each if named else _print_text)(regraded, finish)
    elif form == "md":
        _take_all(regraded)
        print_document(report_as_markdown(*_parts(finish())))
    elif form == "junit":
        cases = JUnitCases()
        _take_all(map(cases.add, regraded))
        print_document(cases.document(*_parts(finish())))
    else:
        pairs = SideBySide()
        _take_all(map(pairs.add, regraded))
        print_document(html_page(*_parts(finish()), pairs))


def _parts(done: Finished) -> tuple[Heading, RegradeReport, tuple[Verdict, ...]]:
    return done.heading, done.report, done.verdicts


def _take_all(items: Iterator[object]) -> None:
    for _ in items:
        pass


def _print_json(regraded: Regraded, finish: Finish, more: Mapping[str, Any]) -> None:
    def end() -> Mapping[str, Any]:
        done = finish()
        return report_data(done.report, done.verdicts)

    moved = (move_row(each) for each in regraded if each.moved)
    print_json("moves", moved, end, **more)


def _print_text(regraded: Regraded, finish: Finish) -> None:
    _take_all(regraded)
    done = finish()
    print_report(stdout_console(), done.heading, done.report, done.verdicts)


def _print_each(regraded: Regraded, finish: Finish) -> None:
    moved: list[RegradedEpisode] = []
    more = 0
    for each in regraded:
        if each.moved and len(moved) < MOST_ROWS:
            moved.append(each)
        else:  # not shown, but still graded: the exit code is about all
            more += each.moved
    out, done = stdout_console(), finish()
    print_head(out, done.heading, done.report)
    if moved:
        out.print()
    for each in moved:
        print_change(out, each)
    print_verdicts(out, done.verdicts)
    if more:
        print_to_stderr(f"and {more} more that moved: --format json has all")
