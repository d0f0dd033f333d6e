"""``refold what-if``."""

import asyncio
from collections.abc import Sequence
from typing import Any

import click
from attrs import evolve

from refold.commands.shared.agent_names import complete_agent_name
from refold.commands.shared.episode_progress import EpisodeProgressBar
from refold.commands.shared.formatting import format_signed
from refold.commands.shared.model_choices import open_players, opening_input, with_programs
from refold.commands.shared.model_options import ModelChoices, with_model_options
from refold.commands.shared.options import (
    agent_option,
    at_option,
    episode_argument,
    format_examples,
    json_option,
    logs_option,
    world_option,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.engine import Episode, EpisodeInfo, EventLog, Input, RefoldError, Stream, open_to_read
from refold.environments import Worlds
from refold.graders import grade
from refold.replays.alternatives import ActionOutcome, action_at, candidate_actions, what_if

_FIGURES = ("score", "difference", "reward", "steps")


@click.command(
    "what-if",
    epilog=format_examples(
        "refold what-if last --at 1 --agent greedy",
        "refold what-if 3f2a --at 4 --agent random --json",
    ),
)
@episode_argument("id")
@at_option
@agent_option
@world_option
@with_model_options
@logs_option
@json_option
def what_if_command(
    id: str,
    at: int,
    agent: str,
    named: Sequence[str],
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> None:
    """
    After N actions of ID, try every legal action, let an agent finish, and rank the results.

    The recorded action is tried too, so that the comparison is fair. This is the cheapest way to
    see whether a step was a mistake. Nothing is recorded; use `refold fork` to keep a branch.
    """
    agent, model = complete_agent_name(agent), with_programs(model, agent)
    with open_to_read(log_path) as log:
        info = log.find(id)
        stream = log.events(info.id)
        opening = opening_input(agent, stream.family, model, scenario=stream.scenario)
        number = len(candidate_actions(stream, at))
        if not number:
            raise RefoldError(
                f"--at: expected a step before the end, got {at}, where the episode is over; "
                f"--at {at - 1} tries the last action"
            )
        with EpisodeProgressBar(total=number, label=f"actions after step {at}") as progress:
            trying = _try_all(log, info, stream, at, agent, model, opening, progress, Worlds(named))
            outcomes = asyncio.run(trying)
    outcomes.sort(key=lambda outcome: (-outcome.score, -outcome.total))
    if as_json:
        rows = (_outcome_row(stream, outcome) for outcome in outcomes)
        print_json("outcomes", rows, episode=info.id, step=at, score=grade(stream).score)
    else:
        _print_outcomes(stream, at, outcomes)


async def _try_all(
    log: EventLog,
    info: EpisodeInfo,
    stream: Stream,
    at: int,
    agent: str,
    model: ModelChoices,
    opening: Input | None,
    progress: EpisodeProgressBar,
    worlds: Worlds,
) -> list[ActionOutcome]:
    fork_info = evolve(info, fork_at=at + 1)
    found = []
    async with open_players(log, [agent], model) as players:

        async def finish(episode: Episode) -> None:
            await players[agent].play(episode, fork_info)

        async for outcome in what_if(stream, at, finish, opening=opening, open_world=worlds):
            found.append(outcome)
            progress.add((), outcome.score)
    return found


def _outcome_row(stream: Stream, outcome: ActionOutcome) -> dict[str, Any]:
    return {**to_json_data(outcome), "say": stream.family.say(outcome.action)}


def _print_outcomes(stream: Stream, at: int, outcomes: Sequence[ActionOutcome]) -> None:
    out = stdout_console()
    played = action_at(stream, at)
    said = stream.family.say(played) if played is not None else "nothing yet"
    out.print(safe_text(f"as played, step {at + 1}: {said}; score {grade(stream).score:.4f}"))
    listing = new_table(["action", *_FIGURES, ""], right=_FIGURES)
    base = next((outcome.score for outcome in outcomes if outcome.taken), None)
    for outcome in outcomes:
        add_row(
            listing,
            stream.family.say(outcome.action),
            f"{outcome.score:.4f}",
            None if base is None or outcome.taken else format_signed(outcome.score - base),
            format_signed(outcome.total),
            outcome.steps,
            _remark(outcome),
            style="bold" if outcome.taken else None,
        )
    out.print(listing)


def _remark(outcome: ActionOutcome) -> str:
    remarks = ["as played"] if outcome.taken else []
    return ", ".join([*remarks, *([f"refused: {outcome.error}"] if outcome.error else [])])
