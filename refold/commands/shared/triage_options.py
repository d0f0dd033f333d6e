"""The options that choose and sort the episodes of a list."""

import functools
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from attrs import evolve, frozen

from refold.commands.shared.input_types import Number, OneOf
from refold.commands.shared.options import CommandT, filter_options
from refold.engine import EventLog
from refold.engine.log.index.wanted import ENDINGS, SORTS, Order, Wanted
from refold.engine.log.info import in_utc
from refold.labels.tags import tagged

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _read_time(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a time in UTC as logs write it, of a date or of how long ago it is."""
    if value is None:
        return None
    ago = re.fullmatch(r"(\d{1,6})([mhdw])", value)
    try:
        if ago is None:
            return in_utc(datetime.fromisoformat(value))
        return in_utc(datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
    except (ValueError, OverflowError):
        forms = "30m, 12h, 7d, 2w or a date such as 2026-01-31"
        problem = f"expected {forms}, got {value!r}"
        raise click.BadParameter(problem, context, parameter) from None


def _read_order(context: click.Context, parameter: click.Parameter, value: str) -> Order:
    """Return the order: one of ``SORTS``, with a minus in front for the highest first."""
    by = value.removeprefix("-")
    if by not in SORTS:
        problem = f"expected one of {', '.join(SORTS)}, got {value!r}"
        raise click.BadParameter(problem, context, parameter)
    return Order(by, falling=value.startswith("-"))


_OPTIONS = (
    click.option(
        "--below",
        type=Number(),
        metavar="SCORE",
        help="Only those with a lower score.",
    ),
    click.option(
        "--ended",
        type=OneOf(ENDINGS),
        help="Only those that ended this way; not-counted: cut off by API failures, or unfinished.",
    ),
    click.option(
        "--error",
        metavar="ERROR",
        help="Only those with this error: a refusal, such as permanent_failure, or the cause of a "
        "failed model request, such as rate_limited.",
    ),
    click.option(
        "--grep",
        "text",
        metavar="TEXT",
        help="Only those with this phrase in a message (its last word may be a prefix), or with "
        "TEXT in their id, scenario, agent or run.",
    ),
    click.option(
        "--since",
        callback=_read_time,
        metavar="WHEN",
        help="Only those that began since then: 30m, 12h, 7d or 2w ago, or a date.",
    ),
    click.option("--tag", metavar="TAG", help="Only those with this tag."),
    click.option(
        "--sort",
        callback=_read_order,
        default="-began",
        show_default=True,
        metavar="BY",
        help=f"Sort by {', '.join(SORTS)}: ascending, or descending with a minus in front.",
    ),
)


@frozen
class EpisodeChoice:
    """
    Which episodes of a log, and in what order.

    Attributes:
        wanted: What is wanted of them, except for the tag.
        tag: A tag that somebody gave them; None for any.
        order: The order.
    """

    wanted: Wanted
    tag: str | None
    order: Order

    @property
    def by_score(self) -> bool:
        """Whether it depends on saved scores."""
        return self.wanted.below is not None or self.order.by == "score"

    @property
    def narrows(self) -> bool:
        """Whether it leaves any out."""
        return self.wanted != Wanted() or self.tag is not None

    def of(self, log: EventLog) -> Wanted:
        """Return what is wanted of the episodes of *log*, the tag included."""
        return self.wanted if self.tag is None else evolve(self.wanted, ids=tagged(log, self.tag))


def with_triage_options(command: CommandT) -> CommandT:
    """Add what narrows and sorts a list; the command takes an ``EpisodeChoice`` *choice*."""

    @functools.wraps(command)
    def wrapper(*, tag: str | None, sort: Order, **rest: Any) -> Any:
        names = ("scenario", "agent", "run", "below", "ended", "error", "since", "text")
        wanted = Wanted(**{name: rest.pop(name) for name in names})
        return command(**rest, choice=EpisodeChoice(wanted, tag, sort))

    # Decorators apply from the bottom up, so the last option is added first.
    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return filter_options(wrapper)  # type: ignore[return-value]  # the same otherwise
