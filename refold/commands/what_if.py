"""``refold what-if``."""

import asyncio
from collections.abc import Sequence
from typing import Any

import click
from attrs import evolve

from refold.commands.shared.model_options import (
    ModelChoices,
    agent_name,
    model_options,
    open_players,
    opening_of,
)
from refold.commands.shared.options import (
    agent_option,
    episode_argument,
    examples,
    json_option,
    log_option,
)
from refold.commands.shared.output import add_row, console, plain, print_json, safe, signed, table
from refold.commands.shared.progress import Tally
from refold.engine import Episode, EpisodeInfo, EventLog, Input, RefoldError, Stream
from refold.graders import grade
from refold.replays.what_if import ActionOutcome, action_at, candidate_actions, what_if

_FIGURES = ("score", "difference", "reward", "steps")


@click.command(
    "what-if",
    epilog=examples(
        "refold what-if last --at 1 --agent greedy",
        "refold what-if 3f2a --at 4 --agent random --json",
    ),
)
@episode_argument("id")
@click.option("--at", type=int, required=True, metavar="N", help="After how many actions.")
@agent_option
@model_options
@log_option
@json_option
def what_if_command(
    id: str, at: int, agent: str, model: ModelChoices, log: str, as_json: bool
) -> None:
    """
    Try every legal action after N actions of ID, each played on by an agent, and rank them.

    What was done there is tried as well, so that like is compared with like. The cheapest way to
    see whether a step was a mistake. Nothing is recorded; `refold fork` keeps a branch that is
    worth it.
    """
    agent = agent_name(agent)
    with EventLog(log, readonly=True) as opened:
        info = opened.find(id)
        stream = opened.events(info.id)
        opening = opening_of(agent, stream.family, model)
        number = len(candidate_actions(stream, at))
        if not number:
            raise RefoldError(
                f"--at: expected a step before the end, got {at}, where the episode is over; "
                f"--at {at - 1} tries the last action"
            )
        with Tally(total=number, label=f"actions after step {at}") as tally:
            trying = _try_all(opened, info, stream, at, agent, model, opening, tally)
            outcomes = asyncio.run(trying)
    outcomes.sort(key=lambda outcome: (-outcome.score, -outcome.total))
    if as_json:
        rows = (_row(stream, outcome) for outcome in outcomes)
        print_json("outcomes", rows, episode=info.id, step=at, score=grade(stream).score)
    else:
        _print(stream, at, outcomes)


async def _try_all(
    log: EventLog,
    info: EpisodeInfo,
    stream: Stream,
    at: int,
    agent: str,
    model: ModelChoices,
    opening: Input | None,
    tally: Tally,
) -> list[ActionOutcome]:
    told = evolve(info, fork_at=at + 1)
    found = []
    async with open_players(log, [agent], model) as players:

        async def finish(episode: Episode) -> None:
            await players[agent].play(episode, told)

        async for outcome in what_if(stream, at, finish, opening=opening):
            found.append(outcome)
            tally.add((), outcome.score)
    return found


def _row(stream: Stream, outcome: ActionOutcome) -> dict[str, Any]:
    return {**plain(outcome), "say": stream.family.say(outcome.action)}


def _print(stream: Stream, at: int, outcomes: Sequence[ActionOutcome]) -> None:
    out = console()
    played = action_at(stream, at)
    said = stream.family.say(played) if played is not None else "nothing yet"
    out.print(safe(f"as played, step {at + 1}: {said}; score {grade(stream).score:.4f}"))
    listing = table(["action", *_FIGURES, ""], right=_FIGURES)
    base = next((outcome.score for outcome in outcomes if outcome.taken), None)
    for outcome in outcomes:
        add_row(
            listing,
            stream.family.say(outcome.action),
            f"{outcome.score:.4f}",
            None if base is None or outcome.taken else signed(outcome.score - base),
            signed(outcome.total),
            outcome.steps,
            _remark(outcome),
            style="bold" if outcome.taken else None,
        )
    out.print(listing)


def _remark(outcome: ActionOutcome) -> str:
    remarks = ["as played"] if outcome.taken else []
    return ", ".join([*remarks, *([f"refused: {outcome.error}"] if outcome.error else [])])
