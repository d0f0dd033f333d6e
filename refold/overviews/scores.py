"""The score of a run: the mean of its scenarios' means, with what its interval speaks of."""

from collections.abc import Mapping
from typing import Any

from refold.reports import RunReport

OTHER_SEEDS = "other seeds of this scenario"
OTHER_SCENARIOS = "other scenarios of the kind"


def run_score(report: RunReport) -> Mapping[str, Any]:
    """
    Return ``mean``, ``low``, ``high`` and ``claim``, what the interval speaks of.

    All are None if no episode counts, and all but the mean if each scenario was played once:
    nothing is known then of how the score scatters.
    """
    scores = [each.score for each in report.scenarios]
    score, claim = (scores[0], OTHER_SEEDS) if len(scores) == 1 else (report.score, OTHER_SCENARIOS)
    if score is None:
        return {"mean": None, "low": None, "high": None, "claim": None}
    if all(each.counted <= 1 for each in report.scenarios):
        return {"mean": score.mean, "low": None, "high": None, "claim": None}
    return {"mean": score.mean, "low": score.low, "high": score.high, "claim": claim}
