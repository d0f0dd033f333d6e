"""Options that several commands share, and what their values complete to."""

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from refold.engine import EventLog, RefoldError

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

DEFAULT_LOG = "refold.db"
_MOST_COMPLETIONS = 200


def _complete_episodes(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    try:
        with EventLog(context.params.get("log_path") or DEFAULT_LOG, readonly=True) as log:
            newest = list(islice(log.episodes(newest_first=True), _MOST_COMPLETIONS))
    except RefoldError:
        return []
    return [
        CompletionItem(info.id, help=f"{info.scenario} {info.agent}")
        for info in newest
        if info.id.startswith(incomplete)
    ]


def _complete_scenarios(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from refold.scenarios import scenario_names  # noqa: PLC0415 - only when a shell asks

    names = [CompletionItem(name) for name in scenario_names() if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def _complete_agents(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from refold.agents import AGENTS  # noqa: PLC0415 - only when a shell asks

    return [
        CompletionItem(name.removesuffix("FILE").removesuffix("MODEL"), help=about)
        for name, about in AGENTS.items()
        if name.startswith(incomplete)
    ]


def format_examples(*commands: str) -> str:
    """Return *commands* as the examples at the end of a command's help."""
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])


def open_existing(log_path: str, *, readonly: bool = False) -> EventLog:
    """
    Return the log at *log_path*, never a new one: for commands that have nothing to put into one.

    Raises:
        NotALog: The file is missing, or no log of refold.
    """
    if not readonly:
        EventLog(log_path, readonly=True).close()
    return EventLog(log_path, readonly=readonly)


def log_option(command: CommandT) -> CommandT:
    """Add ``--log``."""
    return click.option(
        "--log",
        "log_path",
        metavar="FILE",
        envvar="REFOLD_LOG",
        default=DEFAULT_LOG,
        show_default=True,
        show_envvar=True,
        help="The log.",
    )(command)


def json_option(command: CommandT) -> CommandT:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def agent_option(command: CommandT) -> CommandT:
    """Add ``--agent``."""
    return click.option(
        "--agent",
        required=True,
        metavar="AGENT",
        shell_complete=_complete_agents,
        help="noop, random, greedy (workflow), baseline (inbox), script:FILE or openai:MODEL.",
    )(command)


def filter_options(command: CommandT) -> CommandT:
    """Add ``--scenario``, ``--agent`` and ``--run``, which say which episodes are meant."""
    for name, about in (
        ("--run", "Only those of this run."),
        ("--agent", "Only those of this agent."),
        ("--scenario", "Only those of this scenario, or family."),
    ):
        command = click.option(name, help=about)(command)
    return command


def episode_argument(name: str, *, many: bool = False) -> Callable[[CommandT], CommandT]:
    """Add an argument that names an episode, or any number of them."""
    return click.argument(
        name,
        metavar="[ID]..." if many else name.upper(),
        nargs=-1 if many else 1,
        shell_complete=_complete_episodes,
    )


def scenario_argument(name: str, *, many: bool = False) -> Callable[[CommandT], CommandT]:
    """Add an argument that names a scenario, optional unless *many*."""
    return click.argument(
        name,
        metavar="SCENARIO..." if many else "[NAME]",
        nargs=-1 if many else 1,
        required=many,
        shell_complete=_complete_scenarios,
    )
