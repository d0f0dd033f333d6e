"""Pairs of episodes that moved between two runs, each with the command that tells why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from refold.commands.shared.formatting import format_score, format_signed, pluralise
from refold.commands.shared.output import safe_text
from refold.overviews.compared import Why, diff_command
from refold.reports import Flip, LargeMove, Move
from refold.reports.many_runs import Apart, ManyRuns

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console


_FLIPS_SHOWN = 20


def reasons_of(why: Why, moves: Iterable[LargeMove]) -> dict[str, str]:
    """Return why the lower episode of each move is low, by id, where that is known."""
    return {move.lower: reason for move in moves if (reason := why(move.lower))}


def diff_hint(move: Move | Apart, tail: str) -> str:
    """Return the command that compares the two episodes; *tail* is its end."""
    return f"{diff_command(move)}{tail}"


def print_moves(
    out: "Console", moves: Sequence[LargeMove], tail: str, reasons: Mapping[str, str]
) -> None:
    """Print the largest moves and why the lower one is low; a line for each command to copy."""
    if moves:
        out.print("\nlargest moves", style="bold")
    for move in moves:
        a, b = map(format_score, move.scores)
        alike = f", {move.alike} more alike" if move.alike else ""
        head = f"{format_signed(move.difference)} {move.scenario} seed {move.seed}, {a} to {b}"
        out.print(safe_text(f"{head}{alike}: {diff_hint(move, tail)}"), soft_wrap=True)
        if (why := reasons.get(move.lower)) is not None:
            out.print(safe_text(f"  {'BA'[move.difference > 0]}: {why}"), soft_wrap=True)


def print_apart(out: "Console", compared: ManyRuns, why: Why, tail: str) -> None:
    """Print where several runs are farthest apart, and why the lowest is low."""
    if compared.apart:
        out.print("\nlargest moves, lowest to highest run", style="bold")
    names = [column.name for column in compared.columns]
    for apart in compared.apart:
        low, high = apart.columns
        a, b = format_score(apart.scores[low]), format_score(apart.scores[high])
        alike = f", {apart.alike} more alike" if apart.alike else ""
        told = f"{apart.scenario} seed {apart.seed}, {names[low]} {a} to {names[high]} {b}"
        head = f"{format_signed(apart.spread)} {told}{alike}"
        out.print(safe_text(f"{head}: {diff_hint(apart, tail)}"), soft_wrap=True)
        if reason := why(apart.episodes[0]):
            out.print(safe_text(f"  {names[low]}: {reason}"), soft_wrap=True)


def print_flips(out: "Console", flips: Sequence[Flip], tail: str) -> None:
    """Print the first flips, each on one line however long, so that its command can be copied."""
    if flips:
        out.print(f"\n{pluralise(len(flips), 'episode')} flipped", style="bold")
    for flip in flips[:_FLIPS_SHOWN]:
        a, b = map(format_score, flip.scores)
        head = f"only {'AB'[flip.better]} passed {flip.scenario} seed {flip.seed}, {a} and {b}"
        out.print(safe_text(f"{head}: {diff_hint(flip, tail)}"), soft_wrap=True)
    if len(flips) > _FLIPS_SHOWN:
        out.print(f"and {len(flips) - _FLIPS_SHOWN} more: --json has all")
