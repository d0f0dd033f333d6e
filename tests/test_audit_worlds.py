"""Audits of worlds outside, each with one fault that was planted in it."""

from pathlib import Path

from shell import Shell

HERE = Path(__file__).parent
FILE = HERE / "planted_worlds.py"
ORACLE = f"{FILE}:Reader"

OPENED = {"name": "opened", "weight": 1.0, "measure": "reward", "params": {"low": 0.0, "high": 1.0}}
FREE = {"name": "polite", "weight": 0.2, "measure": "never_says", "params": {"text": "damn"}}
DEAD = {
    "name": "alarm",
    "weight": -0.2,
    "measure": "observation",
    "params": {"path": "$.alarm", "equals": True},
}
LOOKED = {"name": "looked", "weight": 0.2, "measure": "tool_called", "params": {"name": "look"}}


def audit(folder, target, *options, code):
    """Return the findings on *target* by check and subject, each as JSON data."""
    ran = Shell(folder)("audit --json", target, "--seeds", 2, *options, code=code)
    return ran.json["findings"]


def failed(findings):
    """Return the checks that failed, and see that all others could be run."""
    assert not [each for each in findings if each["verdict"] == "error"]
    return {each["check"] for each in findings if each["verdict"] == "fail"}
