"""Reports over many episodes: runs, summaries, comparisons, rankings and reference scores."""

from reports.baseline import Baseline, baselines
from reports.compare import Comparison, Contrast, Flip, compare
from reports.leaderboard import Ranking, rankings
from reports.outcomes import Outcome, outcome_of, played
from reports.runs import Run, find_run, run_names, runs
from reports.summary import Costs, RunReport, ScenarioReport, report
from reports.usage import Price

__all__ = [
    "Baseline",
    "Comparison",
    "Contrast",
    "Costs",
    "Flip",
    "Outcome",
    "Price",
    "Ranking",
    "Run",
    "RunReport",
    "ScenarioReport",
    "baselines",
    "compare",
    "find_run",
    "outcome_of",
    "played",
    "rankings",
    "report",
    "run_names",
    "runs",
]
