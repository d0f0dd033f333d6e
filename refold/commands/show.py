"""``refold show``."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from refold.commands.shared.episode_tables import episode_row
from refold.commands.shared.formatting import format_signed, sparkline
from refold.commands.shared.grade_tables import print_grade
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.optimum_formatting import say_optimum
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    log_option,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.engine import EpisodeInfo, EventLog, Stream
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.engine.log.origins import Origin
from refold.graders import Grade, grade
from refold.graders.saved import saved_or_none
from refold.replays import Step, steps
from refold.replays.ancestry import MOST_FORKS, Relative, lineage
from refold.reports.optima import optimum_of, optimum_row
from refold.scenarios.spec import stand_in_remark

_DEEPEST = 12  # further forks of forks are not indented, or ids would leave the screen
_FIGURES = ("after step", "steps", "score")


@click.command(
    "show",
    epilog=format_examples(
        "refold show last",
        "refold show 3f2a --json",
    ),
)
@episode_argument("id")
@log_option
@json_option
def show_command(id: str, log_path: str, as_json: bool) -> int:
    """
    Show one episode at a glance: how it went, its grade, what it was forked from and into.

    Exits with 1 if a grade saved for it, or a relative, cannot be read.
    """
    with telling_left_out() as left_out, EventLog(log_path, readonly=True) as log:
        info = log.find(id)
        stream = log.events(info.id)
        saved = saved_or_none(log, info.id, left_out)
        relatives = list(_lineage_scores(log, info, left_out))
        origin = log.origin(info.id)
        optimum = optimum_of(log, info, stream, left_out)
    result = grade(stream) if info.reason != INSTRUMENT_FAILED else None
    if as_json:
        graded = to_json_data(result) if result else None
        shown = {
            **episode_row(info, saved),
            "grade": graded,
            "optimum": optimum_row(optimum, result.score if result else None),
            "origin": to_json_data(origin),
        }
        print_json("episodes", [{**shown, "lineage": [_relative_row(*each) for each in relatives]}])
    else:
        _print_episode(info, stream, result, [each for each in saved if each != result])
        if optimum is not None and result is not None:
            stdout_console().print(safe_text(say_optimum(optimum, result.score)))
        if origin is not None:
            stdout_console().print(safe_text(f"from {_say_origin(origin)}"))
        if len(relatives) > 1:
            _print_lineage(info, relatives)
    return 1 if left_out else 0


def _lineage_scores(
    log: EventLog, info: EpisodeInfo, left_out: LeftOut
) -> Iterator[tuple[Relative, float | None]]:
    """Yield the relatives of *info*, itself included, each with its first saved score."""
    for each in lineage(log, info, left_out):
        saved = saved_or_none(log, each.id, left_out) if each.info else []
        yield each, saved[0].score if saved else None


def _relative_row(relative: Relative, score: float | None) -> dict[str, Any]:
    info = relative.info
    return {
        "id": relative.id,
        "depth": relative.depth,
        "fork_at": relative.fork_at,
        "missing": info is None,
        "agent": info.agent if info else None,
        "steps": info.steps if info else None,
        "score": score,
    }


def _print_episode(
    info: EpisodeInfo, stream: Stream, result: Grade | None, others: list[Grade]
) -> None:
    out = stdout_console()
    out.print(
        safe_text(f"{stand_in_remark(stream.scenario) or info.scenario}  {info.id}"), style="bold"
    )
    out.print(safe_text(f"agent {info.agent or '-'}, seed {info.seed}, run {info.run or '-'}"))
    end = f"{info.ended} ({info.reason})" if info.ended else "running, or left"
    out.print(
        safe_text(f"{info.steps} steps, {info.events} events, {end}; began {info.started_at}")
    )
    out.print(safe_text(f"digest {info.digest}"))
    walked = [step for step in steps(stream) if step.action is not None]
    out.print(f"reward {format_signed(info.total)}  {sparkline([step.reward for step in walked])}")
    for step in filter(_was_refused, walked):
        action = stream.family.say(step.action)
        out.print(
            safe_text(f"  step {step.position}: {action}, refused: {step.error}"), style="red"
        )
    out.print()
    if result is None:
        out.print("no grade: the episode was cut off because the API kept failing")
    else:
        print_grade(out, result)
    for other in others:
        rubric = other.rubric
        out.print(safe_text(f"saved: {other.score:.4f} by {rubric.name} v{rubric.version}"))


def _say_origin(origin: Origin) -> str:
    kind = f"{origin.format} {origin.version}".rstrip()
    return f"{origin.file} at {origin.place} ({kind}, sha256 {origin.sha256[:12]})"


def _print_lineage(info: EpisodeInfo, relatives: Sequence[tuple[Relative, float | None]]) -> None:
    listing = new_table(["lineage", "after step", "agent", "steps", "score"], right=_FIGURES)
    for each, score in relatives:
        own = each.id == info.id
        indent = "   " * (min(each.depth, _DEEPEST) - 1) + "└─ " if each.depth else ""
        known = each.info
        cells = (known.agent or "-", known.steps) if known else ("not in this log", "")
        shown = "" if score is None else f"{score:.4f}"
        here = " ← this" if own else ""
        name = f"{indent}{each.id}{here}"
        add_row(listing, name, each.fork_at, *cells, shown, style="bold" if own else None)
    out = stdout_console()
    out.print()
    out.print(listing)
    if len(relatives) > MOST_FORKS:
        out.print(f"of its forks, {MOST_FORKS} are told; `refold episodes` lists all")


def _was_refused(step: Step) -> bool:
    return step.error is not None
