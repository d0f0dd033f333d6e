"""Episodes in lists: as JSON data, and as the table that several commands print."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from refold.commands.shared.formatting import format_score, format_signed
from refold.commands.shared.output import add_row, new_table, short_id, to_json_data
from refold.engine import EpisodeInfo
from refold.graders import Grade

EpisodeWithGrades = tuple[EpisodeInfo, Sequence[Grade]]


def episode_row(info: EpisodeInfo, grades: Sequence[Grade]) -> dict[str, Any]:
    """Return an episode's row in the log and its scores as JSON data."""
    scores = [
        {"rubric": each.rubric.name, "version": each.rubric.version, "score": each.score}
        for each in grades
    ]
    return {**to_json_data(info), "score": grades[0].score if grades else None, "scores": scores}


def episodes_table(rows: Iterable[EpisodeWithGrades]) -> Table:
    """Return a table of episodes, with the score that was saved first for each."""
    listing = new_table(
        ["episode", "scenario", "agent", "seed", "steps", "reward", "score", "ended", "run"],
        right=["seed", "steps", "reward", "score"],
        spare=["steps", "reward", "run"],
    )
    for info, grades in rows:
        add_row(
            listing,
            short_id(info.id),
            info.scenario,
            info.agent,
            info.seed,
            info.steps,
            format_signed(info.total),
            format_score(grades[0].score if grades else None),
            f"{info.ended}: {info.reason}" if info.ended else "running",
            info.run,
        )
    return listing
