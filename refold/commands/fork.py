"""``refold fork``."""

from collections.abc import Sequence

import click

from refold.commands.shared.agent_names import complete_agent_name
from refold.commands.shared.cost_cap import make_cap, max_cost_option
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.model_choices import opening_input, with_programs
from refold.commands.shared.model_options import ModelChoices, price_option, with_model_options
from refold.commands.shared.options import (
    agent_option,
    at_option,
    episode_argument,
    format_examples,
    json_option,
    log_option,
    open_existing,
    world_option,
)
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.played import print_episodes, print_uncounted
from refold.commands.shared.playing import play_run, save_missing_grades
from refold.engine import Episode, RefoldError, Reseeded
from refold.engine.episode import LARGEST_SEED
from refold.environments import Worlds
from refold.reports import Prices


@click.command(
    "fork",
    epilog=format_examples(
        "refold fork last --at 6 --agent greedy",
        "refold fork 3f2a --at 2 --agent script:rest.jsonl",
        "refold fork 3f2a --at 2 --agent random --seed 7",
    ),
)
@episode_argument("id")
@at_option
@agent_option
@click.option(
    "--seed",
    type=WholeNumber(0, LARGEST_SEED),
    help="Use this random seed from the fork onwards.",
)
@click.option("--new-id", metavar="ID", help="Id of the fork; generated if not given.")
@world_option
@price_option
@max_cost_option
@with_model_options
@log_option
@json_option
def fork_command(
    id: str,
    at: int,
    agent: str,
    seed: int | None,
    new_id: str | None,
    named: Sequence[str],
    prices: Prices,
    max_cost: float | None,
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Branch off from the episode ID after N actions and let another agent continue.

    The fork shares the first N steps with its parent, byte for byte, and knows its parent. It is an
    episode like any other: you can grade it, compare it with its parent and fork it again. It
    belongs to no run.
    """
    agent, model = complete_agent_name(agent), with_programs(model, agent)
    cap = make_cap(max_cost, prices, [agent], model)
    with open_existing(log_path) as log:
        parent = log.find(id)
        stream = log.events(parent.id)
        opening = opening_input(agent, stream.family, model, scenario=stream.scenario)
        if seed is not None and stream.family.answered:
            raise RefoldError(
                "--seed: expected none, since an external environment answers, got one"
            )
        worlds = Worlds(named)
        # One transaction, so that no fork is ever in the log without its seed or its model.
        with log.transaction():
            fork = Episode.fork(
                stream,
                at,
                log=log,
                parent=parent.id,
                agent=agent,
                id=new_id,
                open_world=worlds,
            )
            fork.close()
            changes = [Reseeded(seed)] if seed is not None else []
            inputs = [*changes, *([opening] if opening else [])]
            if inputs and not fork.over:
                fork.note(*inputs)
        infos, left = [log.find(fork.id)], 0
        if fork.over:  # forked at the end: graded like its parent, with nothing to play
            print_to_stderr(f"the episode is over after step {at}: nothing is left to play")
            save_missing_grades(log, infos)
        else:
            label = f"fork of {parent.id}"
            left = play_run(
                log,
                infos,
                model,
                name=fork.id,
                label=label,
                prices=prices,
                cap=cap,
                worlds=worlds,
            )
        code = print_episodes(log, [fork.id], as_json=as_json, parent=parent.id)
        print_uncounted(log, [fork.id], told=left)
    return 1 if left else code
