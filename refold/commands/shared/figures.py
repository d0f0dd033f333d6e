"""What reports of several commands share: which run, and how their figures are written."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from refold.commands.shared.options import DEFAULT_LOG
from refold.reports.statistics import Estimate, PairedDifference

F = TypeVar("F", bound=Callable[..., Any])


def complete_runs(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the runs of the log whose names begin with *incomplete*."""
    from refold.engine import EventLog, RefoldError  # noqa: PLC0415 - only when a shell asks
    from refold.reports import run_names  # noqa: PLC0415 - only when a shell asks

    try:
        with EventLog(context.params.get("log") or DEFAULT_LOG, readonly=True) as log:
            return [CompletionItem(name) for name in run_names(log) if name.startswith(incomplete)]
    except RefoldError:
        return []


def run_argument(name: str) -> Callable[[F], F]:
    """Add an argument that names a run."""
    return click.argument(name, metavar=name.upper(), shell_complete=complete_runs)


def pass_at_option(command: F) -> F:
    """Add ``--pass-at``."""
    return click.option(
        "--pass-at",
        type=click.FloatRange(0, 1),
        default=0.7,
        show_default=True,
        help="An episode passes from this score on.",
    )(command)


def score(value: float | None) -> str | None:
    """Return a score or a share to four places, None for none."""
    return None if value is None else f"{value:.4f}"


def interval(estimate: Estimate | PairedDifference | None) -> str | None:
    """Return the two ends of an interval, marked if it is of equal values; None for none."""
    if estimate is None:
        return None
    mark = "*" if estimate.method == "equal_values" else " "
    return f"{estimate.low:.4f} to {estimate.high:.4f}{mark}"


def interval_remarks(estimates: Iterable[Estimate | PairedDifference | None]) -> list[str]:
    """Return what to say below a table with these intervals."""
    marked = any(each is not None and each.method == "equal_values" for each in estimates)
    return ["* all values are equal: the interval rests on their number alone"] if marked else []


def reasons(exclusions: Mapping[str, int]) -> str | None:
    """Return how many episodes do not count and why, None if all do."""
    return ", ".join(f"{number} {reason}" for reason, number in exclusions.items()) or None
