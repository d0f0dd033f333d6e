"""The options of commands that may play on a fleet: what they are, and their values."""

import functools
from typing import Any

import click
from attrs import frozen

from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.options import CommandT

_MOST_WORKERS = 10_000
_KIND = "ray"


@frozen
class Fleet:
    """
    Where episodes are played.

    Attributes:
        address: Address of the Ray cluster; None for a new one on this machine, unless the
            environment names one.
        workers: Number of worker processes; None for one on each CPU.
        rate: Requests to models that all workers together may begin in a minute; None for any.
    """

    address: str | None = None
    workers: int | None = None
    rate: int | None = None

    @property
    def option(self) -> str:
        """The option that chooses this cluster."""
        return f"--fleet {_KIND}" + (f"={self.address}" if self.address else "")


def _parse_fleet(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    kind, _, address = (text or _KIND).partition("=")
    if kind != _KIND or (text or "").endswith("="):
        raise click.BadParameter(f"expected ray or ray=ADDRESS, got {text!r}")
    return None if text is None else address


def with_fleet_options(command: CommandT) -> CommandT:
    """Add ``--fleet`` and its options; the command takes them as *fleet*, None for no fleet."""

    @functools.wraps(command)
    def wrapper(
        fleet: str | None, workers: int | None, requests_per_minute: int | None, **values: Any
    ) -> Any:
        if fleet is None and (workers is not None or requests_per_minute is not None):
            option = "--requests-per-minute" if workers is None else "--workers"
            raise click.UsageError(f"{option}: expected --fleet beside it, got none; add it")
        choice = None if fleet is None else Fleet(fleet or None, workers, requests_per_minute)
        return command(**values, fleet=choice)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # the same command, but for these options


_OPTIONS = (
    click.option(
        "--fleet",
        metavar="ray[=ADDRESS]",
        callback=_parse_fleet,
        help="Play on a Ray cluster: at this address, or a new one on this machine.",
    ),
    click.option(
        "--workers",
        type=WholeNumber(1, _MOST_WORKERS),
        help="Worker processes of the fleet; one on each CPU if not given.",
    ),
    click.option(
        "--requests-per-minute",
        type=WholeNumber(1),
        help="Most requests to models that all workers together begin in a minute.",
    ),
)
