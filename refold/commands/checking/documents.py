"""A check as Markdown, JUnit and HTML: its own answers first, then the report on each grader."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from refold.commands.checking.result import CheckResult
from refold.commands.regrading.grids import Grid
from refold.commands.regrading.html import html_body, html_document, html_table
from refold.commands.regrading.junit import junit_document, rules_suite
from refold.commands.regrading.markdown import cell, markdown_table, report_as_markdown

MOST_MARKDOWN = 60_000
"""Bytes of the Markdown: a comment on GitHub takes 65,536 characters, a summary 1 MiB."""

_KEPT = (10, 5, 2, 1, 0)
_MORE = re.compile(r"and (\d+) more")


def check_markdown(result: CheckResult) -> str:
    """Return the check as Markdown, of which tables lose rows until it has MOST_MARKDOWN bytes."""
    lines = [f"## {cell(result.verdict)}"]
    for grid in _grids(result):
        lines += markdown_table(grid)
    for each in result.graders:
        done = each.finished
        text = report_as_markdown(done.heading, done.report, done.verdicts)
        lines += ["", *text.splitlines()]
    for keep in _KEPT:
        text = "\n".join(_cut_rows(lines, keep)) + "\n"
        if len(text.encode()) <= MOST_MARKDOWN:
            return text
    return f"{lines[0]}\n\nThe report is too large to be shown here.\n"


def _cut_rows(lines: Sequence[str], keep: int) -> Iterator[str]:
    """Yield *lines* with at most *keep* rows in each table, and how many more there are."""
    hidden = 0
    for is_table, group in groupby((*lines, ""), key=lambda line: line.startswith("|")):
        block = list(group)
        if is_table:
            hidden = max(0, len(block) - 2 - keep)  # below its head and a ruler
            yield from block[: 2 + keep]
            continue
        told = _MORE.fullmatch(block[1]) if len(block) > 1 else None
        if hidden:
            yield from ("", f"and {hidden + (int(told[1]) if told else 0)} more")
            block = block[2:] if told else block
        hidden = 0
        yield from block


def check_junit(result: CheckResult) -> str:
    """Return the check as JUnit's XML: a suite of rules, and the suites of each grader."""
    suites = [rules_suite(result.beside, result.verdict)] if result.beside else []
    for each in result.graders:
        done = each.finished
        for suite in each.cases.suites(done.heading, done.report, done.verdicts):
            suite.set("name", f"{each.name}: {suite.get('name')}")
            suites.append(suite)
    return junit_document("refold check", suites)


def check_html(result: CheckResult) -> str:
    """Return the check as one HTML page without scripts."""
    body = [html_table(grid) for grid in _grids(result)]
    for each in result.graders:
        done = each.finished
        body += html_body(done.heading, done.report, done.verdicts, each.pairs)
    return html_document(result.verdict, body)


def _grids(result: CheckResult) -> Iterator[Grid]:
    rows = tuple(
        (verdict.rule, grader, verdict.answer, verdict.why) for grader, verdict in result.rows()
    )
    yield Grid("all rules", ("rule", "grader", "answer", "why"), rows)
    wrong = tuple((each.name, each.problem) for each in result.goldens if each.problem)
    if wrong:
        yield Grid("goldens", ("golden", "problem"), wrong)
