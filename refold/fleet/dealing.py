"""
Who plays which episodes, whatever order workers come, answer and die in.

Pure, but for the engine that it talks to: the order of events is all that matters. Whenever
anything has happened, every worker that is up is dealt to, since the worker that a batch comes back
to may never be replaced. Answers of workers that count as dead are not heard.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from attrs import field, frozen

from refold.engine import RefoldError

DEATHS_IN_BATCHES = 3
"""Deaths over an episode, in batches, after which it is played alone."""
DEATHS_ALONE = 3
"""Further deaths after which it is left open: no doubt is left that it kills workers."""
_MOST_FAILED_STARTS = 10


@frozen
class Up:
    """A worker that was started can be dealt to."""

    worker: str


@frozen
class Landed:
    """What came of a batch; *problem* is what keeps the worker from going on, None for nothing."""

    worker: str
    number: int
    bundle: bytes
    problem: Exception | None = None


@frozen
class Shipped:
    """What there is so far of the batches that a worker is playing."""

    worker: str
    bundle: bytes


@frozen
class Lost:
    """A worker will not answer any more; what its node still has of its work follows later."""

    worker: str


@frozen
class Buried:
    """What the node of a lost worker still had of its work; None if it does not say."""

    worker: str
    bundle: bytes | None = None


Came = Up | Landed | Shipped | Lost | Buried


@frozen
class Batch:
    """Episodes dealt to a worker at once, by id."""

    number: int
    ids: Sequence[str]
    alone: bool = False


@frozen
class Taken:
    """
    What became of the episodes in a bundle.

    Attributes:
        done: Ids of those that were played as far as their agent plays them.
        left: Ids of those that cannot be played now, which others can.
    """

    done: Collection[str] = field(factory=frozenset)
    left: Collection[str] = field(factory=frozenset)


class Engine(Protocol):
    """Runs workers, wherever they are; a worker is known by a name that is used once."""

    def start(self, *, after: str | None = None) -> None:
        """Start a worker, near the place of the lost worker *after* if there is room."""

    def deal(self, worker: str, batch: Batch) -> None:
        """Have *worker* play *batch*; it may play several batches at once."""

    def wait(self) -> Iterable[Came]:
        """Return what has happened, which may be nothing, after waiting for it a little."""


class Dealing:
    """
    The episodes that are open, who has which, and how many workers died over each.

    Args:
        ids: The episodes in the order of the plan.
        workers: Number of workers that are wanted.
        most: Largest number of episodes in a batch.
        ahead: Number of batches that a worker has at once.

    Attributes:
        left: Ids of episodes that cannot be played now.
        deadly: Ids of episodes that were given up, since workers die over them.
    """

    def __init__(self, ids: Iterable[str], *, workers: int, most: int, ahead: int) -> None:
        self._fresh = deque(ids)
        self._suspects: deque[str] = deque()
        self._workers = workers
        self._most = most
        self._ahead = ahead
        self._out: dict[str, dict[int, Batch]] = {}
        self._deaths: Counter[str] = Counter()
        self._done: set[str] = set()  # of those that are dealt: shipped, but not landed yet
        self._dealt = 0
        self.left: list[str] = []
        self.deadly: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether there are episodes to be played, or being played."""
        return bool(self._fresh or self._suspects or any(self._out.values()))

    def holds(self, worker: str, number: int) -> bool:
        """Return whether *worker* has the batch *number* and nobody else."""
        return number in self._out.get(worker, {})

    def deal(self, worker: str) -> Batch | None:
        """Return what *worker* is to play beside what it has; None for nothing."""
        has = self._out.setdefault(worker, {})
        if len(has) >= self._ahead or any(batch.alone for batch in has.values()):
            return None
        if self._fresh:
            # Smaller towards the end, so that no worker waits for another.
            share = -(-len(self._fresh) // (2 * self._workers))
            count = min(self._most, share)
            batch = Batch(self._dealt, [self._fresh.popleft() for _ in range(count)])
        elif self._suspects and not has:
            batch = Batch(self._dealt, [self._suspects.popleft()], alone=True)
        else:
            return None
        self._dealt += 1
        has[batch.number] = batch
        return batch

    def ship(self, taken: Taken) -> None:
        """Note which episodes are done, though their batches are not."""
        self._done.update(taken.done)

    def land(self, worker: str, number: int, taken: Taken) -> None:
        """Note what became of a batch; what is still open in it is dealt again."""
        batch = self._out[worker].pop(number)
        self._put_back(batch.ids, taken)

    def bury(self, worker: str, taken: Taken) -> None:
        """Note the death of *worker*; what is still open of its batches is dealt again."""
        batches = self._out.pop(worker, {})
        for batch in batches.values():
            self._put_back(batch.ids, taken)

    def _put_back(self, ids: Sequence[str], taken: Taken) -> None:
        self.left += [id for id in ids if id in taken.left]
        # From the end, so that those that are played again come first, in their order.
        closed = {*taken.left, *taken.done, *self._done}
        self._done.difference_update(ids)
        for id in reversed([id for id in ids if id not in closed]):
            self._deaths[id] += 1
            if self._deaths[id] < DEATHS_IN_BATCHES:
                self._fresh.appendleft(id)
            elif self._deaths[id] < DEATHS_IN_BATCHES + DEATHS_ALONE:
                self._suspects.append(id)
            else:
                self.deadly.append(id)


def play_out(
    engine: Engine,
    dealing: Dealing,
    take: Callable[[bytes], Taken],
    *,
    workers: int,
    is_enough: Callable[[], bool] = lambda: False,
) -> None:
    """
    Deal the episodes of *dealing* to *workers* workers until each is done, left or given up.

    Args:
        engine: Runs the workers.
        dealing: The episodes.
        take: Stores what is in a bundle.
        workers: Number of workers.
        is_enough: Says that no more is to be played.

    Raises:
        RefoldError: What a worker cannot fix, or workers cannot be started.
        Exception: Whatever *take* raises.
    """
    up: dict[str, None] = {}  # in order
    failed_starts = 0
    for _ in range(workers):
        engine.start()
    while dealing.is_open and not is_enough():
        for came in engine.wait():
            if isinstance(came, Up):
                up[came.worker] = None
                failed_starts = 0
            elif isinstance(came, Lost):
                failed_starts += came.worker not in up
                _refuse_failing(failed_starts)
                up.pop(came.worker, None)
                engine.start(after=came.worker)
            elif isinstance(came, Buried) or came.worker in up:
                _hear(dealing, came, take)
        for worker in up:
            while batch := dealing.deal(worker):
                engine.deal(worker, batch)


def _hear(
    dealing: Dealing, came: Landed | Shipped | Buried, take: Callable[[bytes], Taken]
) -> None:
    if isinstance(came, Shipped):
        dealing.ship(take(came.bundle))
    elif isinstance(came, Buried):
        dealing.bury(came.worker, Taken() if came.bundle is None else take(came.bundle))
    elif dealing.holds(came.worker, came.number):
        taken = take(came.bundle)
        if came.problem is not None:
            raise came.problem
        dealing.land(came.worker, came.number, taken)


def _refuse_failing(failed_starts: int) -> None:
    if failed_starts >= _MOST_FAILED_STARTS:
        raise RefoldError(
            f"fleet: expected workers to start, got {failed_starts} that died before they could "
            "play; the logs of Ray on their nodes tell why"
        )
