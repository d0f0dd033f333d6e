"""``refold record``."""

import time
from collections.abc import Iterator, Sequence
from secrets import token_hex

import click
from attrs import evolve, frozen

from refold.agents.rollout import epoch_seed
from refold.commands.shared.agent_names import complete_agent_name
from refold.commands.shared.closing import print_outcome
from refold.commands.shared.cost_cap import make_cap, max_cost_option
from refold.commands.shared.fleet_options import Fleet, with_fleet_options
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.model_choices import complete_user_name, opening_input, with_programs
from refold.commands.shared.model_options import ModelChoices, price_option, with_model_options
from refold.commands.shared.options import (
    agent_option,
    format_examples,
    json_option,
    log_option,
    parallel_option,
    scenario_argument,
    world_option,
)
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.passing import pass_mark
from refold.commands.shared.playing import play_run
from refold.engine import Episode, EpisodeInfo, EventLog, Input, RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.engine.exchanges import ModelConfigured, ProgramLoaded
from refold.engine.registry import find_family
from refold.environments import Worlds
from refold.environments.tau2.addresses import with_user
from refold.fleet import connected, playing_on
from refold.reports import Prices
from refold.reports.runs import LAST
from refold.scenarios import Scenario, family_scenarios, load, world_names
from refold.scenarios.answered.parameters import MOST_STEPS


@frozen
class EpisodeJob:
    """An episode to record; *opening* is the event to record first, None for none."""

    scenario: Scenario
    seed: int
    epoch: int
    opening: Input | None


@click.command(
    "record",
    epilog=format_examples(
        "refold record workflow/hard --agent greedy",
        "refold record workflow --agent random --epochs 20 --name dice",
        "refold record ./mine.toml --agent script:actions.jsonl",
        "refold record gymnasium:CartPole-v1 --agent random --epochs 5",
        "refold record workflow inbox --agent openai:MODEL --epochs 5 --parallel 8",
        "refold record tau2:airline --agent openai:MODEL --user openai:MODEL",
        "refold record workflow --agent openai:MODEL --epochs 100 --fleet ray --parallel 64",
    ),
)
@scenario_argument("scenario", many=True)
@agent_option
@click.option(
    "--user", metavar="openai:MODEL", help="The model that plays the user in tau2: tasks."
)
@click.option(
    "--max-steps",
    type=WholeNumber(1, MOST_STEPS),
    help="Step limit for episodes in external environments.",
)
@click.option("--seed", type=WholeNumber(0, LARGEST_SEED), help="Seed of the first epoch.")
@click.option(
    "--epochs",
    type=WholeNumber(1),
    default=1,
    show_default=True,
    help="Episodes of each scenario.",
)
@click.option("--same-seed", is_flag=True, help="Use the same seed in every epoch.")
@world_option
@parallel_option
@with_fleet_options
@click.option("--name", "run", help="Name of the run; generated if not given.")
@click.option("--durable", is_flag=True, help="Wait for the disk at each step.")
@price_option
@max_cost_option
@with_model_options
@log_option
@json_option
def record_command(
    scenario: Sequence[str],
    agent: str,
    user: str | None,
    max_steps: int | None,
    seed: int | None,
    epochs: int,
    same_seed: bool,
    named: Sequence[str],
    parallel: int,
    fleet: Fleet | None,
    run: str | None,
    durable: bool,
    prices: Prices,
    max_cost: float | None,
    model: ModelChoices,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Play episodes of each SCENARIO with an agent and record them in the log.

    SCENARIO is a name from `refold scenarios`, a family (all of its scenarios), the path of a TOML
    file, or an external environment: gymnasium:ID, openenv:URL, tau2:DOMAIN,
    python:FILE.py:FUNCTION. The first epoch plays the scenario's own seed and epoch N that seed
    plus N, whatever the agent, so that runs can be compared pair by pair. Exits with 1 if an API or
    an environment failed and cut an episode off, or if --max-cost stopped the run.

    With --fleet and --name, the same command continues a run that was interrupted.
    """
    began, pass_at = time.monotonic(), pass_mark()
    play = playing_on(fleet, model, programs=[agent])
    agent, model = complete_agent_name(agent), with_programs(model, agent)
    if user is not None:
        scenario = with_user(scenario, complete_user_name(user, model))
    # Every scenario and option is checked before the first episode begins: an unattended run
    # must not fail on its last scenario.
    cap = make_cap(max_cost, prices, [agent], model)
    if cap is not None and user is not None:
        print_to_stderr(f"--max-cost: does not count {user}, which plays the users")
    jobs: list[EpisodeJob] = []
    scenarios = [limit_steps(each, max_steps) for each in load_scenarios(scenario)]
    worlds = Worlds([*scenario, *named])
    _check_worlds(scenarios, worlds)
    for each in scenarios:
        family = find_family(each.family, each.rules)
        opening = opening_input(
            agent, family, model, scenario=each.body, elsewhere=fleet is not None
        )
        jobs += _epoch_jobs(each, opening, seed, epochs, same_seed=same_seed)
    with connected(fleet), EventLog(log_path, durable=durable) as log:
        # A fleet's command may be started again by whatever watches over it, as on Kubernetes.
        infos = [] if fleet is None or run is None else _begun_before(log, jobs, agent, run)
        name = run if run is not None and infos else new_run_name(log, run, agent)
        infos = infos or begin_episodes(log, jobs, agent, name)
        label = f"run {name}"
        left = play_run(
            log,
            [info for info in infos if info.ended is None],
            model,
            name=name if fleet is None else f"{name} {fleet.option}",
            label=label,
            parallel=parallel,
            prices=prices,
            cap=cap,
            worlds=worlds,
            play=play,
        )
        return print_outcome(
            log,
            [info.id for info in infos],
            [name],
            left=left,
            pass_at=pass_at,
            prices=prices,
            began=began,
            as_json=as_json,
            run=name,
        )


def limit_steps(scenario: Scenario, max_steps: int | None) -> Scenario:
    """
    Return *scenario* with its own limit on steps, *max_steps*, if one is given.

    Raises:
        RefoldError: Rules of refold answer it, which have limits of their own.
    """
    if max_steps is None:
        return scenario
    if scenario.family != "answered":
        raise RefoldError(
            f"--max-steps: expected an external environment, got {scenario.name}, which has its "
            "own limit; a scenario file changes that"
        )
    return evolve(scenario, parameters=evolve(scenario.parameters, max_steps=max_steps))


def _check_worlds(scenarios: Sequence[Scenario], worlds: Worlds) -> None:
    """Raise ``RefoldError`` if an environment cannot be opened; one of each kind is tried."""
    tried = {each.parameters.environment: each for each in scenarios if each.family == "answered"}
    for each in tried.values():
        worlds(each.body).close()


def load_scenarios(names: Sequence[str]) -> list[Scenario]:
    """
    Return the scenarios called *names*, without repeats; a family stands for all of its own.

    Raises:
        RefoldError: A name is unknown, or a file holds no valid scenario.
    """
    chosen: list[str] = []
    for name in names:
        chosen += family_scenarios(name) or world_names(name) or [name]
    return [load(name) for name in dict.fromkeys(chosen)]


def _epoch_jobs(
    scenario: Scenario, opening: Input | None, seed: int | None, epochs: int, *, same_seed: bool
) -> Iterator[EpisodeJob]:
    first = scenario.seed if seed is None else seed
    for epoch in range(epochs):
        world = first if same_seed else epoch_seed(first, epoch)
        yield EpisodeJob(scenario, world, epoch, opening)


def new_run_name(log: EventLog, wanted: str | None, agent: str) -> str:
    """
    Return the name of a new run: *wanted*, or one made from *agent* if None.

    Raises:
        RefoldError: *log* has a run called *wanted* already, or *wanted* is ``last``.
    """
    name = wanted or f"{agent.partition(':')[0]}-{token_hex(3)}"
    if name == LAST:
        raise RefoldError(f"run {name!r}: expected another name, since it means the newest run")
    if next(log.episodes(run=name), None):
        raise RefoldError(f"run {name!r}: expected a new name, got one that the log holds already")
    return name


def _begun_before(
    log: EventLog, jobs: Sequence[EpisodeJob], agent: str, run: str
) -> list[EpisodeInfo]:
    """
    Return the episodes of *run* if they are those that *jobs* begin; none if there is no such run.

    Raises:
        RefoldError: They are others.
    """
    infos = list(log.episodes(run=run))
    if not infos:
        return []
    pairs = zip(infos, jobs, strict=False)
    if len(infos) == len(jobs) and all(_is_begun(log, *pair, agent) for pair in pairs):
        return infos
    raise RefoldError(
        f"run {run!r}: expected a new name, or the command that began this run, got another; "
        f"`refold resume {run}` continues that one"
    )


def _is_begun(log: EventLog, info: EpisodeInfo, job: EpisodeJob, agent: str) -> bool:
    """Return whether *info* began as *job* does, played by *agent* and asked in the same way."""
    if (info.agent, info.seed, info.epoch) != (agent, job.seed, job.epoch):
        return False
    stream = log.events(info.id)
    told = next(
        (each for each in stream if isinstance(each, ModelConfigured | ProgramLoaded)), None
    )
    return stream.scenario == job.scenario.body and told == job.opening


def begin_episodes(
    log: EventLog, jobs: Sequence[EpisodeJob], agent: str, run: str
) -> list[EpisodeInfo]:
    """Record the start of each of *jobs*, and return their rows in the log."""
    # All of them before the first is played, so that `refold resume` finds those that were never
    # reached.
    with log.transaction():
        return [log.find(_begin_episode(log, job, agent, run)) for job in jobs]


def _begin_episode(log: EventLog, job: EpisodeJob, agent: str, run: str) -> str:
    episode = Episode.start(
        job.scenario, log=log, agent=agent, seed=job.seed, run=run, epoch=job.epoch
    )
    if job.opening is not None:
        episode.note(job.opening)
    return episode.id
