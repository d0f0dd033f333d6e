"""
The file ``refold.toml``: what commands do in this project, unless their options say otherwise.

It is looked for in the current folder and then in those above, as git looks for its own. Keys that
are not known are refused, all mistakes at once, each with its path. Paths in it start from its
folder.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from attrs import Factory, frozen

from refold.engine import RefoldError
from refold.project.models import (
    ModelSettings,
    PriceSettings,
    model_problems,
    price_problems,
)
from refold.scenarios.strict import Problem, beside, structure
from refold.scenarios.toml import read_toml

T = TypeVar("T")

NAME = "refold.toml"
PASS_AT = 0.7
"""The lowest score that passes, unless a project says otherwise."""

MOST_PARALLEL = 1024
"""Episodes that may be played at once."""


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
        pass_at: The lowest score that passes; None for that of the project.
        cannot_tell: What a rule counts for that too few episodes can answer.
        graders: What grades; if none, the recorded rubrics.
        fail: Rules by name, with their limits; None for those of a check without any.
        runs: Runs to compare.
    """

    goldens: str | None = None
    episodes: str | None = None
    log: str | None = None
    baseline: str | None = None
    pass_at: float | None = None
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
    """All of the file, with the tables under free names still as they are."""

    log: str | None = None
    parallel: int | None = None
    pass_at: float | None = None
    max_cost: float | None = None
    model: ModelSettings = Factory(ModelSettings)
    prices: Mapping[str, Any] = Factory(dict)
    check: CheckSettings | None = None
    labels: Mapping[str, Any] = Factory(dict)


@frozen
class Settings:
    """
    A ``refold.toml``.

    Attributes:
        path: The file.
        log: The log, as the file names it; None if it names none.
        parallel: Episodes to play at once, 1 to ``MOST_PARALLEL``, or None.
        pass_at: The lowest score that passes, 0 to 1, or None.
        max_cost: What a run may cost, in US dollars, or None.
        model: How models are asked.
        prices: What models cost, by their names.
        check: The table ``[check]``; None if there is none.
        labels: The values that labels may have, by the name of the label.
    """

    path: Path
    log: str | None = None
    parallel: int | None = None
    pass_at: float | None = None
    max_cost: float | None = None
    model: ModelSettings = Factory(ModelSettings)
    prices: Mapping[str, PriceSettings] = Factory(dict)
    check: CheckSettings | None = None
    labels: Mapping[str, tuple[str, ...]] = Factory(dict)

    def place(self, name: str) -> str:
        """Return the path *name*, which starts from the folder of the file, for use from here."""
        return os.path.relpath(self.path.parent / name)


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
    labels, wrong_labels = _named(tables, "labels", LabelSettings)
    prices, wrong_prices = _named(tables, "prices", PriceSettings)
    problems += wrong_labels + wrong_prices
    if tables is not None:
        problems += beside(problems, _problems(path, tables, prices))
    if tables is None or problems:
        raise SettingsError(str(path), problems)
    return Settings(
        path,
        log=tables.log,
        parallel=tables.parallel,
        pass_at=tables.pass_at,
        max_cost=tables.max_cost,
        model=tables.model,
        prices=prices,
        check=tables.check,
        labels={name: label.values for name, label in labels.items()},
    )


def _named(tables: _Tables | None, key: str, kind: type[T]) -> tuple[dict[str, T], list[Problem]]:
    """Return the tables of *kind* below *key*, by their free names, and all mistakes in them."""
    found: dict[str, T] = {}
    problems: list[Problem] = []
    for name, table in getattr(tables, key, {}).items():
        value, wrong = structure(table, kind, f"$.{key}.{name}")
        problems += wrong
        if value is not None:
            found[name] = value
    return found, problems


def _problems(
    path: Path, tables: _Tables, prices: Mapping[str, PriceSettings]
) -> Iterator[Problem]:
    """Yield what is wrong with values that are each of the right type."""
    if tables.parallel is not None and not 1 <= tables.parallel <= MOST_PARALLEL:
        expected = f"expected a whole number from 1 to {MOST_PARALLEL}"
        yield "$.parallel", f"{expected}, got {tables.parallel!r}"
    if tables.max_cost is not None and not 0 < tables.max_cost < float("inf"):
        yield "$.max_cost", f"expected US dollars above 0, got {tables.max_cost!r}"
    if tables.log == "":
        yield "$.log", "expected a path, got an empty text"
    yield from _share_problems("$.pass_at", tables.pass_at)
    yield from model_problems(tables.model)
    system = tables.model.system
    # The text goes to an API that the same file may name: it must not reach for other files.
    if system is not None and not _is_within(path.parent, path.parent / system):
        expected = f"expected a file in the folder of {NAME}, or below it"
        yield "$.model.system", f"{expected}; got {system!r:.100}"
    for name, price in prices.items():
        yield from price_problems(name, price)
    if tables.check is not None:
        yield from _check_problems(tables.check)


def _is_within(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a link to itself, a zero byte
        return False


def _share_problems(path: str, value: float | None) -> Iterator[Problem]:
    if value is not None and not 0 <= value <= 1:
        yield path, f"expected a number from 0 to 1, got {value!r}"


def _check_problems(check: CheckSettings) -> Iterator[Problem]:
    yield from _share_problems("$.check.pass_at", check.pass_at)
    yield from _share_problems(
        "$.check.runs.confidence", check.runs.confidence if check.runs else None
    )
    if check.episodes is not None and check.log is not None:
        yield "$.check.log", "expected episodes or log, got both; remove one"
    graded = check.baseline, check.runs, *check.graders
    if any(graded) and check.episodes is None and check.log is None:
        yield "$.check", "expected episodes or log with what has to be graded, got none"
    if check.baseline is None and check.runs is None and check.goldens is None:
        yield "$.check", "expected goldens, baseline or runs to check, got none"
    for place, each in enumerate(check.graders):
        if (each.rubrics is None) == (each.grader is None):
            yield f"$.check.graders[{place}]", "expected rubrics or grader, one of them"
