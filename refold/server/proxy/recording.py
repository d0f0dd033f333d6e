"""
The recorder's thread: what has passed is recorded behind the clients' backs.

A log that is locked, slow or full holds up no client; what it cannot hold is told.
"""

from collections.abc import Callable
from queue import Full, Queue
from threading import Thread

from refold.engine import EventLog, RefoldError
from refold.environments.openenv_recording import Recorder

MOST_WAITING = 10_000
"""Exchanges that wait to be recorded; what comes beyond is not recorded."""

Work = Callable[[Recorder], None]


class RecorderThread:
    """
    Records in a thread of its own, which holds the log's writer.

    Args:
        log: Path of the log.
        make: Makes the recorder, given the open log.
        tell: Called with what goes wrong, in words.
    """

    def __init__(
        self, log: str, make: Callable[[EventLog], Recorder], tell: Callable[[str], None]
    ) -> None:
        self._log = log
        self._make = make
        self._tell = tell
        self._work: Queue[tuple[str, Work] | None] = Queue(MOST_WAITING)
        self._skipped: set[str] = set()
        self._thread = Thread(target=self._run, name="recorder")

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def put(self, session: str, work: Work) -> None:
        """Have *work* of *session* done after all that was put before; returns at once."""
        try:
            self._work.put_nowait((session, work))
        except Full:
            self._skipped.add(session)

    def close(self) -> None:
        """Record what waits, close the log, and return."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        over = False
        try:
            with EventLog(self._log) as log:
                recorder = self._make(log)
                while (item := self._work.get()) is not None:
                    self._do(recorder, *item)
                over = True
                self._tell(_summary(recorder))
        except RefoldError as error:
            self._tell(f"nothing more is recorded: {error}")
        while not over:  # clients are served all the same
            over = self._work.get() is None

    def _do(self, recorder: Recorder, session: str, work: Work) -> None:
        while self._skipped:  # of sessions that miss something, the rest would be wrong
            recorder.drop(self._skipped.pop())
            recorder.pass_on("the rest of an episode, since the log is too slow")
        try:
            work(recorder)
        except Exception as error:  # a bug here must end neither other sessions nor the clients'
            recorder.drop(session)
            recorder.pass_on(f"the rest of an episode, since recording failed: {error!r:.200}")


def _summary(recorder: Recorder) -> str:
    left = recorder.unrecorded
    more = "; ".join(f"{what} ({times})" for what, times in left.most_common())
    episodes = f"{recorder.episodes} episode{'' if recorder.episodes == 1 else 's'} recorded"
    return f"{episodes}; not recorded: {more}" if left else episodes
