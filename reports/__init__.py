"""Reports over many episodes: runs, summaries, comparisons, rankings and reference scores."""

from reports.baseline import Baseline, baselines
from reports.compare import Comparison, compare
from reports.leaderboard import Ranking, rankings
from reports.runs import Run, find_run, run_names, runs
from reports.outcomes import Outcome, played
from reports.summary import RunReport, report
from reports.usage import Price

__all__ = [
    "Baseline",
    "Comparison",
    "Outcome",
    "Price",
    "Ranking",
    "Run",
    "RunReport",
    "baselines",
    "compare",
    "find_run",
    "played",
    "rankings",
    "report",
    "run_names",
    "runs",
]
