"""
The file ``refold.toml``: what commands do in this project, unless their options say otherwise.

It is looked for in the current folder and then in those above, as git looks for its own. Keys that
are not known are refused, all mistakes at once, each with its path. Paths in it start from its
folder.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import Factory, frozen

from refold.engine import RefoldError
from refold.scenarios.strict import Problem, structure
from refold.scenarios.toml import read_toml

NAME = "refold.toml"
PASS_AT = 0.7
"""The lowest score that passes, unless a project says otherwise."""


class SettingsError(RefoldError):
    """
    A ``refold.toml`` that cannot be used.

    Attributes:
        problems: Every mistake found, as (path, text).
    """

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{where} {path}: {text}" for path, text in problems))


@frozen
class CheckedGrader:
    """A grader that ``check`` grades by: *rubrics*, a file or a folder, or *grader*, a function."""

    rubrics: str | None = None
    grader: str | None = None


@frozen
class CheckedRuns:
    """
    A fresh run that ``check`` compares with a recorded one.

    Attributes:
        baseline: Name of the recorded run.
        candidate: Name of the fresh one, or ``last``.
        fail: The rule that it must not break.
        confidence: Of the rule's answer, 0 to 1.
    """

    baseline: str
    candidate: str
    fail: str = "worse"
    confidence: float = 0.99


@frozen
class CheckSettings:
    """
    The table ``[check]``.

    Attributes:
        goldens: The folder of goldens; None checks none.
        episodes: JSON Lines of exported episodes, or a folder of them; None if they are in *log*.
        log: The log with the episodes.
        baseline: The folder that keeps the grades.
        pass_at: The lowest score that passes.
        cannot_tell: What a rule counts for that too few episodes can answer.
        graders: What grades; if none, the recorded rubrics.
        fail: Rules by name, with their limits; None for those of a check without any.
        runs: Runs to compare.
    """

    goldens: str | None = None
    episodes: str | None = None
    log: str | None = None
    baseline: str | None = None
    pass_at: float = PASS_AT
    cannot_tell: Literal["fail", "pass"] = "pass"
    graders: tuple[CheckedGrader, ...] = ()
    fail: Mapping[str, Any] | None = None
    runs: CheckedRuns | None = None


@frozen
class LabelSettings:
    """A table ``[labels.NAME]``: the *values* that the label may have."""

    values: tuple[str, ...]


@frozen
class _Tables:
    """The tables of the file, those under free names still as they are."""

    check: CheckSettings | None = None
    labels: Mapping[str, Any] = Factory(dict)


@frozen
class Settings:
    """
    A ``refold.toml``.

    Attributes:
        path: The file.
        check: The table ``[check]``; None if there is none.
        labels: The values that labels may have, by the name of the label.
    """

    path: Path
    check: CheckSettings | None = None
    labels: Mapping[str, tuple[str, ...]] = Factory(dict)


def find_settings(start: Path) -> Path | None:
    """Return the ``refold.toml`` in *start* or in the closest folder above; None without one."""
    folder = start.resolve()
    paths = (each / NAME for each in (folder, *folder.parents))
    return next((path for path in paths if path.is_file()), None)


def read_settings(path: Path) -> Settings:
    """
    Return the settings in the file *path*.

    Raises:
        SettingsError: It has unknown keys, or values that do not fit.
        RefoldError: It cannot be read, or is not TOML.
    """
    if not path.is_file():  # a named pipe might never have a writer
        raise RefoldError(f"{path}: expected a file such as {NAME}, got none")
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"{path}: expected a file that can be read, got {error.strerror}"
        raise RefoldError(problem) from None
    tables, problems = structure(read_toml(content, str(path)), _Tables, "$")
    labels: dict[str, tuple[str, ...]] = {}
    for name, table in tables.labels.items() if tables else ():
        label, wrong = structure(table, LabelSettings, f"$.labels.{name}")
        problems += wrong
        labels[name] = label.values if label else ()
    if tables is None or problems:
        raise SettingsError(str(path), problems)
    if tables.check is not None:
        problems = list(_problems(tables.check))
        if problems:
            raise SettingsError(str(path), problems)
    return Settings(path, tables.check, labels)


def _problems(check: CheckSettings) -> list[Problem]:
    """Return what is wrong with values that are each of the right type."""
    found = [
        (f"$.check.{name}", f"expected a number from 0 to 1, got {value!r}")
        for name, value in (
            ("pass_at", check.pass_at),
            ("runs.confidence", check.runs.confidence if check.runs else 1.0),
        )
        if not 0 <= value <= 1
    ]
    if check.episodes is not None and check.log is not None:
        found.append(("$.check.log", "expected episodes or log, got both; remove one"))
    graded = check.baseline, check.runs, *check.graders
    if any(graded) and check.episodes is None and check.log is None:
        found.append(("$.check", "expected episodes or log with what has to be graded, got none"))
    if check.baseline is None and check.runs is None and check.goldens is None:
        found.append(("$.check", "expected goldens, baseline or runs to check, got none"))
    for place, each in enumerate(check.graders):
        if (each.rubrics is None) == (each.grader is None):
            found.append((f"$.check.graders[{place}]", "expected rubrics or grader, one of them"))
    return found
