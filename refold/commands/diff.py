"""``refold diff``."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from refold.commands.replay import event_rows
from refold.commands.shared.diff_tables import Streams, print_diff, print_position
from refold.commands.shared.files import check_output
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
)
from refold.commands.shared.output import print_json, stdout_console, to_json_data
from refold.commands.shared.page_option import html_option, write_page
from refold.engine import Stream, open_to_read
from refold.engine.errors import UnknownStep
from refold.graders.grading import DECIMAL_PLACES
from refold.replays import Diff, Step, diff
from refold.replays.differences import PartDifference, state_differences
from refold.replays.prompts import prompt_difference
from refold.replays.rows import Row
from refold.viewer.differences import diff_document


@click.command(
    "diff",
    epilog=format_examples(
        "refold diff 3f2a 9c01",
        "refold diff 3f2a 9c01 --step 7",
        "refold diff last 3f2a --json",
        "refold diff 3f2a 9c01 --html diff.html",
    ),
)
@episode_argument("a")
@episode_argument("b")
@click.option(
    "--step",
    "position",
    type=WholeNumber(),
    help="Show all differences after N actions (0: start).",
)
@logs_option
@json_option
@html_option
def diff_command(
    a: str, b: str, position: int | None, log_path: str, as_json: bool, html: str | None
) -> int:
    """
    Compare two episodes: where they diverge and why, then steps, state and grade parts.

    Exits with 0 if they are identical byte for byte, 1 if they differ, 2 on bad input.
    """
    if html is not None:
        check_output(html, option="--html", logs=[log_path])
    with open_to_read(log_path) as log:
        infos = log.find(a), log.find(b)
        ids = infos[0].id, infos[1].id
        streams = log.events(ids[0]), log.events(ids[1])
    found = diff(*streams)
    rows = found.rows if position is None else [_row_at(found, position)]
    if html is not None:
        write_page(html, diff_document(found, streams, infos=infos))
    if as_json:
        print_json("rows", _json_rows(rows, streams), **_json_head(found, ids, streams))
    elif html is None and position is None:
        print_diff(stdout_console(), found, ids, streams)
    elif html is None:
        print_position(stdout_console(), found, rows[0], streams)
    return 0 if found.same else 1


def _row_at(found: Diff, position: int) -> Row:
    if not 0 <= position < len(found.rows):
        raise UnknownStep(position, len(found.rows) - 1)
    return found.rows[position]


def _json_head(found: Diff, ids: tuple[str, str], streams: Streams) -> dict[str, Any]:
    return {
        "episodes": list(ids),
        "digests": [stream.digest for stream in streams],
        "same": found.same,
        "shared": found.shared,
        "cause": found.cause,
        "comparable": found.comparable,
        "incomparable": list(found.incomparable),
        "scenario": [to_json_data(each) for each in found.scenario],
        "states": [to_json_data(each) for each in found.states],
        "prompts": prompt_difference(*streams),
        "scores": list(found.scores),
        "grade": [_part_row(part, found, streams) for part in found.parts],
    }


def _part_row(part: PartDifference, found: Diff, streams: Streams) -> dict[str, Any]:
    return {
        "name": part.name,
        "a": part.a,
        "b": part.b,
        "delta": round((part.b or 0.0) - (part.a or 0.0), DECIMAL_PLACES)
        if found.comparable
        else None,
        "because": {
            "a": [_event_reference(streams[0], seq) for seq in part.seqs_a],
            "b": [_event_reference(streams[1], seq) for seq in part.seqs_b],
        },
    }


def _event_reference(stream: Stream, seq: int) -> dict[str, Any]:
    return {"seq": seq, "say": stream.family.say(stream[seq])}


def _json_rows(rows: Sequence[Row], streams: Streams) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "step": row.position,
            "differs": list(row.differs),
            "a": _side_row(row.a, streams[0]),
            "b": _side_row(row.b, streams[1]),
            "states": [to_json_data(each) for each in state_differences(*streams, row)],
        }


def _side_row(step: Step | None, stream: Stream) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "action": to_json_data(step.action),
        "error": step.error,
        "reward": step.reward,
        "parts": to_json_data(step.parts),
        "events": list(event_rows(stream, step)),
    }
