"""Go through items in this process, or in several."""

from collections.abc import Iterable, Iterator

from refold.engine.log.left_out import LeftOut
from refold.jobs.messages import ItemT, Kind, ResultT, Run, Tell, There

BLOCK = 32
"""Items that are dealt at once: few enough to share out a small log, worth a message."""


def spread(
    items: Iterable[ItemT],
    here: Run[ItemT, ResultT],
    there: There[ItemT, ResultT],
    *,
    jobs: int,
    left_out: LeftOut,
    tell: Tell,
    block: int = BLOCK,
) -> Iterator[tuple[ItemT, ResultT]]:
    """
    Yield each of *items* with its result, in order, worked out by *jobs* processes.

    Close the iterator to end the processes early.

    Args:
        items: The items; taken ahead of the results, which must not matter.
        here: Goes through the items if there is one job: in this process.
        there: Opens what goes through them in each worker.
        jobs: Number of processes that work.
        left_out: Takes the items that are left out, in order; *here* notes them by itself.
        tell: Takes the lines to be printed, in order.
        block: Number of items that are dealt at once; up to 16 times as many for each job may
            wait for their turn, with their results.

    Raises:
        WorkerLost: A worker was killed.
        Exception: Whatever working out a result raises, after the results before it.
    """
    if jobs == 1:
        yield from here(iter(items))
        return
    from refold.jobs.pool import Pool  # noqa: PLC0415 - slow, and not needed for one job

    with Pool(there, jobs) as pool:
        for dealt, entries in pool.results(items, block):
            for entry in entries:
                if entry.kind is Kind.RESULT:
                    yield dealt[entry.place], entry.value
                elif entry.kind is Kind.LEFT_OUT:
                    left_out.problems.setdefault(*entry.value)
                elif entry.kind is Kind.LINE:
                    tell(entry.value)
                else:
                    raise entry.value.restored()
