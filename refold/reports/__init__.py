"""Reports on many episodes: runs, summaries, comparisons, rankings."""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = [
    "Baseline",
    "Comparison",
    "Contrast",
    "Costs",
    "Flip",
    "LargeMove",
    "Move",
    "Outcome",
    "Price",
    "Prices",
    "Ranking",
    "Run",
    "RunReport",
    "ScenarioReport",
    "baselines",
    "compare",
    "find_run",
    "ranking_row",
    "rankings",
    "read_outcomes",
    "report_run",
    "run_names",
    "runs_of",
]

if TYPE_CHECKING:
    from refold.reports.baseline import Baseline, baselines
    from refold.reports.comparison import Comparison, Contrast, Flip, LargeMove, Move, compare
    from refold.reports.leaderboard import Ranking, ranking_row, rankings
    from refold.reports.outcomes import Outcome, read_outcomes
    from refold.reports.runs import Run, find_run, run_names, runs_of
    from refold.reports.summary import Costs, RunReport, ScenarioReport, report_run
    from refold.reports.usage import Price, Prices
else:
    __getattr__, __dir__ = hand_on(
        __name__,
        __all__,
        ".usage",
        ".runs",
        ".outcomes",
        ".summary",
        ".comparison",
        ".leaderboard",
        ".baseline",
    )
