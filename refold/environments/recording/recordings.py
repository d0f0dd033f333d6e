"""What all recorders share: the episodes of one environment, or of several in step, in a log."""

import os
from contextlib import suppress
from itertools import count
from operator import index
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from refold.engine import Episode, EventLog, NotALog, RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.lifetime import close_with
from refold.environments.gymnasium.generators import lost
from refold.environments.recording.batches import BatchedLog, open_shared
from refold.scenarios import Scenario
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan

RESET = "reset"
"""Reason of an episode that was reset before its end."""
CLOSED = "closed"
"""Reason of an episode whose environment was closed before its end."""


class Recording:
    """
    Where and under which names episodes are recorded.

    Args:
        log: A file, or a log that is open already and stays open.
        scenario: What they are episodes of.
        agent: Who plays.
        run: Name of the run.
        batch: Steps that may wait before they are stored; a crash loses no more.
    """

    def __init__(
        self, log: str | Path | EventLog, scenario: Scenario, *, agent: str, run: str, batch: int
    ) -> None:
        if type(batch) is not int or batch < 1:
            raise RefoldError(f"batch: expected a number of steps, 1 or more, got {batch!r}")
        self.scenario = scenario
        self.agent = agent
        self.run = run
        self._given = log
        self._batch = batch
        self._steps = 0
        self._epochs = count()
        self._tracks: list[Track] = []
        self._open()

    def _open(self) -> None:
        self._process = os.getpid()
        stored, self._let_go = (
            (self._given, _keep)
            if isinstance(self._given, EventLog)
            else open_shared(str(self._given))
        )
        self._log: BatchedLog | None = BatchedLog(stored)

    def __deepcopy__(self, _memo: Any) -> Self:
        return self  # of a copied environment: its episodes go into the same log

    @property
    def here(self) -> bool:
        """Whether this process opened the log; a fork of it must not touch that."""
        return self._process == os.getpid()

    def start(self, seed: int) -> Episode:
        """Start the next episode."""
        if self._log is None or not self.here:
            self._open()
        return Episode.start(
            self.scenario,
            log=self._log,
            agent=self.agent,
            seed=seed,
            run=self.run,
            epoch=next(self._epochs),
        )

    def track(self) -> "Track":
        """Return what records the episodes of one environment."""
        self._tracks.append(Track(self))
        return self._tracks[-1]

    def count(self, steps: int) -> None:
        """Count *steps*, and store what waits if a batch is full."""
        self._steps += steps
        if self._steps >= self._batch:
            self.flush()

    def flush(self) -> None:
        """Store what waits."""
        self._steps = 0
        if self._log is not None and self.here:
            self._log.flush()

    def close(self) -> None:
        """Truncate the episodes that still run, store what waits and let go of the log."""
        if self._log is None or not self.here:
            return
        for track in self._tracks:
            track.end(CLOSED)
        self.flush()
        self._log = None
        self._let_go()

    def close_with(self, owner: Any) -> None:
        """Close this when *owner* is gone, at the end of the process at the latest."""
        close_with(owner, self._close_if_open)

    def _close_if_open(self) -> None:
        with suppress(NotALog):  # a log that was handed over open may be closed by now
            self.close()


def _keep() -> None:
    """Leave a log open that was open already."""


class Track:
    """Records the episodes of one environment, one after the other."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._episode: Episode | None = None

    def __deepcopy__(self, _memo: Any) -> "Track":
        # An episode has one future. A copied environment records from its next reset on.
        return self._recording.track()

    @property
    def open(self) -> bool:
        """Whether an episode is being recorded."""
        return self._episode is not None and self._recording.here

    def begin(self, answer: EnvironmentBegan, seed: Any = None) -> None:
        """Record a beginning, with *seed* if there was one, after the end of what went on."""
        self.end(RESET)
        fits = seed is None or 0 <= index(seed) <= LARGEST_SEED
        if not fits and answer.fault is None:
            answer = replace(answer, generator=lost(f"its seed {seed} is above {LARGEST_SEED}"))
        self._episode = self._recording.start(index(seed) if seed is not None and fits else 0)
        self._episode.note(answer)
        if answer.fault is not None:
            self.end(INSTRUMENT_FAILED)

    def step(self, action: Any, answer: EnvironmentAnswered) -> None:
        """Record a step of the open episode, if there is one; its *action* is JSON data."""
        if self._episode is None or not self._recording.here:
            return
        self._episode.step(action, answers=(answer,))
        if self._episode.over:
            self._episode = None

    def end(self, reason: str) -> None:
        """Truncate the open episode, if there is one, for *reason*."""
        if self._episode is not None and self._recording.here:
            self._episode.truncate(reason)
        self._episode = None
