"""An audit as Markdown and as JUnit's XML, whole: nothing is cut off."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from xml.etree import ElementTree as ET

from refold.audits.findings import Finding
from refold.audits.report import AuditReport
from refold.commands.auditing.text import figures
from refold.commands.regrading.junit import counted, junit_document
from refold.commands.regrading.markdown import cell
from refold.commands.shared.output import safe_text

_COLUMNS = ("", "check", "of", "value", "bound", "what was found", "episode")


def audit_markdown(report: AuditReport) -> str:
    """Return the report as Markdown: a section with a table for each target."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: AuditReport) -> Iterator[str]:
    yield f"**{cell(report.verdict)}**"
    for target, findings in groupby(report.findings, attrgetter("target")):
        yield from ("", f"## {cell(target)}", "")
        yield f"| {' | '.join(_COLUMNS)} |"
        yield "|---|---|---|--:|--:|---|---|"
        yield from map(_row, findings)
    yield from ("", "## What this does not show", "")
    yield from (f"- {cell(limit)}" for limit in report.limits)


def _row(finding: Finding) -> str:
    verdict = finding.verdict if finding.verdict == "pass" else f"**{finding.verdict}**"
    shown = "" if finding.episode is None else f"`{cell(finding.episode)}`"
    told = (finding.check, finding.part, *figures(finding), finding.about)
    return f"| {verdict} | {' | '.join(map(cell, told))} | {shown} |"


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
        yield f"refold replay {finding.episode}"
