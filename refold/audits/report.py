"""What an audit found, over all targets: the findings in order, and the exit code."""

from collections import Counter
from collections.abc import Mapping, Sequence

from attrs import frozen

from refold.audits.findings import Finding, Verdict

_WORDS: Mapping[Verdict, str] = {
    "fail": "failed",
    "error": "could not run",
    "pass": "passed",
    "skip": "skipped",
}


@frozen
class AuditReport:
    """
    What an audit found.

    Attributes:
        targets: What was audited, as it was named.
        command: The command that makes the same report.
        findings: By target, and then in the order of the checks.
        limits: What it does not show, a sentence each.
    """

    targets: Sequence[str]
    command: str
    findings: Sequence[Finding]
    limits: Sequence[str]

    @property
    def code(self) -> int:
        """1 if a check fails, else 2 if one could not run, else 0."""
        verdicts = {each.verdict for each in self.findings}
        return 1 if "fail" in verdicts else 2 if "error" in verdicts else 0

    @property
    def verdict(self) -> str:
        """The audit in one line."""
        times = Counter(each.verdict for each in self.findings)
        told = [f"{times[each]} {word}" for each, word in _WORDS.items() if times[each]]
        return ", ".join(told) or "nothing was checked"
