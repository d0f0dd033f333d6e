"""Another grader over many episodes: what moved, why, and what holds beyond these episodes."""

from refold.reports.regrading.report import RegradeReport, RegradeTotals
from refold.reports.regrading.rules import RULES, judge

__all__ = ["RULES", "RegradeReport", "RegradeTotals", "judge"]
