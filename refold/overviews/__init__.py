"""
Overviews of runs: the list of them, one run, two compared, several compared.

Each is one JSON document, made of what ``reports`` computes; the page of a server and files on
disk show the same documents by the same modules of the viewer.
"""

from refold.overviews.document import (
    comparison_document,
    overview_document,
    overview_page,
    overview_state,
)
from refold.overviews.listing import RunRow, list_runs
from refold.overviews.reading import RunRead, describe_run, read_indexed, with_verdicts

__all__ = [
    "RunRead",
    "RunRow",
    "comparison_document",
    "describe_run",
    "list_runs",
    "overview_document",
    "overview_page",
    "overview_state",
    "read_indexed",
    "with_verdicts",
]
