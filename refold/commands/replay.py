"""``refold replay``."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec import Raw

from refold.agents.prompting import prompt_of
from refold.commands.shared.files import check_output
from refold.commands.shared.formatting import format_number, format_signed
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
)
from refold.commands.shared.output import (
    print_json,
    print_to_stderr,
    safe_lines,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.page_option import html_option, write_page
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.terminal import has_terminal
from refold.engine import ActionTaken, EpisodeInfo, StepRewarded, Stream, open_to_read
from refold.engine.errors import UnknownStep
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade, grade
from refold.replays import Step, steps
from refold.replays.verdict import verdict
from refold.reports.optima import optimum_member, optimum_of
from refold.scenarios.spec import stand_in_remark
from refold.viewer.episode_document import document
from refold.viewer.transcript import Turn, conversation_turns
from refold.viewer.transcript_lines import turn_lines

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console


@click.command(
    "replay",
    epilog=format_examples(
        "refold replay last",
        "refold replay 3f2a --step 7",
        "refold replay last --messages",
        "refold replay last --interactive",
        "refold replay last --json",
        "refold replay last --html episode.html",
    ),
)
@episode_argument("id")
@click.option(
    "--step",
    "position",
    type=WholeNumber(),
    help="Show only the moment after N actions (0: start).",
)
@click.option(
    "--messages", is_flag=True, help="Show the conversation: messages, tool calls and results."
)
@click.option("--interactive", "-i", is_flag=True, help="Step through it with the keyboard.")
@logs_option
@json_option
@html_option
def replay_command(
    id: str,
    position: int | None,
    messages: bool,
    interactive: bool,
    log_path: str,
    as_json: bool,
    html: str | None,
) -> None:
    """
    Step through an episode: each action, what it caused, and what it earned.

    With --step N, shows the state and the observation after N actions; with --html, the page opens
    there. --interactive needs a terminal; without one, the episode is printed as usual.
    """
    if interactive and (as_json or html is not None):
        raise click.UsageError("--interactive: expected it without --json and --html, got both")
    if html is not None:
        check_output(html, option="--html", logs=[log_path])
    with open_to_read(log_path) as log:
        info = log.find(id)
        stream = log.events(info.id)
        # Of use on a page only, and not worth a word there if one cannot be read.
        optimum = None if html is None else optimum_of(log, info, stream, LeftOut())
    if interactive and has_terminal():
        from refold.commands.shared.stepper import step_through  # noqa: PLC0415 - other uses do not need it

        step_through(stream, info, at=position or 0, log_path=log_path)
        return
    one_moment = position is not None
    chosen = [_step_at(stream, position)] if position is not None else steps(stream)
    if html is not None:
        given = _grade(info, stream)
        told = verdict(stream, given, pass_at=pass_mark())
        made = document(stream, info=info, grade=given, verdict=told)
        write_page(html, {**made, **optimum_member(optimum, info, given)}, at=position)
    if as_json:
        rows = (_step_row(stream, step, observe=one_moment) for step in chosen)
        print_json("steps", rows, episode=info.id)
    if not as_json and html is None:
        _print_steps(stream, chosen, observe=one_moment, messages=messages)


def _print_steps(stream: Stream, chosen: Iterable[Step], *, observe: bool, messages: bool) -> None:
    out = stdout_console()
    told = conversation_turns(stream.family, steps(stream)) if messages else ()
    turns = {turn.position: turn for turn in told}
    for step in chosen:
        if messages and step.position in turns:
            # Once: a turn holds what follows the last whole step as well.
            _print_turn(out, stream, step, turns.pop(step.position), whole=observe)
        elif not messages:
            print_step(out, stream, step)
        if observe:
            _print_moment(out, stream, step)
    # Last, since an event that does not fit is told in one line alone.
    if remark := stand_in_remark(stream.scenario):
        print_to_stderr(f"scenario {remark}")


def _grade(info: EpisodeInfo, stream: Stream) -> Grade | None:
    """Return the episode's grade; None if failures of the API cut it off."""
    return None if info.reason == INSTRUMENT_FAILED else grade(stream)


def _step_at(stream: Stream, position: int) -> Step:
    """Return the step at *position*; raises ``UnknownStep`` if there is none."""
    last = -1
    for step in steps(stream):
        last = step.position
        if last == position:
            return step
    raise UnknownStep(position, last)


def _step_row(stream: Stream, step: Step, *, observe: bool) -> dict[str, Any]:
    family = stream.family
    row = {
        "step": step.position,
        "action": to_json_data(step.action),
        "say": family.say(step.action) if step.action is not None else None,
        "error": step.error,
        "reward": step.reward,
        "parts": to_json_data(step.parts),
        "total": step.total,
        "events": list(event_rows(stream, step)),
        "state": to_json_data(family.view(step.state)),
    }
    return {**row, "observation": to_json_data(family.observe(step.state))} if observe else row


def event_rows(stream: Stream, step: Step) -> Iterator[dict[str, Any]]:
    """Yield each event of *step* as JSON data: seq, words, and the event as it is stored."""
    for seq, event in zip(step.seqs, step.events, strict=True):
        # The stored bytes, not the event encoded again: they are what the digest covers.
        yield {"seq": seq, "say": stream.family.say(event), "event": Raw(stream.payloads[seq])}


def print_step(out: "Console", stream: Stream, step: Step) -> None:
    """Print one step: its action and reward, then each event with its seq."""
    say = stream.family.say
    _print_head(out, stream, step)
    for seq, event in zip(step.seqs, step.events, strict=True):
        if isinstance(event, StepRewarded):
            out.print(safe_text(f"     {seq:>4}  {say(event)}"), style="dim")
        elif not isinstance(event, ActionTaken):
            out.print(safe_text(f"     {seq:>4}  {say(event)}"))


def _print_head(out: "Console", stream: Stream, step: Step) -> None:
    if step.action is None:
        out.print("start" if not step.seqs.start else "then", style="bold")
    else:
        say = stream.family.say(step.action)
        head = f"{step.position:>3}  {say}  {format_signed(step.reward)}"
        out.print(safe_text(head), style="bold red" if step.error else "bold")


def _print_turn(out: "Console", stream: Stream, step: Step, turn: Turn, *, whole: bool) -> None:
    """Print the *turn* that *step* is of: what was said, called and answered, long texts folded."""
    _print_head(out, stream, step)
    before = -1
    for seq, line in turn_lines(turn, whole=whole):
        number = "" if seq == before else f"{seq:>4}"
        before = seq
        dim = all(role == "dim" for _, role in line)
        text = "".join(part for part, _ in line)
        out.print(safe_text(f"     {number:>4}  {text}"), style="dim" if dim else None)


def _print_moment(out: "Console", stream: Stream, step: Step) -> None:
    out.print("\nstate", style="bold")
    for key, value in stream.family.view(step.state).items():
        if isinstance(value, dict):
            out.print(safe_text(f"  {key}"))
            for name, inner in value.items():
                out.print(safe_text(f"    {name}: {_on_one_line(inner)}"))
        else:
            out.print(safe_text(f"  {key}: {_on_one_line(value)}"))
    out.print("\nobservation", style="bold")
    out.print(safe_lines(prompt_of(stream.family).render(stream.family.observe(step.state))))


def _on_one_line(value: Any) -> str:
    """Return a value of a view as text, a list with blanks between its elements."""
    if isinstance(value, list | tuple):
        return "  ".join(map(_cell, value)) or "-"
    return _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return format_number(value)
    return "-" if value is None else str(value)
