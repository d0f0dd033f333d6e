"""An audit as Markdown and as JUnit's XML, whole: nothing is cut off."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from xml.etree import ElementTree as ET

from refold.audits.findings import Finding
from refold.audits.report import AuditReport
from refold.commands.auditing.text import figures, look_at
from refold.commands.regrading.junit import counted, junit_document
from refold.commands.regrading.markdown import cell
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import safe_text

_COLUMNS = ("", "check", "of", "value", "bound", "what was found", "episode")


def audit_markdown(report: AuditReport) -> str:
    """
    Return the report as Markdown.

    A table of checks by targets, then what was found of each target; what passed is folded up.
    """
    return "\n".join(_lines(report)) + "\n"


def _lines(report: AuditReport) -> Iterator[str]:
    yield f"# Audit of {cell(', '.join(report.targets))}"
    yield from ("", f"By {_code(report.command)}: {cell(report.verdict)}.", "")
    yield from _summary(report)
    for target, findings in groupby(report.findings, attrgetter("target")):
        yield from ("", f"## {cell(target)}")
        yield from _section(list(findings))
    yield from ("", "## What this does not show", "")
    yield from (f"- {cell(limit)}" for limit in report.limits)


def _summary(report: AuditReport) -> Iterator[str]:
    """Yield a table of how often each check failed, by target."""
    targets = list(dict.fromkeys(each.target for each in report.findings))
    yield _row(("check", "what holds", *map(cell, targets)))
    yield f"|{'---|' * (len(targets) + 2)}"
    for check, found in _by_check(report.findings).items():
        cells = (_verdicts([each for each in found if each.target == name]) for name in targets)
        yield _row((_code(check), cell(found[0].title), *cells))


def _by_check(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.check, []).append(each)
    return found


def _verdicts(findings: Sequence[Finding]) -> str:
    """Return the worst verdict of *findings*, and how many have it if they are several."""
    for verdict in ("error", "fail", "pass", "skip"):
        times = sum(each.verdict == verdict for each in findings)
        if times and verdict in ("error", "fail"):
            return f"**{verdict}**" if times == 1 else f"**{verdict}** {times}"
        if times:
            return verdict
    return ""


def _section(findings: Sequence[Finding]) -> Iterator[str]:
    passed = [each for each in findings if each.verdict == "pass"]
    rest = [each for each in findings if each.verdict != "pass"]
    if rest:
        yield from _table(rest)
    if passed:
        summary = f"{pluralise(len(passed), 'measurement')} within the bound"
        yield from ("", f"<details><summary>{summary}</summary>")
        yield from _table(passed)
        yield from ("", "</details>")


def _table(findings: Iterable[Finding]) -> Iterator[str]:
    yield from ("", _row(_COLUMNS), "|---|---|---|--:|--:|---|---|")
    for finding in findings:
        episode = "" if finding.episode is None else _code(finding.episode.id)
        told = (finding.verdict, finding.check, finding.part, *figures(finding), finding.about)
        yield _row((*map(cell, told), episode))


def _code(text: str) -> str:
    """Return *text* as code, in which backticks allow for no entities."""
    shown = cell(text)
    return f"`{text}`" if shown == text else f"<code>{shown}</code>"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def audit_junit(report: AuditReport) -> str:
    """Return the report as JUnit's XML: a suite for each target, a case for each finding."""
    grouped = groupby(report.findings, attrgetter("target"))
    suites = (_suite(target, list(findings)) for target, findings in grouped)
    return junit_document("audit", suites)


def _suite(target: str, findings: Sequence[Finding]) -> ET.Element:
    suite = ET.Element("testsuite", name=safe_text(target))
    for finding in findings:
        name = f"{finding.check} {finding.part}".rstrip()
        case = ET.SubElement(suite, "testcase", classname=safe_text(target), name=safe_text(name))
        if finding.verdict == "skip":
            ET.SubElement(case, "skipped", message=safe_text(finding.about))
        elif finding.verdict != "pass":
            tag = "failure" if finding.verdict == "fail" else "error"
            message = safe_text(finding.about)
            problem = ET.SubElement(case, tag, message=message, type="audit")
            problem.text = safe_text(" ".join(_evidence(finding)))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    return counted(suite)


def _evidence(finding: Finding) -> Iterator[str]:
    yield from (text for text in figures(finding) if text)
    if finding.episode is not None:
        yield look_at(finding.episode)
