"""Episodes in lists: as JSON data, and as the table that several commands print."""

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen
from rich.table import Table

from refold.commands.shared.formatting import (
    format_dollars,
    format_score,
    format_signed,
    format_tokens,
)
from refold.commands.shared.output import add_row, new_table, short_id, to_json_data
from refold.engine import EpisodeInfo
from refold.engine.log.index.rows import IndexedEpisode
from refold.graders import Grade
from refold.triage import Hit

_COLUMNS = ("episode", "scenario", "agent", "seed", "steps", "reward", "score")

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
    columns = [*_COLUMNS, "ended", "run"]
    listing = new_table(columns, right=_COLUMNS[3:], spare=["steps", "reward", "run"])
    for info, grades in rows:
        add_row(listing, *_cells(info, grades), _end_of(info), info.run)
    return listing


@frozen
class ListedEpisode:
    """
    An episode of a list that was asked for.

    Attributes:
        row: The episode, with tokens and cost.
        grades: Its grades, the one to show first.
        verdict: The verdict in its short form; None where there is none, or none yet.
        hits: Where what was searched for stands in it; None if nothing was.
    """

    row: IndexedEpisode
    grades: Sequence[Grade]
    verdict: str | None
    hits: Sequence[Hit] | None


def listed_row(each: ListedEpisode) -> dict[str, Any]:
    """Return an episode of a list as JSON data."""
    found = {} if each.hits is None else {"hits": to_json_data(each.hits)}
    return {
        **episode_row(each.row.info, each.grades),
        "input_tokens": each.row.input,
        "output_tokens": each.row.output,
        "cost": each.row.cost,
        "verdict": each.verdict,
        **found,
    }


def listed_table(listed: Sequence[ListedEpisode]) -> Table:
    """Return a table of the episodes of a list; columns that would be empty are left out."""
    # What is known of some episodes only is no column where it is known of none.
    more = {
        "tokens": any(each.row.input is not None for each in listed),
        "cost": any(each.row.cost is not None for each in listed),
        "found": any(each.hits for each in listed),
    }
    right = [name for name in ("tokens", "cost") if more[name]]
    found = ["found"] if more["found"] else []
    columns = [*_COLUMNS, *right, "verdict", *found, "run"]
    listing = new_table(
        columns,
        right=[*_COLUMNS[3:], *right],
        spare=["reward", "steps", "cost", "tokens", "run"],
    )
    for each in listed:
        row = each.row
        cells = {
            "tokens": None if row.input is None else format_tokens(row.input + (row.output or 0)),
            "cost": None if row.cost is None else format_dollars(row.cost),
            "found": "\n".join(
                f"step {hit.step} {hit.kind}: {hit.text}" for hit in each.hits or ()
            ),
        }
        add_row(
            listing,
            *_cells(row.info, each.grades),
            *(cells[name] for name in right),
            each.verdict or _end_of(row.info),
            *(cells[name] for name in found),
            row.info.run,
        )
    return listing


def _cells(info: EpisodeInfo, grades: Sequence[Grade]) -> tuple[object, ...]:
    """Return the cells of ``_COLUMNS``."""
    return (
        short_id(info.id),
        info.scenario,
        info.agent,
        info.seed,
        info.steps,
        format_signed(info.total),
        format_score(grades[0].score if grades else None),
    )


def _hit_line(hit: Hit) -> str:
    return f"step {hit.step} {hit.kind}: {hit.text}"


def _end_of(info: EpisodeInfo) -> str:
    return f"{info.ended}: {info.reason}" if info.ended else "running"
