"""
The command line: its commands, and the exit codes that errors become.

Exit codes: 0 success; 1 a difference, a divergence or a failed check; 2 bad usage or input; 130
interrupted. Data goes to stdout, messages to stderr. The code of a command is imported when the
command is used, so that ``refold --help`` stays fast.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from refold.release import RELEASE

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Record and play": {
        "scenarios": ("refold.commands.scenarios", "List the scenarios, or show one."),
        "record": ("refold.commands.record", "Run episodes and record them in the log."),
        "resume": ("refold.commands.resume", "Continue episodes that were interrupted."),
        "fork": ("refold.commands.fork", "Branch off at step N and let another agent continue."),
        "what-if": ("refold.commands.what_if", "Try every action at a step and rank the results."),
        "generate": ("refold.commands.generate", "Generate scenarios that can be solved."),
        "solve": ("refold.commands.solve", "Find the best score that a scenario allows."),
        "inference": ("refold.commands.inference", "Play scenarios; print [START], [STEP], [END]."),
    },
    "Look": {
        "runs": ("refold.commands.runs", "List the runs of the log."),
        "episodes": ("refold.commands.episodes", "List the episodes of the log."),
        "show": ("refold.commands.show", "Show one episode at a glance."),
        "replay": ("refold.commands.replay", "Step through an episode."),
        "diff": ("refold.commands.diff", "Compare two episodes step by step."),
    },
    "Grade and compare": {
        "grade": ("refold.commands.grade", "Grade episodes from their events."),
        "regrade": ("refold.commands.regrade", "Grade again; list the scores that moved, and why."),
        "report": ("refold.commands.report", "Report on a run, with confidence intervals."),
        "compare": ("refold.commands.compare", "Compare two runs, episode by episode."),
        "group": ("refold.commands.group", "Show where passes and failures of a scenario diverge."),
        "leaderboard": ("refold.commands.leaderboard", "Rank the agents of the log."),
        "audit": ("refold.commands.audit", "Check whether a scenario is worth its score."),
        "baseline": ("refold.commands.baseline", "Show the scores of the built-in agents."),
    },
    "Labels and judges": {
        "label": ("refold.commands.label", "Label an episode, or the next without a label."),
        "tag": ("refold.commands.tag", "Tag an episode."),
        "note": ("refold.commands.note", "Write a note on an episode."),
        "labels": ("refold.commands.labels", "List labels, tags and notes."),
        "agree": ("refold.commands.agree", "Measure how far people's labels agree."),
        "validate": ("refold.commands.validate", "Compare a grader with people's labels."),
        "judge-check": ("refold.commands.judge_check", "Test whether texts can sway a judge."),
    },
    "Verify and move data": {
        "verify": ("refold.commands.verify", "Check hash chains and re-run the rules."),
        "manifest": ("refold.commands.manifest", "Print what the log holds, to be signed."),
        "export": ("refold.commands.transfer", "Write episodes as JSON Lines or other formats."),
        "import": ("refold.commands.import_runs", "Read episodes and other tools' runs."),
        "merge": ("refold.commands.merge", "Merge several logs into a new one."),
        "index": ("refold.commands.index", "Rebuild the index of the log."),
    },
    "Serve": {
        "serve": ("refold.commands.serve", "Serve the scenarios as OpenEnv environments."),
        "proxy": ("refold.commands.proxy", "Record what OpenEnv clients do on any server."),
        "mock-model": (
            "refold.commands.mock_model",
            "Run a mock model server, to try refold without an API key.",
        ),
    },
    "Project": {
        "config": ("refold.commands.config", "Show the settings in effect, and where from."),
        "check": ("refold.commands.check", "Check a project's grades against its baseline."),
        "golden": ("refold.commands.golden", "Keep episodes as text files, to test against."),
        "demo": ("refold.commands.demo", "See what refold does, without an API key."),
    },
}
"""Every command, by what it is for, in the order of --help: its module, and its line there."""

COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
"""Every command: its module, and its line in --help."""


class ReportedError(click.ClickException):
    """A ``RefoldError`` to report: one line, or one for each mistake in a file."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a ``RefoldError`` becomes a ``ReportedError``."""
        from refold.engine.errors import RefoldError  # noqa: PLC0415 - --help needs no engine

        try:
            return super().invoke(ctx)
        except RefoldError as error:
            # A scenario file's mistakes are told one a line; any other message is one line, so that
            # a line end in it, from a file or a model, cannot pass for a message of its own.
            lines = str(error).split("\n") if hasattr(error, "problems") else [str(error)]
            raise ReportedError(lines) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands, in the order of --help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command *cmd_name*; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* begin with; one that is misspelt is asked about."""
        name = args[0]
        if not (name in COMMANDS or name.startswith("-") or ctx.resilient_parsing):
            (close,) = get_close_matches(name, COMMANDS, n=1) or [""]
            asked = f"; did you mean {close}?" if close else ""
            raise click.UsageError(f"no such command {name!r:.60}{asked}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands by what they are for, without importing any."""
        widest = max(map(len, COMMANDS))
        for title, group in GROUPS.items():
            with formatter.section(title):
                # Padded, so that the descriptions of all groups begin in one column.
                formatter.write_dl(
                    [(name.ljust(widest), line) for name, (_, line) in group.items()]
                )


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  refold demo
  refold record workflow/hard --agent greedy
  refold replay last
  refold diff 3f2a 9c01

Episodes are named by id, by a unique prefix of it, or by 'last'. The log is the file named by
--log or REFOLD_LOG, else by the project's refold.toml, else refold.db.
""",
)
@click.version_option(RELEASE, message="%(prog)s %(version)s")
def refold() -> None:
    """Run LLM agents, log every step, and replay, grade and compare their runs at any time."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line with *arguments*, the process's own if None, and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A letter that the terminal's encoding lacks must not end a command in a traceback.
            stream.reconfigure(errors="backslashreplace")
    code = run(arguments)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Reported by `run` already; Python flushes once more at exit, and would complain too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line with *arguments*, flush its output, and return the exit code."""
    try:
        code = _invoke(arguments)
        sys.stdout.flush()  # here, so that a full disk counts as an error of the command
    # The reader has left, as in `refold episodes | head`: nothing to complain about.
    except BrokenPipeError:
        return 1
    except OSError as error:
        return _report_error(
            ": ".join(str(each) for each in (error.filename, error.strerror) if each)
        )
    return code


def _invoke(arguments: list[str] | None) -> int:
    """Run the command line with *arguments*, and return its exit code."""
    try:
        result: Any = refold.main(arguments, prog_name="refold", standalone_mode=False)
    except click.Abort:
        click.echo("refold: interrupted", err=True)
        return 130  # 128 plus the number of SIGINT, as shells have it
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except ReportedError as error:
        return _report_error(*error.lines)
    except click.ClickException as error:
        return _report_error(_usage_message(error))
    return result if isinstance(result, int) else 0


def _report_error(*lines: str) -> int:
    """Print *lines* on stderr, and return the exit code of bad input."""
    from refold.commands.shared.output import safe_text  # noqa: PLC0415 - the same

    with suppress(OSError):  # stderr is closed: there is no place left to report to
        click.echo("refold: " + "\n".join(map(safe_text, lines)), err=True)
    return 2


def _usage_message(error: click.ClickException) -> str:
    """Return click's message about wrong usage as one line in our style."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    see = f"see `{context.command_path} --help`" if context else ""
    if isinstance(error, click.NoSuchOption):
        close = get_close_matches(error.option_name, error.possibilities or (), n=1)
        asked = f"; did you mean {close[0]}?" if close else ""
        text = f"no such option {error.option_name}{asked}"
    elif isinstance(error, click.BadParameter) and type(error) is not click.MissingParameter:
        text = f"{_name_of(error)}: {error.message}"
    else:
        text = error.format_message().rstrip(".")
        text = f"{text[0].lower()}{text[1:]}"
    return f"{text}{' ' if text.endswith('?') else '; '}{see}" if see else text


def _name_of(error: click.BadParameter) -> str:
    """Return what the user wrote the value of: an option, an argument or a variable."""
    param, context = error.param, error.ctx
    if isinstance(param, click.Option) and context is not None:
        source = context.get_parameter_source(param.name or "")
        from_variable = source is click.core.ParameterSource.ENVIRONMENT
        return str(param.envvar) if from_variable else max(param.opts, key=len)
    return param.human_readable_name if param else str(error.param_hint)
