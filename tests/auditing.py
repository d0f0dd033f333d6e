"""Audits for tests: what the command finds, by check and subject."""

from typing import Any

from recorded_runs import ask

from refold.engine import EventLog


def audit(log: EventLog, *words: str) -> list[dict[str, Any]]:
    """Return the findings of ``refold audit`` with *words*, which records in *log*."""
    answer, code = ask("audit", log, *words)
    verdicts = {each["verdict"] for each in answer["findings"]}
    assert code == (1 if "fail" in verdicts else 2 if "error" in verdicts else 0)
    found: list[dict[str, Any]] = answer["findings"]
    return found


def by_subject(findings: list[dict[str, Any]], check: str) -> dict[str, dict[str, Any]]:
    """Return those of *findings* that are of *check*, by their subjects."""
    return {each["subject"]: each for each in findings if each["check"] == check}


def failed(findings: list[dict[str, Any]], check: str) -> dict[str, float]:
    """Return the values of what fails *check*, by subject."""
    found = by_subject(findings, check)
    return {name: each["value"] for name, each in found.items() if each["verdict"] == "fail"}
