"""``refold what-if``."""

import asyncio
from typing import Any

import click
from attrs import evolve

from commands.model_options import ModelChoices, agent_name, model_options, open_players, opening_of
from commands.options import agent_option, episode_argument, examples, json_option, log_option
from commands.output import add_row, console, plain, print_json, safe, signed, table
from commands.tally import Tally
from engine import Episode, EpisodeInfo, EventLog, Stream, fold_to
from graders import grade
from replays.what_if import Outcome, action_at, what_if


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

    The cheapest way to see whether a step was a mistake. Nothing is recorded; `refold fork` keeps
    a branch that is worth it.
    """
    agent = agent_name(agent)
    with EventLog(log, readonly=True) as opened:
        info = opened.find(id)
        stream = opened.events(info.id)
        opening_of(agent, stream.family, model)
        outcomes = asyncio.run(_try_all(opened, info, stream, at, agent, model))
    outcomes.sort(key=lambda outcome: (-outcome.score, -outcome.total))
    if as_json:
        rows = (_row(stream, outcome) for outcome in outcomes)
        print_json("outcomes", rows, episode=info.id, step=at, score=grade(stream).score)
    else:
        _print(stream, at, outcomes)


async def _try_all(
    log: EventLog, info: EpisodeInfo, stream: Stream, at: int, agent: str, model: ModelChoices
) -> list[Outcome]:
    told = evolve(info, fork_at=at + 1)
    total = len(stream.family.legal_actions(fold_to(stream, at)))
    found = []
    with Tally(total=total, label=f"actions after step {at}") as tally:
        async with open_players(log, [agent], model) as players:

            async def finish(episode: Episode) -> None:
                await players[agent].play(episode, told)

            async for outcome in what_if(stream, at, finish):
                found.append(outcome)
                tally.add((), outcome.score)
    return found


def _row(stream: Stream, outcome: Outcome) -> dict[str, Any]:
    return {**plain(outcome), "say": stream.family.say(outcome.action)}


def _print(stream: Stream, at: int, outcomes: list[Outcome]) -> None:
    out = console()
    played = action_at(stream, at)
    said = stream.family.say(played) if played is not None else "nothing, the episode stops there"
    out.print(safe(f"as played, step {at + 1}: {said}; score {grade(stream).score:.4f}"))
    listing = table(
        ["action", "score", "difference", "reward", "steps"],
        right=["score", "difference", "reward", "steps"],
    )
    best = max((outcome.score for outcome in outcomes if outcome.taken), default=None)
    for outcome in outcomes:
        change = None if best is None else signed(outcome.score - best)
        add_row(
            listing,
            stream.family.say(outcome.action) + (" (as played)" if outcome.taken else ""),
            f"{outcome.score:.4f}",
            change,
            signed(outcome.total),
            outcome.steps,
            style="bold" if outcome.taken else None,
        )
    out.print(listing)
    if best is None:
        out.print("the action as played was refused, or is no legal one: no difference to it")
