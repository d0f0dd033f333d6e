"""``refold record``."""

from collections.abc import Iterator, Sequence
from secrets import token_hex

import click
from attrs import frozen

from refold.agents.client import AccessDenied
from refold.agents.rollout import epoch_seed
from refold.commands.shared.model_options import (
    ModelChoices,
    agent_name,
    model_options,
    opening_of,
    price_option,
)
from refold.commands.shared.options import (
    agent_option,
    examples,
    json_option,
    log_option,
    scenario_argument,
)
from refold.commands.shared.output import words
from refold.commands.shared.recording import play_all, print_episodes
from refold.engine import Episode, EpisodeInfo, EventLog, Input, RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.engine.family import find_family
from refold.reports import Price
from refold.reports.runs import LAST
from refold.scenarios import Scenario, load, scenario_names


@frozen
class Job:
    """One episode to record; *opening* is what its agent has recorded first, if anything."""

    scenario: Scenario
    seed: int
    epoch: int
    opening: Input | None


@click.command(
    "record",
    epilog=examples(
        "refold record workflow/hard --agent greedy",
        "refold record workflow --agent random --epochs 20 --name dice",
        "refold record ./mine.toml --agent script:actions.jsonl",
        "refold record workflow inbox --agent openai:MODEL --epochs 5 --parallel 8",
    ),
)
@scenario_argument("scenario", many=True)
@agent_option
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of the first epoch.")
@click.option(
    "--epochs", type=click.IntRange(1), default=1, show_default=True, help="Episodes of each."
)
@click.option("--same-seed", is_flag=True, help="Repeat one world in every epoch.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Episodes to play at once; helps with models.",
)
@click.option("--name", "run", help="Name of the run; made up if not given.")
@click.option("--durable", is_flag=True, help="Wait for the disk at each step.")
@price_option
@model_options
@log_option
@json_option
def record_command(
    scenario: Sequence[str],
    agent: str,
    seed: int | None,
    epochs: int,
    same_seed: bool,
    parallel: int,
    run: str | None,
    durable: bool,
    price: Price | None,
    model: ModelChoices,
    log: str,
    as_json: bool,
) -> None:
    """
    Play episodes of each SCENARIO with an agent and record them in the log.

    SCENARIO is a name from `refold scenarios`, a family (all of its scenarios), or the path of a
    TOML file. The first epoch plays the scenario's own world; epoch N plays seed + N, whoever
    the agent is, so that runs can be compared pair by pair.
    """
    agent = agent_name(agent)
    jobs: list[Job] = []
    for each in load_all(scenario):
        opening = opening_of(agent, find_family(each.family, each.rules), model)
        jobs += _epochs(each, opening, seed, epochs, same_seed=same_seed)
    with EventLog(log, durable=durable) as opened:
        name = run_name(opened, run, agent)
        infos = begin(opened, jobs, agent, name)
        try:
            play_all(opened, infos, model, parallel=parallel, label=f"run {name}", price=price)
        except KeyboardInterrupt:
            words(f"interrupted; `refold resume {name}` goes on where it stopped")
            raise
        except AccessDenied as error:
            raise RefoldError(f"{error}; then `refold resume {name}` goes on") from error
        print_episodes(opened, [info.id for info in infos], as_json=as_json, run=name)


def load_all(names: Sequence[str]) -> list[Scenario]:
    """
    Return the scenarios that *names* name, each once; a family's name means all of its own.

    Raises:
        RefoldError: A name is unknown, or a file cannot be used.
    """
    shipped = scenario_names()
    chosen: list[str] = []
    for name in names:
        of_family = [each for each in shipped if each.startswith(f"{name}/")]
        chosen += of_family or [name]
    return [load(name) for name in dict.fromkeys(chosen)]


def _epochs(
    scenario: Scenario, opening: Input | None, seed: int | None, epochs: int, *, same_seed: bool
) -> Iterator[Job]:
    first = scenario.seed if seed is None else seed
    for epoch in range(epochs):
        world = first if same_seed else epoch_seed(first, epoch)
        yield Job(scenario, world, epoch, opening)


def run_name(log: EventLog, wanted: str | None, agent: str) -> str:
    """
    Return *wanted*, or a fresh name made of *agent*, for a run that is new to *log*.

    Raises:
        RefoldError: The log holds a run called *wanted* already, or it is the word ``last``.
    """
    name = wanted or f"{agent.partition(':')[0]}-{token_hex(3)}"
    if name == LAST:
        raise RefoldError(f"run {name!r}: expected another name, since it means the newest run")
    if next(log.episodes(run=name), None):
        raise RefoldError(f"run {name!r}: expected a new name, got one that the log holds already")
    return name


def begin(log: EventLog, jobs: Sequence[Job], agent: str, run: str) -> list[EpisodeInfo]:
    """Record the start of every job, all or none, so that an interrupted run can go on."""
    with log.transaction():
        return [log.find(_begin_one(log, job, agent, run)) for job in jobs]


def _begin_one(log: EventLog, job: Job, agent: str, run: str) -> str:
    episode = Episode.start(
        job.scenario, log=log, agent=agent, seed=job.seed, run=run, epoch=job.epoch
    )
    if job.opening is not None:
        episode.note(job.opening)
    return episode.id
