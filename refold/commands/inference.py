"""``refold inference``."""

from collections.abc import Sequence

import click

from refold.commands.record import EpisodeJob, begin_episodes, load_scenarios, new_run_name
from refold.commands.shared.agent_names import complete_agent_name
from refold.commands.shared.input_types import Number
from refold.commands.shared.model_choices import opening_input
from refold.commands.shared.model_options import ModelChoices, with_model_options
from refold.commands.shared.options import format_examples, log_option, scenario_argument
from refold.commands.shared.output import safe_text
from refold.commands.shared.playing import play_all
from refold.engine import ActionTaken, EpisodeInfo, EventLog, StepResult
from refold.engine.codec import encode
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import Scenario

ENVIRONMENT = "refold"


class EpisodeLines:
    """
    Prints the lines of one episode while it is played.

    Their format is fixed, for programs that read it: rewards with two decimal places, booleans
    and ``null`` as in JSON.
    """

    def __init__(self, scenario: str, model: str) -> None:
        self._rewards: list[float] = []
        _print_line(f"[START] task={scenario} env={ENVIRONMENT} model={model}")

    def step(self, result: StepResult) -> None:
        """Print the line of the step with *result*."""
        self._rewards.append(result.reward)
        taken = result.events[0]
        action = encode(taken.action).decode() if isinstance(taken, ActionTaken) else "null"
        done = "true" if result.terminated or result.truncated else "false"
        _print_line(
            f"[STEP] step={len(self._rewards)} action={action} reward={result.reward:.2f} "
            f"done={done} error={result.error or 'null'}"
        )

    def end(self, score: float, *, success: bool) -> None:
        """Print the last line, with *score* and whether the episode was a *success*."""
        rewards = ",".join(f"{reward:.2f}" for reward in self._rewards)
        _print_line(
            f"[END] success={'true' if success else 'false'} steps={len(self._rewards)} "
            f"score={score:.4f} rewards={rewards}"
        )


def _print_line(line: str) -> None:
    click.echo(safe_text(line.replace("\n", " ")))


@click.command(
    "inference",
    epilog=format_examples(
        "refold inference workflow inbox",
        "refold inference workflow --agent greedy",
    ),
)
@scenario_argument("scenario", many=True)
@click.option(
    "--agent", default="openai", show_default=True, metavar="AGENT", help="The agent that plays."
)
@click.option(
    "--success-at",
    type=Number(0, 1),
    default=0.5,
    show_default=True,
    help="Score from which an episode that ended counts as a success.",
)
@with_model_options
@log_option
def inference_command(
    scenario: Sequence[str], agent: str, success_at: float, model: ModelChoices, log_path: str
) -> None:
    """
    Play each SCENARIO once and print the classic lines [START], [STEP] and [END].

    The model is the one of MODEL_NAME, at API_BASE_URL, with the key of HF_TOKEN, unless the
    options say otherwise. Every episode is recorded in the log as well.
    """
    agent = complete_agent_name(agent)
    scenarios = load_scenarios(scenario)
    openings = [opening_input(agent, find_family(s.family, s.rules), model) for s in scenarios]
    with EventLog(log_path) as log:
        name = new_run_name(log, None, agent)
        jobs = [
            EpisodeJob(s, s.seed, 0, opening)
            for s, opening in zip(scenarios, openings, strict=True)
        ]
        for each, info in zip(scenarios, begin_episodes(log, jobs, agent, name), strict=True):
            _play_scenario(log, each, info, model, success_at)


def _play_scenario(
    log: EventLog, scenario: Scenario, info: EpisodeInfo, model: ModelChoices, success_at: float
) -> None:
    lines = EpisodeLines(scenario.name, info.agent.partition(":")[2] or info.agent)
    try:
        play_all(log, [info], model, label=scenario.name, watch=lines.step)
    # However the episode stops, [START] is followed by an [END].
    finally:
        result = grade(log.events(info.id))
        counts = result.complete and log.find(info.id).reason != INSTRUMENT_FAILED
        lines.end(result.score, success=counts and result.score >= success_at)
