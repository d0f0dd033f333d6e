"""``refold show``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from refold.commands.shared.episode_tables import episode_row
from refold.commands.shared.formatting import format_dollars, format_signed, sparkline
from refold.commands.shared.grade_tables import print_grade
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.optimum_formatting import say_optimum
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_document,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.prices import project_prices
from refold.commands.shared.verdict_text import fitting, print_losses, print_verdict
from refold.commands.showing.markdown import episode_as_markdown
from refold.engine import EpisodeInfo, EventLog, Family, Stream, open_to_read
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.engine.log.origins import Origin
from refold.engine.sums import add_up_stretches
from refold.graders import Grade, grade
from refold.graders.saved import saved_or_none
from refold.replays import Step, steps
from refold.replays.ancestry import MOST_FORKS, Relative, lineage
from refold.replays.verdict import Explanation, Verdict, explain, verdict
from refold.reports.optima import optimum_of, optimum_row
from refold.reports.usage import usage_of
from refold.scenarios.spec import stand_in_remark

_DEEPEST = 12  # further forks of forks are not indented, or ids would leave the screen
_MOST_BLOCKS = 60  # of rewards; a longer episode shows those of stretches of steps
_FIGURES = ("after step", "steps", "score")


@click.command(
    "show",
    epilog=format_examples(
        "refold show last",
        "refold show 3f2a --json",
        "refold show last --markdown > episode.md",
    ),
)
@episode_argument("id")
@logs_option
@json_option
@click.option("--all", "whole", is_flag=True, help="Show every part of the grade.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def show_command(id: str, log_path: str, as_json: bool, whole: bool, markdown: bool) -> int:
    """
    Show one episode at a glance: the verdict, what was lost, what it was forked from and into.

    Exits with 1 if one of its saved grades, or an episode that it was forked from or into, cannot
    be read.
    """
    if as_json and markdown:
        raise click.UsageError("--markdown: expected it without --json, got both")
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        info = log.find(id)
        stream = log.events(info.id)
        saved = saved_or_none(log, info.id, left_out)
        relatives = list(_lineage_scores(log, info, left_out))
        origin = log.origin(info.id)
        optimum = optimum_of(log, info, stream, left_out)
    result = grade(stream) if info.reason != INSTRUMENT_FAILED else None
    told = verdict(stream, result, pass_at=pass_mark())
    explained = explain(stream, result) if result else []
    if as_json:
        graded = to_json_data(result) if result else None
        shown = {
            **episode_row(info, saved),
            "verdict": to_json_data(told),
            "grade": graded,
            "optimum": optimum_row(optimum, result.score if result else None),
            "origin": to_json_data(origin),
        }
        print_json("episodes", [{**shown, "lineage": [_relative_row(*each) for each in relatives]}])
    elif markdown:
        print_document(episode_as_markdown(info, told, explained, whole=whole))
    else:
        _print_episode(info, stream, told)
        _print_grades(result, explained, whole=whole)
        _print_saved(each for each in saved if each != result)
        if optimum is not None and result is not None:
            stdout_console().print(safe_text(say_optimum(optimum, result.score)))
        if origin is not None:
            stdout_console().print(safe_text(f"from {_say_origin(origin)}"))
        if told is not None:
            _print_next(info, stream.family, told)
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


def _print_episode(info: EpisodeInfo, stream: Stream, told: Verdict | None) -> None:
    out = stdout_console()
    name = stand_in_remark(stream.scenario) or info.scenario
    out.print(safe_text(f"{name}  {info.id}"), style="bold")
    out.print(safe_text(f"agent {info.agent or '-'}, seed {info.seed}, run {info.run or '-'}"))
    if told is not None:
        print_verdict(out, told)
    end = f"{info.ended} ({info.reason})" if info.ended else "running, or left"
    out.print(
        safe_text(f"{info.steps} steps, {info.events} events, {end}; began {info.started_at}")
    )
    if used := ", ".join(_used(stream)):
        out.print(used)
    out.print(safe_text(f"digest {info.digest}"))
    walked = [step for step in steps(stream) if step.action is not None]
    rewards = add_up_stretches([step.reward for step in walked], _MOST_BLOCKS)
    out.print(f"reward {format_signed(info.total)}  {sparkline(rewards)}")
    for line in _refusals(stream, walked):
        out.print(fitting(out, f"  {line}"), style="red")


def _print_grades(result: Grade | None, explained: Sequence[Explanation], *, whole: bool) -> None:
    """Print what was lost; of an episode that has not ended, what was earned."""
    out = stdout_console()
    out.print()
    if result is None:
        return
    if not result.complete:
        print_grade(out, result)
        return
    print_losses(out, explained, whole=whole)
    rubric = f"{result.rubric.name} v{result.rubric.version}"
    out.print(safe_text(f"score {result.score:.4f} by {rubric}"), style="italic")


def _print_saved(others: Iterable[Grade]) -> None:
    for other in others:
        rubric = f"{other.rubric.name} v{other.rubric.version}"
        stdout_console().print(safe_text(f"saved: {other.score:.4f} by {rubric}"))


def _refusals(stream: Stream, walked: Sequence[Step]) -> Iterator[str]:
    """Yield the refused actions, equal ones together, by the first time."""
    found: dict[tuple[str, str], list[int]] = {}
    for step in walked:
        if step.error is not None:
            found.setdefault((stream.family.say(step.action), step.error), []).append(step.position)
    for (action, error), places in found.items():
        where = f"step {places[0]}" if len(places) == 1 else f"steps {places[0]} to {places[-1]}"
        times = f"{len(places)} × " if len(places) > 1 else ""
        yield f"{where}: {times}{action}, refused: {error}"


def _used(stream: Stream) -> Iterator[str]:
    """Yield the tokens, the cost and the time that a model took, as far as they are known."""
    usage = usage_of(stream)
    if usage.tokens.input or usage.tokens.output:
        yield f"{usage.tokens.input:,} tokens in, {usage.tokens.output:,} out"
    if cost := usage.cost(project_prices()):
        yield format_dollars(cost)
    if waited := sum(ms * times for ms, times in usage.latencies.items()):
        yield f"{waited / 1000:.1f} s of waiting for the model"


def _print_next(info: EpisodeInfo, family: Family, told: Verdict) -> None:
    """Print the commands that look closer at the step that decided the episode."""
    out = stdout_console()
    out.print()
    out.print(safe_text(f"next: refold replay {info.id} --step {told.at}"), style="dim")
    if told.at and told.passed is not None and not family.answered:
        # Any other agent may cost money, be a person, or have a name that a stranger made up.
        agent = info.agent if info.agent in {*family.policies, *family.players} else "random"
        command = f"refold what-if {info.id} --at {told.at - 1} --agent {agent}"
        out.print(safe_text(f"      {command}"), style="dim")


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
        out.print(f"only {MOST_FORKS} of its forks are shown; `refold episodes` lists all")
