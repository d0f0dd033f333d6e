"""``refold diff``."""

from typing import Any

import click
from rich.console import Console

from commands.options import episode_argument, examples, json_option, log_option
from commands.output import (
    SHORT,
    add_row,
    console,
    counted,
    plain,
    print_json,
    safe,
    signed,
    table,
)
from commands.replay import event_rows
from engine import EventLog, Stream
from replays import Diff, Step, diff

_CAUSES = {
    "scenario": "they play different scenarios",
    "seed": "they play different seeds",
    "action": "the agents chose differently",
    "chance": "the same action led to other events",
    "length": "one goes on where the other stops",
    "exchange": "only what passed between agent and model differs",
}


@click.command(
    "diff",
    epilog=examples(
        "refold diff 3f2a 9c01",
        "refold diff last 3f2a --json",
    ),
)
@episode_argument("a")
@episode_argument("b")
@log_option
@json_option
def diff_command(a: str, b: str, log: str, as_json: bool) -> int:
    """
    Compare two episodes: where they part, then actions, rewards, state and grade parts.

    Exits with 0 if they are the same to the byte, 1 if they differ, 2 on bad input.
    """
    with EventLog(log, readonly=True) as opened:
        ids = opened.find(a).id, opened.find(b).id
        streams = opened.events(ids[0]), opened.events(ids[1])
    found = diff(*streams)
    if as_json:
        print_json("rows", _rows(found, streams), **_head(found, ids, streams))
    else:
        print_diff(console(), found, ids, streams)
    return 0 if found.same else 1


def _head(found: Diff, ids: tuple[str, str], streams: tuple[Stream, Stream]) -> dict[str, Any]:
    return {
        "episodes": list(ids),
        "digests": [stream.digest for stream in streams],
        "same": found.same,
        "shared": found.shared,
        "cause": found.cause,
        "states": [plain(each) for each in found.states],
        "scores": list(found.scores),
        "grade": [plain(each) for each in found.parts],
        "comparable": found.comparable,
    }


def _rows(found: Diff, streams: tuple[Stream, Stream]) -> list[dict[str, Any]]:
    return [
        {
            "step": row.position,
            "differs": list(row.differs),
            "a": _side(row.a, streams[0]),
            "b": _side(row.b, streams[1]),
        }
        for row in found.rows
    ]


def _side(step: Step | None, stream: Stream) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "action": plain(step.action),
        "error": step.error,
        "reward": step.reward,
        "parts": plain(step.parts),
        "events": list(event_rows(stream, step)),
    }


def print_diff(
    out: Console,
    found: Diff,
    ids: tuple[str, str],
    streams: tuple[Stream, Stream],
    *,
    most: int | None = None,
) -> None:
    """Print for people how the *streams* of the episodes *ids* compare, *most* rows of steps."""
    names = [f"{side} {id}" for side, id in zip("AB", ids, strict=True)]
    if found.cause is None:
        steps = counted(len(found.rows) - 1, "step")
        digest = streams[0].digest[:SHORT]
        out.print(safe(f"no difference in {steps}: digests equal, {digest}"))
        return
    out.print(safe("  ".join(names)), style="bold")
    shared = counted(max(found.shared - 1, 0), "equal step")
    if found.cause == "exchange":
        out.print(f"{shared}: {_CAUSES[found.cause]}")
    else:
        out.print(f"{shared}, then apart: {_CAUSES[found.cause]}")
        _print_steps(out, found, streams, most)
        _print_states(out, found)
    _print_grades(out, found)


def _print_steps(
    out: Console, found: Diff, streams: tuple[Stream, Stream], most: int | None
) -> None:
    listing = table(["step", "A", "B", "reward", "differs"], right=["step"])
    rows = found.rows[found.shared :]
    for row in rows[:most]:
        rewards = f"{_reward(row.a)} / {_reward(row.b)}"
        cells = _words(row.a, streams[0]), _words(row.b, streams[1])
        add_row(listing, row.position, *cells, rewards, " ".join(row.differs))
    out.print()
    out.print(listing)
    if len(rows) > len(rows[:most]):
        out.print(f"      and {counted(len(rows) - len(rows[:most]), 'more step')}")


def _words(step: Step | None, stream: Stream) -> str:
    if step is None:
        return "-"
    if step.action is None:
        return "then" if step.seqs.start else "start"
    refused = f" (refused: {step.error})" if step.error else ""
    return stream.family.say(step.action) + refused


def _reward(step: Step | None) -> str:
    return signed(step.reward) if step else "-"


def _print_states(out: Console, found: Diff) -> None:
    if not found.states:
        return
    title = f"state after step {found.rows[found.shared].position}"
    listing = table(["where", "A", "B"], title=title)
    for each in found.states:
        add_row(listing, each.path, each.a, each.b)
    out.print()
    out.print(listing)


def _print_grades(out: Console, found: Diff) -> None:
    listing = table(["part", "A", "B", "difference"], right=["A", "B", "difference"])
    for part in found.parts:
        both = part.a is not None and part.b is not None and found.comparable
        change = signed((part.b or 0.0) - (part.a or 0.0)) if both else None
        cells = ("" if value is None else signed(value) for value in (part.a, part.b))
        add_row(
            listing, part.name, *cells, change, style="bold" if change not in (None, "0") else None
        )
    a, b = found.scores
    add_row(listing, "score", f"{a:.4f}", f"{b:.4f}", signed(b - a) if found.comparable else None)
    out.print()
    if not found.comparable:
        out.print("graded by different rubrics: points cannot be compared")
    out.print(listing)
