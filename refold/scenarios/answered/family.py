"""The family as one value: all that makes it up, put together."""

from typing import Any

from refold.engine import Family
from refold.scenarios.answered.criteria import CRITERIA
from refold.scenarios.answered.events import EVENTS
from refold.scenarios.answered.observation import observe, view
from refold.scenarios.answered.offer import legal_actions
from refold.scenarios.answered.parameters import AnsweredParameters, problems
from refold.scenarios.answered.phrases import say
from refold.scenarios.answered.prompt import PROMPT
from refold.scenarios.answered.reducer import REDUCER
from refold.scenarios.answered.rules import decide
from refold.scenarios.answered.state import initial
from refold.scenarios.answered.timeline import TIMELINE

FAMILY = Family(
    name="answered",
    rules=1,
    parameters=AnsweredParameters,
    problems=problems,
    action=Any,
    events=EVENTS,
    initial=initial,
    decide=decide,
    reducer=REDUCER,
    observe=observe,
    legal_actions=legal_actions,
    say=say,
    view=view,
    prompt=PROMPT,
    criteria=CRITERIA,
    timeline=TIMELINE,
    endings={"world": "ended by the environment"},
    answered=True,
)
"""The rules of external environments, version 1."""
