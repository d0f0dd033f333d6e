"""
How a solver searches workflows.

Kept out of a search is what is provably never needed: waiting is at least as good as a refused
action, and as an abort of a subtask that nobody works at, but where the return gains by them.
"""

from refold.scenarios.rubric import Rubric
from refold.scenarios.search import Objective, Search
from refold.scenarios.workflow.search.returns import ReturnSearch
from refold.scenarios.workflow.search.score import score_search
from refold.scenarios.workflow.state import State


def make_search(start: State, rubric: Rubric, objective: Objective) -> Search | None:
    """Return how to search from *start* on; None for a score by measures that have no bound."""
    return ReturnSearch(start) if objective == "return" else score_search(start, rubric)
