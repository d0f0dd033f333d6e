"""What rubrics can measure in any answered episode."""

from typing import Any

from refold.engine import ActionTaken
from refold.scenarios.answered.criteria_figures import FIGURES
from refold.scenarios.answered.criteria_observations import OBSERVATIONS
from refold.scenarios.answered.criteria_tools import TOOLS
from refold.scenarios.answered.criteria_words import WORDS
from refold.scenarios.facts import Facts
from refold.scenarios.rubric import Criteria
from refold.scenarios.strict import Problem


def _activity(facts: Facts) -> float:
    """Return how many actions were taken."""
    return len(facts.of_type(ActionTaken))


def _problems(params: Any, _parameters: Any) -> list[Problem]:
    """Return the mistakes in *params*, as far as their class knows of any beyond types."""
    found: list[Problem] = params.problems() if hasattr(params, "problems") else []
    return found


CRITERIA = Criteria(
    measures={**FIGURES, **OBSERVATIONS, **TOOLS, **WORDS},
    activity=_activity,
    problems=_problems,
    unit="actions",
)
"""The measures of answered episodes."""
