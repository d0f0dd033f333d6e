"""
Many items gone through by several processes, with the results, notes and errors of one.

What is done with an item must depend on nothing but the item and files that nobody changes
meanwhile. Then the results come in the order of the items, whatever process they come from.
"""

from refold.jobs.counting import jobs_for, jobs_that_pay
from refold.jobs.messages import Run, Tell, There
from refold.jobs.pool import WorkerLost, spread

__all__ = ["Run", "Tell", "There", "WorkerLost", "jobs_for", "jobs_that_pay", "spread"]
