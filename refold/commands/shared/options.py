"""Options and arguments that several commands share, and the shell completion of their values."""

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from refold.commands.shared.configured import Configured, log_of
from refold.commands.shared.input_types import Number, WholeNumber
from refold.commands.shared.passing import PASS_MARK
from refold.engine import EventLog, RefoldError, open_to_read
from refold.engine.terminal_text import safe_text
from refold.project.settings import MOST_PARALLEL

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

DEFAULT_LOG = "refold.db"
# A log may hold thousands of episodes, while a shell should answer the tab key at once.
_MOST_COMPLETIONS = 200


def _complete_episodes(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    try:
        with open_to_read(context.params.get("log_path") or DEFAULT_LOG, again=True) as log:
            newest = list(islice(log.episodes(newest_first=True), _MOST_COMPLETIONS))
    except RefoldError:  # a completion has no place to report an error
        return []
    return [
        CompletionItem(info.id, help=safe_text(f"{info.scenario} {info.agent}"))
        for info in newest
        if info.id.startswith(incomplete) and info.id.isprintable()
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
    from refold.agents import known_agents  # noqa: PLC0415 - only when a shell asks

    return [
        CompletionItem(name.removesuffix("FILE").removesuffix("MODEL"), help=about)
        for name, about in known_agents().items()
        if name.startswith(incomplete)
    ]


def complete_runs(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the runs of the log whose names begin with *incomplete*; none if it cannot be read."""
    from refold.reports import run_names  # noqa: PLC0415 - only when a shell asks

    try:
        with open_to_read(context.params.get("log_path") or DEFAULT_LOG, again=True) as log:
            names = [name for name in run_names(log) if name.startswith(incomplete)]
            # The shell prints what it completes, and takes a line end for the end of one.
            return [CompletionItem(name) for name in names if name.isprintable()]
    except RefoldError:
        return []


def format_examples(*commands: str) -> str:
    """Return *commands* as the section of examples at the end of a command's help."""
    # \b keeps click from joining the lines into a paragraph.
    return "\n".join(["\b", "Examples:", *(f"  {command}" for command in commands)])


def open_existing(log_path: str, *, readonly: bool = False) -> EventLog:
    """
    Return the log at *log_path*, opened for writing unless *readonly*; it is never created.

    A folder can be read, as one log.

    For commands that need episodes: on a mistyped path, they must not leave an empty log.

    Raises:
        NotALog: The file is missing, or no log of refold.
    """
    if readonly:
        return open_to_read(log_path)
    EventLog(log_path, readonly=True).close()
    return EventLog(log_path)


def log_option(command: CommandT) -> CommandT:
    """Add ``--log``, which the command takes as *log_path*."""
    return _log_option("FILE", "The log.")(command)


def logs_option(command: CommandT) -> CommandT:
    """Add ``--log`` to a command that can read a folder of logs; it takes that as *log_path*."""
    return _log_option("FILE|FOLDER", "The log, or a folder of logs, read as one.")(command)


def _log_option(metavar: str, about: str) -> Callable[[CommandT], CommandT]:
    return click.option(
        "--log",
        "log_path",
        metavar=metavar,
        envvar="REFOLD_LOG",
        default=Configured(log_of, DEFAULT_LOG),
        show_default=True,
        show_envvar=True,
        help=about,
    )


def json_option(command: CommandT) -> CommandT:
    """Add ``--json``, which the command takes as *as_json*."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def agent_option(command: CommandT) -> CommandT:
    """Add ``--agent``, the agent that plays."""
    return click.option(
        "--agent",
        required=True,
        metavar="AGENT",
        shell_complete=_complete_agents,
        help="noop, random, greedy (workflow), baseline (inbox), script:FILE, FILE.py:FUNCTION or "
        "openai:MODEL.",
    )(command)


def at_option(command: CommandT) -> CommandT:
    """Add ``--at``, a position in an episode."""
    return click.option(
        "--at", type=WholeNumber(), required=True, metavar="N", help="After this many actions."
    )(command)


def world_option(command: CommandT) -> CommandT:
    """Add ``--world``, the external environments that may be opened; taken as *named*."""
    return click.option(
        "--world",
        "named",
        multiple=True,
        metavar="ENVIRONMENT",
        envvar="REFOLD_WORLDS",
        show_envvar=True,
        help="An environment that may be opened: python:FILE.py:FUNCTION or openenv:URL.",
    )(command)


def parallel_option(command: CommandT) -> CommandT:
    """Add ``--parallel``, the number of episodes that are played at once."""
    return click.option(
        "--parallel",
        type=WholeNumber(1, MOST_PARALLEL),
        default=Configured(lambda settings: settings.parallel, 1),
        show_default=True,
        help="Episodes to play at once; speeds up models.",
    )(command)


def limit_option(command: CommandT) -> CommandT:
    """Add ``--limit``, the number of rows to list; 0 means all."""
    return click.option(
        "--limit",
        type=WholeNumber(0),
        default=20,
        show_default=True,
        help="Newest N; 0 for all.",
    )(command)


def pass_at_option(command: CommandT) -> CommandT:
    """Add ``--pass-at``, the score from which an episode passes."""
    return click.option(
        "--pass-at",
        type=Number(0, 1),
        default=PASS_MARK,
        show_default=True,
        help="Lowest score that passes.",
    )(command)


def filter_options(command: CommandT) -> CommandT:
    """Add ``--scenario``, ``--agent`` and ``--run``, which select episodes."""
    for name, about in (
        ("--run", "Only those of this run."),
        ("--agent", "Only those of this agent."),
        ("--scenario", "Only those of this scenario, or family."),
    ):
        command = click.option(name, help=about)(command)
    return command


def episode_argument(name: str, *, many: bool = False) -> Callable[[CommandT], CommandT]:
    """Add the argument *name*: an episode's id, or with *many* any number of them."""
    return click.argument(
        name,
        metavar="[ID]..." if many else name.upper(),
        nargs=-1 if many else 1,
        shell_complete=_complete_episodes,
    )


def scenario_argument(
    name: str, *, many: bool = False, metavar: str = "SCENARIO"
) -> Callable[[CommandT], CommandT]:
    """Add the argument *name*: an optional scenario, or with *many* one *metavar* or more."""
    return click.argument(
        name,
        metavar=f"{metavar}..." if many else "[NAME]",
        nargs=-1 if many else 1,
        required=many,
        shell_complete=_complete_scenarios,
    )


def run_argument(name: str) -> Callable[[CommandT], CommandT]:
    """Add the argument *name*: the name of a run."""
    return click.argument(name, metavar=name.upper(), shell_complete=complete_runs)
