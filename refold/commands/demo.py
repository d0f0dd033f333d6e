"""``refold demo``."""

import asyncio
from shlex import quote

import click
from rich.console import Console

from refold.agents import Policy, make_policy, play
from refold.agents.client import Client
from refold.agents.endpoint import Endpoint
from refold.agents.mock.model import MockModel
from refold.agents.model import ModelAgent
from refold.agents.prompting import ModelOptions
from refold.agents.scripts import script_policy
from refold.commands.replay import print_step
from refold.commands.shared.diff_tables import print_diff
from refold.commands.shared.episode_tables import episodes_table
from refold.commands.shared.grade_tables import print_grade
from refold.commands.shared.options import DEFAULT_LOG, format_examples, log_option
from refold.commands.shared.output import safe_text, stdout_console
from refold.engine import ActionTaken, Episode, EpisodeInfo, EventLog
from refold.graders import Grade, grade, save_grade
from refold.replays import diff, steps, verify
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.scenarios import load

_SCENARIO = "workflow/hard"
_MODEL = "openai:mock"
_EXAMPLE = "workflow-hard-worked-example.jsonl"
_STEPS_SHOWN = 4


@click.command("demo", epilog=format_examples("refold demo", "refold demo --log demo.db"))
@log_option
def demo_command(log_path: str) -> None:
    """
    Record three episodes, replay one, grade them again from the log, and compare two.

    Needs no key and no server: one episode is played by a mock LLM over HTTP. The episodes stay in
    the log, for the other commands.
    """
    out = stdout_console()
    with EventLog(log_path) as log:
        _print_heading(out, f"record: three episodes into {log_path}")
        greedy = _record_policy(log, _SCENARIO, "greedy")
        example = _record_policy(log, _SCENARIO, "worked-example")
        inbox = asyncio.run(_record_model(log, "inbox/hard"))
        out.print(episodes_table((info, [given]) for info, given in (greedy, example, inbox)))
        _print_heading(out, f"replay: the first steps of {greedy[0].id}, from the log alone")
        stream = log.events(greedy[0].id)
        for step in list(steps(stream))[: _STEPS_SHOWN + 1]:
            print_step(out, stream, step)
        _print_heading(out, f"grade: {example[0].id} again, from its events")
        again = grade(log.events(example[0].id))
        print_grade(out, again)
        same = again.to_json() == example[1].to_json()
        out.print(f"byte for byte the grade that was given live: {'yes' if same else 'NO'}")
        divergence = verify(log.events(example[0].id))
        out.print(
            f"rules re-run on every step, equal byte for byte: {'no' if divergence else 'yes'}"
        )
        _print_heading(out, "diff: where the two runs part, and what it was worth")
        ids = greedy[0].id, example[0].id
        streams = log.events(ids[0]), log.events(ids[1])
        print_diff(out, diff(*streams), ids, streams, most=_STEPS_SHOWN)
    _print_heading(out, "next")
    where = "" if log_path == DEFAULT_LOG else f" --log {quote(log_path)}"
    for command in (f"show {example[0].id[:8]}", "replay last", "episodes"):
        out.print(safe_text(f"refold {command}{where}"))


def _print_heading(out: Console, text: str) -> None:
    out.print()
    out.print(safe_text(text), style="bold")


def _record_policy(log: EventLog, name: str, agent: str) -> tuple[EpisodeInfo, Grade]:
    episode = Episode.start(load(name), log=log, agent=agent, run="demo")
    play(episode, _make_policy(episode, agent))
    return _save_grade(log, episode)


def _save_grade(log: EventLog, episode: Episode) -> tuple[EpisodeInfo, Grade]:
    result = grade(episode.events)
    save_grade(log, episode.id, result)
    return log.find(episode.id), result


async def _record_model(log: EventLog, name: str) -> tuple[EpisodeInfo, Grade]:
    with MockModel() as server:
        client = Client(Endpoint(server.base_url, api_key="none"))
        episode = Episode.start(load(name), log=log, agent=_MODEL, run="demo")
        player = ModelAgent(client, ModelOptions(_MODEL.partition(":")[2]))
        await player.play(episode, log.find(episode.id))
        await client.close()
    return _save_grade(log, episode)


def _make_policy(episode: Episode, agent: str) -> Policy:
    if agent != "worked-example":
        return make_policy(agent, episode.family, seed=0)
    example = read_golden(GOLDEN_FOLDER / _EXAMPLE)
    return script_policy([event.action for event in example if isinstance(event, ActionTaken)])
