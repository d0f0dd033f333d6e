"""A log of saved runs as a target."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from attrs import frozen

from refold.audits.findings import Check
from refold.audits.logs.case import LogCase
from refold.audits.logs.checks import CHECKS
from refold.engine import open_to_read
from refold.solving import Limits


@frozen
class LogTarget:
    """The episodes of the log or logs at *path*, of one *run* if it is not None."""

    checks: ClassVar[Sequence[Check]] = CHECKS
    limits: ClassVar[Sequence[str]] = (
        "Of saved runs, only what their agents did is known, not what others could do.",
    )
    path: str
    run: str | None

    @property
    def name(self) -> str:
        """What it is called: its path, and its run."""
        return self.path if self.run is None else f"{self.path} run {self.run}"

    @contextmanager
    def open(self, limits: Limits) -> Iterator[LogCase]:
        """
        Open the log for reading.

        Raises:
            RefoldError: It cannot be read, or holds no episode that counts.
        """
        with open_to_read(self.path) as log:
            yield LogCase.read(log, self.path, self.run, limits)
