"""Grades as JSON data and as tables: one with its parts, one row each, or a summary."""

from array import array
from collections.abc import Iterable
from statistics import fmean
from typing import TYPE_CHECKING, Any

from refold.commands.shared.formatting import format_score, format_signed
from refold.commands.shared.output import (
    SHORT_ID_LENGTH,
    add_row,
    new_table,
    safe_text,
    to_json_data,
)
from refold.graders import Grade

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


MOST_ROWS = 50
"""With more episodes than this, a summary by scenario is printed instead of a row for each."""

_SEQS_SHOWN = 8


def grade_row(episode: str, grade: Grade) -> dict[str, Any]:
    """Return *grade* and the id of its *episode* as JSON data."""
    return {"episode": episode, **to_json_data(grade)}


def print_grade(out: "Console", grade: Grade) -> None:
    """Print *grade* part by part: points, the most there are, and the events that count."""
    unfinished = "" if grade.complete else ", not ended"
    rubric = f"{grade.rubric.name} v{grade.rubric.version}"
    out.print(safe_text(f"score {grade.score:.4f} by {rubric}{unfinished}"), style="italic")
    listing = new_table(["part", "points", "of", "events"], right=["points", "of"])
    for part in grade.parts:
        shown = " ".join(map(str, part.seqs[:_SEQS_SHOWN]))
        more = f" and {len(part.seqs) - _SEQS_SHOWN} more" if len(part.seqs) > _SEQS_SHOWN else ""
        style = "dim" if not part.points else None
        add_row(
            listing,
            part.name,
            format_signed(part.points),
            f"{part.most:g}",
            shown + more,
            style=style,
        )
    out.print(listing)


def grades_table(rows: Iterable[tuple[str, Grade]]) -> "Table":
    """Return a table of *rows*, each an episode's id and its grade."""
    listing = new_table(["episode", "scenario", "score", "rubric", "digest"], right=["score"])
    for episode, grade in rows:
        rubric = f"{grade.rubric.name} v{grade.rubric.version}"
        add_row(
            listing,
            episode,
            grade.scenario,
            f"{grade.score:.4f}",
            rubric,
            grade.episode_digest[:SHORT_ID_LENGTH],
        )
    return listing


class ScoresByScenario:
    """The scores of many episodes, in the little memory that their figures need."""

    def __init__(self) -> None:
        self._scores: dict[str, array[float]] = {}

    def add(self, scenario: str, score: float) -> None:
        """Add the *score* of an episode of *scenario*."""
        self._scores.setdefault(scenario, array("d")).append(score)

    @property
    def total(self) -> int:
        """Number of scores."""
        return sum(map(len, self._scores.values()))

    def count_below(self, limit: float) -> int:
        """Return how many scores are lower than *limit*."""
        return sum(score < limit for scores in self._scores.values() for score in scores)

    def table(self) -> "Table":
        """Return a table of count, mean and range of the scores of each scenario."""
        columns = ["scenario", "episodes", "mean", "lowest", "highest"]
        listing = new_table(columns, right=columns[1:])
        for scenario, values in self._scores.items():
            cells = map(format_score, (fmean(values), min(values), max(values)))
            add_row(listing, scenario, len(values), *cells)
        return listing
