"""The family as one value: all that makes it up, put together."""

from importlib.resources import files

from refold.engine import Family
from refold.scenarios.drawn import DrawnParameters
from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.workflow2.criteria import CRITERIA
from refold.scenarios.workflow2.events import EVENTS
from refold.scenarios.workflow2.mock import mock_action
from refold.scenarios.workflow2.numbers import NUMBERS
from refold.scenarios.workflow2.observation import observe, view
from refold.scenarios.workflow2.obstacles import attempted, find_obstacles
from refold.scenarios.workflow2.parameters import DRAWING
from refold.scenarios.workflow2.phrases import say
from refold.scenarios.workflow2.policies import CANARIES, PLAYERS, POLICIES, SEERS
from refold.scenarios.workflow2.prompt import PROMPT
from refold.scenarios.workflow2.reducer import REDUCER
from refold.scenarios.workflow2.refusals import legal_actions
from refold.scenarios.workflow2.rules import decide, start
from refold.scenarios.workflow2.state import initial
from refold.scenarios.workflow2.timeline import TIMELINE

FAMILY = Family(
    name="workflow",
    rules=2,
    parameters=DrawnParameters,
    problems=DRAWING.problems,
    action=Action,
    events=EVENTS,
    initial=initial,
    start=start,
    decide=decide,
    reducer=REDUCER,
    observe=observe,
    legal_actions=legal_actions,
    say=say,
    view=view,
    scenarios=("easy", "medium", "hard", "expert"),
    folder=files(__package__),
    wait=ADVANCE,
    forfeit=ADVANCE,
    prompt=PROMPT,
    policies=POLICIES,
    players=PLAYERS,
    seers=SEERS,
    oracle="witness",
    highest_return=1.0,
    canaries=CANARIES,
    criteria=CRITERIA,
    timeline=TIMELINE,
    numbers=NUMBERS,
    drawing=files(__package__) / "drawing.js",
    endings={"completed": "finished", "horizon": "out of time"},
    obstacles=find_obstacles,
    attempted=attempted,
    mock=mock_action,
)
"""The rules of workflow scenarios, version 2."""
