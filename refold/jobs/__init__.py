"""
Many items gone through by several processes, with the results, notes and errors of one.

What is done with an item must depend on nothing but the item and files that nobody changes
meanwhile. Then the results come in the order of the items, whatever process they come from.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["Run", "Tell", "There", "WorkerLost", "jobs_for", "jobs_that_pay", "spread"]

if TYPE_CHECKING:
    from refold.jobs.counting import jobs_for, jobs_that_pay
    from refold.jobs.messages import Run, Tell, There
    from refold.jobs.pool import WorkerLost
    from refold.jobs.spreading import spread
else:
    __getattr__, __dir__ = hand_on(
        __name__, __all__, ".messages", ".counting", ".spreading", ".pool"
    )
