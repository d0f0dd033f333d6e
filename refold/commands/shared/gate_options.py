"""The options ``--fail-if`` and ``--cannot-tell``, and what they make of verdicts."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import click

from refold.commands.shared.input_types import OneOf
from refold.reports.gates import Rule, Verdict, parse_rule

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def fail_if_option(known: Collection[str]) -> Callable[[CommandT], CommandT]:
    """Add ``--fail-if RULE``, as often as wanted, for the rules *known* to the command."""

    def parse(
        _context: click.Context, _option: click.Parameter, texts: Sequence[str]
    ) -> list[Rule]:
        return [parse_rule(text, known=known) for text in texts]

    return click.option(
        "--fail-if",
        "rules",
        metavar="RULE",
        multiple=True,
        callback=parse,
        help=f"Exit with 1 if this holds: {', '.join(sorted(known))}. May be given several times.",
    )


cannot_tell_option = click.option(
    "--cannot-tell",
    type=OneOf(["pass", "fail"]),
    default="pass",
    show_default=True,
    help="How a rule counts if there are too few episodes to decide it.",
)


def exit_code_of(verdicts: Sequence[Verdict], cannot_tell: str) -> int:
    """Return 1 if a rule fails, or cannot be told where *cannot_tell* is ``fail``; else 0."""
    broken = {"fails", "cannot tell"} if cannot_tell == "fail" else {"fails"}
    return int(any(verdict.answer in broken for verdict in verdicts))
