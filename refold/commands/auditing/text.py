"""An audit as a table for people, and as rows for programs."""

import shlex
from typing import Any

from refold.audits.findings import Finding, Stored
from refold.audits.report import AuditReport
from refold.commands.shared.formatting import format_number
from refold.commands.shared.options import DEFAULT_LOG
from refold.commands.shared.output import add_row, new_table, safe_text, stdout_console

SIGNS = {"at least": "≥", "at most": "≤"}
_STYLES = {"fail": "bold", "error": "bold", "skip": "dim", "pass": None}


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return *finding* as JSON data; ``look`` is the command that shows its episode."""
    return {
        "check": finding.check,
        "subject": finding.subject,
        "verdict": finding.verdict,
        "value": finding.value,
        "side": finding.side,
        "bound": finding.bound,
        "episode": finding.episode and finding.episode.id,
        "look": finding.episode and look_at(finding.episode),
        "about": finding.about,
    }


def look_at(episode: Stored) -> str:
    """Return the command that shows *episode*."""
    named = [] if episode.log == DEFAULT_LOG else ["--log", episode.log]
    return shlex.join(["refold", "replay", episode.id, *named])


def figures(finding: Finding) -> tuple[str, str]:
    """Return value and bound in four decimal places at most; empty for what there is not."""
    value = "" if finding.value is None else format_figure(finding.value)
    if finding.bound is None:
        return value, ""
    return value, f"{SIGNS[finding.side]} {format_figure(finding.bound)}"


def format_figure(value: float) -> str:
    """Return *value* with four decimal places at most."""
    return format_number(round(value, 4) + 0.0)


def print_report(report: AuditReport) -> None:
    """Print what the audit found: a table, what each failure means, and what was not shown."""
    out = stdout_console()
    listing = new_table(
        ["verdict", "check", "subject", "value", "bound", "episode"], right=["value", "bound"]
    )
    for finding in report.findings:
        row = (
            finding.verdict,
            finding.check,
            finding.subject,
            *figures(finding),
            finding.episode and finding.episode.id,
        )
        add_row(listing, *row, style=_STYLES[finding.verdict])
    out.print(listing)
    told = [each for each in report.findings if each.verdict != "pass"]
    for finding in told:
        line = f"{finding.verdict} {finding.check} {finding.subject}: {finding.about}"
        out.print()
        out.print(safe_text(line), soft_wrap=True)
        if finding.episode is not None and finding.verdict == "fail":
            out.print(safe_text(f"  {look_at(finding.episode)}"), soft_wrap=True)
    out.print()
    for limit in report.limits:
        out.print(safe_text(limit), style="dim", soft_wrap=True)
    out.print(f"\n{safe_text(report.verdict)}", style="bold", soft_wrap=True)
