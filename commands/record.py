"""``refold record``."""

from collections.abc import Iterator, Sequence
from secrets import token_hex

import click
from attrs import frozen

from agents import Policy, make_policy, play
from agents.rollout import epoch_seed
from commands.episodes import episode_row, episodes_table
from commands.options import agent_option, json_option, log_option, scenario_argument
from commands.output import console, print_json, progress, words
from engine import Episode, EpisodeInfo, EventLog, RefoldError
from engine.episode import LARGEST_SEED
from engine.family import find_family
from graders import Grade, grade, save_grade
from scenarios import Scenario, load, scenario_names


@frozen
class Job:
    """One episode to record."""

    scenario: Scenario
    seed: int
    epoch: int
    policy: Policy


@click.command("record")
@scenario_argument("scenario", many=True)
@agent_option
@click.option("--seed", type=click.IntRange(0, LARGEST_SEED), help="Seed of the first epoch.")
@click.option("--epochs", type=click.IntRange(1), default=1, help="Episodes of each scenario.")
@click.option("--same-seed", is_flag=True, help="Repeat one world in every epoch.")
@click.option("--name", "run", help="Name of the run; made up if not given.")
@click.option("--durable", is_flag=True, help="Wait for the disk at each step.")
@log_option
@json_option
def record_command(
    scenario: Sequence[str],
    agent: str,
    seed: int | None,
    epochs: int,
    same_seed: bool,
    run: str | None,
    durable: bool,
    log: str,
    as_json: bool,
) -> None:
    r"""
    Play episodes of each SCENARIO with an agent and record them in the log.

    SCENARIO is a name from `refold scenarios`, a family (all of its scenarios), or the path of a
    TOML file. The first epoch plays the scenario's own world; epoch N plays seed + N, whoever
    the agent is, so that runs can be compared pair by pair.

    \b
    Examples:
      refold record workflow/hard --agent greedy
      refold record workflow --agent random --epochs 20 --name dice
      refold record ./mine.toml --agent script:actions.jsonl
    """
    jobs = list(_jobs(_load_all(scenario), agent, seed, epochs, same_seed=same_seed))
    with EventLog(log, durable=durable) as opened:
        name = _run_name(opened, run, agent)
        recorded = [
            _record(opened, job, agent, name)
            for job in progress(jobs, total=len(jobs), label=f"recording {name}")
        ]
    if as_json:
        print_json("episodes", (episode_row(info, [given]) for info, given in recorded), run=name)
        return
    console().print(episodes_table((info, [given]) for info, given in recorded))
    open_ended = sum(info.ended is None for info, _ in recorded)
    if open_ended:
        words(f"{open_ended} not ended: the script ran out of actions before the episode did")


def _load_all(names: Sequence[str]) -> list[Scenario]:
    shipped = scenario_names()
    chosen: list[str] = []
    for name in names:
        of_family = [each for each in shipped if each.startswith(f"{name}/")]
        chosen += of_family or [name]
    return [load(name) for name in dict.fromkeys(chosen)]


def _jobs(
    scenarios: Sequence[Scenario], agent: str, seed: int | None, epochs: int, *, same_seed: bool
) -> Iterator[Job]:
    """Yield every episode to come; all that can be wrong with an agent shows here."""
    for scenario in scenarios:
        family = find_family(scenario.family, scenario.rules)
        first = scenario.seed if seed is None else seed
        for epoch in range(epochs):
            world = first if same_seed else epoch_seed(first, epoch)
            yield Job(scenario, world, epoch, make_policy(agent, family, seed=world, epoch=epoch))


def _run_name(log: EventLog, wanted: str | None, agent: str) -> str:
    name = wanted or f"{agent.partition(':')[0]}-{token_hex(3)}"
    if next(log.episodes(run=name), None):
        raise RefoldError(f"run {name!r}: expected a new name, got one that the log holds already")
    return name


def _record(log: EventLog, job: Job, agent: str, run: str) -> tuple[EpisodeInfo, Grade]:
    episode = Episode.start(
        job.scenario, log=log, agent=agent, seed=job.seed, run=run, epoch=job.epoch
    )
    play(episode, job.policy)
    given = grade(episode.events)
    save_grade(log, episode.id, given)
    return log.find(episode.id), given
