"""
What GitHub Actions reads: outputs of the step, and remarks on files.

GitHub also obeys lines of the step's own output, so while names and words of strangers are
printed, its commands are switched off by a token that they cannot know.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from secrets import token_hex

import click

from refold.commands.checking.result import CheckResult, breaking_moves
from refold.commands.regrading.words import causes_words
from refold.commands.shared.output import safe_text
from refold.reports.regrading.moves import Move

MOST_ERRORS = 10
"""Episodes that get a remark; GitHub shows no more of a step."""

_COUNTS = ("moved", "lost", "gained")


@contextmanager
def commands_off() -> Iterator[None]:
    """Switch commands off for what is printed meanwhile."""
    token = token_hex(16)
    click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        click.echo(f"::{token}::")


def write_outputs(result: CheckResult) -> None:
    """Append ``verdict``, ``moved``, ``lost`` and ``gained`` to the file of the step's outputs."""
    path = os.environ.get("GITHUB_OUTPUT")
    if not path:
        return
    values = {"verdict": result.verdict, **{name: result.count(name) for name in _COUNTS}}
    with Path(path).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={safe_text(value)}\n" for name, value in values.items())


def print_errors(result: CheckResult, settings: Path) -> None:
    """Print a remark for each broken rule, on *settings*, and for episodes that break one."""
    for grader, verdict in result.rows():
        if verdict.answer == "fails":
            said = f"{verdict.rule}: {verdict.why}"
            _print_error(settings, 1, f"{grader}: {said}" if grader else said)
    for path, line, text in islice(_errors(result), MOST_ERRORS):
        _print_error(path, line, text)


def _errors(result: CheckResult) -> Iterator[tuple[Path, int, str]]:
    for checked in result.graders:
        for rule, move in breaking_moves(checked):
            file = checked.baseline.files.get(move.scenario)
            line = file.lines.get(checked.digests[move.episode], 1) if file else 1
            yield checked.baseline.path_of(move.scenario), line, f"{rule}: {_words(move)}"


def _words(move: Move) -> str:
    named = f"{move.scenario} {move.agent} seed {move.seed}"
    return f"{named}: {move.old:.4f} -> {move.new:.4f}, {', '.join(causes_words(move))}"


def _print_error(path: Path, line: int, text: str) -> None:
    root = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
    place = os.path.relpath(path, root).replace(os.sep, "/")
    for letter, code in (("%", "%25"), (":", "%3A"), (",", "%2C")):
        place = place.replace(letter, code)
    click.echo(
        f"::error file={safe_text(place)},line={line}::{safe_text(text).replace('%', '%25')}"
    )
