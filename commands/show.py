"""``refold show``."""

import click

from commands.episodes import episode_row
from commands.grading import parts_table
from commands.options import episode_argument, examples, json_option, log_option
from commands.output import console, plain, print_json, safe, signed, sparkline
from engine import EpisodeInfo, EventLog, Stream
from graders import Grade, grade, saved_grades
from replays import Step, steps


@click.command(
    "show",
    epilog=examples(
        "refold show last",
        "refold show 3f2a --json",
    ),
)
@episode_argument("id")
@log_option
@json_option
def show_command(id: str, log: str, as_json: bool) -> None:
    """Show one episode at a glance: who, what, how it went, and its grade."""
    with EventLog(log, readonly=True) as opened:
        info = opened.find(id)
        stream = opened.events(info.id)
        saved = saved_grades(opened, info.id)
    given = grade(stream)
    if as_json:
        print_json("episodes", [{**episode_row(info, saved), "grade": plain(given)}])
        return
    _print(info, stream, given, [each for each in saved if each != given])


def _print(info: EpisodeInfo, stream: Stream, given: Grade, others: list[Grade]) -> None:
    out = console()
    out.print(safe(f"{info.scenario}  {info.id}"), style="bold")
    out.print(safe(f"agent {info.agent or '-'}, seed {info.seed}, run {info.run or '-'}"))
    end = f"{info.ended} ({info.reason})" if info.ended else "running, or left"
    out.print(safe(f"{info.steps} steps, {info.events} events, {end}; began {info.started_at}"))
    out.print(f"digest {info.digest}")
    walked = [step for step in steps(stream) if step.action is not None]
    out.print(f"reward {signed(info.total)}  {sparkline([step.reward for step in walked])}")
    for step in filter(_notable, walked):
        words = stream.family.say(step.action)
        out.print(safe(f"  step {step.position}: {words}, refused: {step.error}"), style="red")
    out.print()
    out.print(parts_table(given))
    for other in others:
        rubric = other.rubric
        out.print(safe(f"saved: {other.score:.4f} by {rubric.name} v{rubric.version}"))


def _notable(step: Step) -> bool:
    return step.error is not None
