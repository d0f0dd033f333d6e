"""``refold episodes`` and the rows that other commands print of episodes."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import click
from rich.table import Table

from commands.options import examples, filter_options, json_option, log_option
from commands.output import SHORT, add_row, console, plain, print_json, signed, table, words
from engine import EpisodeInfo, EventLog
from graders import Grade, saved_grades

Row = tuple[EpisodeInfo, Sequence[Grade]]


@click.command(
    "episodes",
    epilog=examples(
        "refold episodes --scenario workflow/hard --limit 50",
        "refold episodes --run dice --json",
    ),
)
@filter_options
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Newest N; 0 for all."
)
@log_option
@json_option
def episodes_command(
    scenario: str | None, agent: str | None, run: str | None, limit: int, log: str, as_json: bool
) -> None:
    """List the episodes of the log, newest first, with the scores saved for them."""
    with EventLog(log, readonly=True) as opened:
        found = opened.episodes(scenario=scenario, agent=agent, run=run, newest_first=True)
        rows = ((info, saved_grades(opened, info.id)) for info in islice(found, limit or None))
        if as_json:
            print_json("episodes", (episode_row(info, grades) for info, grades in rows))
            return
        listing = episodes_table(rows)
        if not listing.row_count:
            words(f"no episodes in {log} fit; `refold record SCENARIO --agent A` adds some")
            return
        console().print(listing)
        if listing.row_count == limit < opened.count():
            words(f"the newest {limit}; --limit 0 shows all that fit")


def episode_row(info: EpisodeInfo, grades: Sequence[Grade]) -> dict[str, Any]:
    """Return what is known of an episode, and its scores, as plain JSON data."""
    scores = [
        {"rubric": each.rubric.name, "version": each.rubric.version, "score": each.score}
        for each in grades
    ]
    return {**plain(info), "score": grades[0].score if grades else None, "scores": scores}


def episodes_table(rows: Iterable[Row]) -> Table:
    """Return a table of episodes; of several scores, the one that was saved first is shown."""
    listing = table(
        ["episode", "scenario", "agent", "seed", "steps", "reward", "score", "ended", "run"],
        right=["seed", "steps", "reward", "score"],
    )
    for info, grades in rows:
        add_row(
            listing,
            info.id[:SHORT] if len(info.id) == 2 * SHORT else info.id,
            info.scenario,
            info.agent,
            info.seed,
            info.steps,
            signed(info.total),
            f"{grades[0].score:.4f}" if grades else None,
            f"{info.ended}: {info.reason}" if info.ended else "running",
            info.run,
        )
    return listing
