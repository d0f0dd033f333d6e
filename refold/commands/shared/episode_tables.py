"""Episodes in lists: as JSON data, and as the table that several commands print."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import replace

from refold.commands.shared.formatting import (
    format_dollars,
    format_score,
    format_signed,
    format_tokens,
)
from refold.commands.shared.output import add_row, new_table, short_id, to_json_data
from refold.engine import EpisodeInfo
from refold.engine.log.index.rows import INFO_FIELDS, IndexedEpisode, pack_scores, values_of
from refold.engine.log.reader import PAGE
from refold.graders import Grade
from refold.triage import Hit

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


EpisodeWithGrades = tuple[EpisodeInfo, Sequence[Grade]]


def episode_row(info: EpisodeInfo, grades: Sequence[Grade]) -> dict[str, Any]:
    """Return an episode's row in the log and its scores as JSON data."""
    scores = [
        {"rubric": each.rubric.name, "version": each.rubric.version, "score": each.score}
        for each in grades
    ]
    row = dict(zip(INFO_FIELDS, values_of(info), strict=True))
    return {**row, "score": grades[0].score if grades else None, "scores": scores}


class ListedEpisode(Struct, frozen=True, gc=False):
    """
    An episode of a list that was asked for: JSON data, its members in the order of JSON.

    Attributes:
        input_tokens: Tokens that a model read, and *cost*, as for ``IndexedEpisode``.
        hits: Where what was searched for stands in it; not set if nothing was.
        score: Of the grade to show.
        scores: All grades, as JSON.
        verdict: The verdict in its short form; None where there is none, or none yet.

    The others are those of an ``EpisodeInfo``.
    """

    agent: str
    cost: float | None
    digest: str
    ended: str | None
    ended_at: str | None
    epoch: int
    events: int
    fork_at: int | None
    hits: Sequence[dict[str, Any]] | UnsetType
    id: str
    input_tokens: int | None
    output_tokens: int | None
    parent: str | None
    reason: str | None
    release: str
    run: str
    scenario: str
    score: float | None
    scores: Raw
    seed: int
    started_at: str
    steps: int
    total: float
    verdict: str | None


def list_episode(
    row: IndexedEpisode, verdict: str | None, hits: Sequence[Hit] | None
) -> ListedEpisode:
    """Return the episode of a list; *hits* are None if nothing was searched for."""
    return ListedEpisode(
        row.agent,
        row.cost,
        row.digest,
        row.ended,
        row.ended_at,
        row.epoch,
        row.events,
        row.fork_at,
        UNSET if hits is None else to_json_data(hits),
        row.id,
        row.input,
        row.output,
        row.parent,
        row.reason,
        row.release,
        row.run,
        row.scenario,
        row.score,
        Raw(row.scores or b"[]"),
        row.seed,
        row.started_at,
        row.steps,
        row.total,
        verdict,
    )


def with_grades(row: IndexedEpisode, grades: Sequence[Grade]) -> IndexedEpisode:
    """Return *row* with the scores of these *grades*, the one to show first."""
    score = grades[0].score if grades else None
    return replace(
        row, score=score, scores=pack_scores((each.score, each.to_json()) for each in grades)
    )


_AT_A_GLANCE: Mapping[str, Callable[[EpisodeInfo | ListedEpisode], object]] = {
    "episode": lambda each: short_id(each.id),
    "scenario": attrgetter("scenario"),
    "agent": attrgetter("agent"),
    "seed": attrgetter("seed"),
    "steps": attrgetter("steps"),
    "reward": lambda each: format_signed(each.total),
}
"""The first cells of an episode, by their headings."""
_FIGURES = ("seed", "steps", "reward", "score", "tokens", "cost")


def _end_of(info: EpisodeInfo | ListedEpisode) -> str:
    return f"{info.ended}: {info.reason}" if info.ended else "running"


def episodes_table(rows: Iterable[EpisodeWithGrades]) -> "Table":
    """Return a table of episodes, with the score that was saved first for each."""
    columns = [*_AT_A_GLANCE, "score", "ended", "run"]
    listing = new_table(columns, right=_FIGURES, spare=["steps", "reward", "run"])
    for info, grades in rows:
        score = format_score(grades[0].score if grades else None)
        cells = (cell(info) for cell in _AT_A_GLANCE.values())
        add_row(listing, *cells, score, _end_of(info), info.run)
    return listing


def _tokens(each: ListedEpisode) -> str | None:
    read, written = each.input_tokens, each.output_tokens
    return None if read is None else format_tokens(read + (written or 0))


def _cost(each: ListedEpisode) -> str | None:
    return None if each.cost is None else format_dollars(each.cost)


def _places(each: ListedEpisode) -> str:
    hits = each.hits or ()
    return "\n".join(f"step {hit['step']} {hit['kind']}: {hit['text']}" for hit in hits)


_LISTED: Mapping[str, Callable[[ListedEpisode], object]] = {
    **_AT_A_GLANCE,
    "score": lambda each: format_score(each.score),
    "tokens": _tokens,
    "cost": _cost,
    "verdict": lambda each: each.verdict or _end_of(each),
    "found": _places,
    "run": attrgetter("run"),
}
"""The cells of a list, by their headings."""
_OF_SOME = ("tokens", "cost", "found")


def _columns_of(listed: Sequence[ListedEpisode]) -> dict[str, Callable[[ListedEpisode], object]]:
    """Return the columns of a list without those that would be empty for all of *listed*."""
    # What is known of some episodes only is no column where it is known of none.
    none = [name for name in _OF_SOME if not any(map(_LISTED[name], listed))]
    return {name: cell for name, cell in _LISTED.items() if name not in none}


def listed_table(listed: Sequence[ListedEpisode]) -> "Table":
    """Return a table of the episodes of a list; columns that would be empty are left out."""
    columns = _columns_of(listed)
    spare = ["reward", "steps", "cost", "tokens", "run"]
    listing = new_table([*columns], right=_FIGURES, spare=spare)
    for each in listed:
        add_row(listing, *(cell(each) for cell in columns.values()))
    return listing


def print_listed(listed: Iterable[ListedEpisode], out: "Console") -> int:
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
    columns, number = _columns_of(first), 0
    right = [name in _FIGURES for name in columns]
    cells = ([list(map(cell, page)) for cell in columns.values()] for page in pages)
    from refold.commands.shared.listing import plain_pages  # noqa: PLC0415 - JSON needs no rich

    for lines in plain_pages([*columns], cells, right):
        number += len(lines)
        out.file.write("".join(f"{line}\n" for line in lines))
    return number - 1


def _print_page(page: Sequence[ListedEpisode], out: "Console") -> int:
    out.print(listed_table(page))
    return len(page)
