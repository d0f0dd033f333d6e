"""Episodes in lists: as JSON data, and as the table that several commands print."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from attrs import fields, frozen
from rich.console import Console
from rich.table import Table

from refold.commands.shared.formatting import (
    format_dollars,
    format_score,
    format_signed,
    format_tokens,
)
from refold.commands.shared.listing import plain_pages
from refold.commands.shared.output import add_row, new_table, short_id, to_json_data
from refold.engine import EpisodeInfo
from refold.engine.log.index.rows import IndexedEpisode
from refold.engine.log.reader import PAGE
from refold.graders import Grade
from refold.graders.saved import SavedScore
from refold.triage import Hit

_COLUMNS = ("episode", "scenario", "agent", "seed", "steps", "reward", "score")

_FIELDS = tuple(each.name for each in fields(EpisodeInfo))
_values_of = attrgetter(*_FIELDS)

Scored = Grade | SavedScore
EpisodeWithGrades = tuple[EpisodeInfo, Sequence[Scored]]


def episode_row(info: EpisodeInfo, grades: Sequence[Scored]) -> dict[str, Any]:
    """Return an episode's row in the log and its scores as JSON data."""
    scores = [
        {"rubric": each.rubric.name, "version": each.rubric.version, "score": each.score}
        for each in grades
    ]
    # All of them are numbers and texts; in a list of a million, looking at each would take seconds.
    row = dict(zip(_FIELDS, _values_of(info), strict=True))
    return {**row, "score": grades[0].score if grades else None, "scores": scores}


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
    grades: Sequence[Scored]
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


class ListedColumns:
    """
    The columns of a list; those that would be empty for all of *listed* are left out.

    Attributes:
        names: Their headings.
        right: The headings of those that are aligned to the right.
    """

    def __init__(self, listed: Sequence[ListedEpisode]) -> None:
        # What is known of some episodes only is no column where it is known of none.
        more = {
            "tokens": any(each.row.input is not None for each in listed),
            "cost": any(each.row.cost is not None for each in listed),
        }
        self._figures = [name for name in more if more[name]]
        self._found = ["found"] if any(each.hits for each in listed) else []
        self.names = [*_COLUMNS, *self._figures, "verdict", *self._found, "run"]
        self.right = [*_COLUMNS[3:], *self._figures]

    def cells(self, each: ListedEpisode) -> Sequence[object]:
        """Return the cells of an episode."""
        info = each.row.info
        return (
            *_cells(info, each.grades),
            *(_figure(name, each.row) for name in self._figures),
            each.verdict or _end_of(info),
            *(_places(each.hits or ()) for _ in self._found),
            info.run,
        )


def _figure(name: str, row: IndexedEpisode) -> str | None:
    if name == "tokens":
        return None if row.input is None else format_tokens(row.input + (row.output or 0))
    return None if row.cost is None else format_dollars(row.cost)


def _places(hits: Sequence[Hit]) -> str:
    return "\n".join(f"step {hit.step} {hit.kind}: {hit.text}" for hit in hits)


def listed_table(listed: Sequence[ListedEpisode]) -> Table:
    """Return a table of the episodes of a list; columns that would be empty are left out."""
    columns = ListedColumns(listed)
    listing = new_table(
        columns.names,
        right=columns.right,
        spare=["reward", "steps", "cost", "tokens", "run"],
    )
    for each in listed:
        add_row(listing, *columns.cells(each))
    return listing


def print_listed(listed: Iterable[ListedEpisode], out: Console) -> int:
    """
    Print the episodes of a list as a table, in pages of 500, and return how many there are.

    In a pipe, which has no width, all but a short list are plain lines: those of a million
    episodes take seconds. Columns are those of the first page there, and grow with later ones.
    """
    rest = iter(listed)
    first = list(islice(rest, PAGE))
    following = list(islice(rest, PAGE))
    pages = chain([first, following], iter(lambda: list(islice(rest, PAGE)), []))
    if not following:
        if first:
            out.print(listed_table(first))
        return len(first)
    if out.is_terminal:
        return sum(_print_page(page, out) for page in pages)
    columns, number = ListedColumns(first), 0
    right = [name in columns.right for name in columns.names]
    rows = (list(map(columns.cells, page)) for page in pages)
    for lines in plain_pages(columns.names, rows, right):
        number += len(lines)
        out.file.write("".join(f"{line}\n" for line in lines))
    return number - 1


def _print_page(page: Sequence[ListedEpisode], out: Console) -> int:
    out.print(listed_table(page))
    return len(page)


def _cells(info: EpisodeInfo, grades: Sequence[Scored]) -> tuple[object, ...]:
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


def _end_of(info: EpisodeInfo) -> str:
    return f"{info.ended}: {info.reason}" if info.ended else "running"
