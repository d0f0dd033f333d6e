"""The family as one value: all that makes it up, put together."""

from importlib.resources import files

from refold.engine import Family
from refold.scenarios.drawn import DrawnParameters
from refold.scenarios.inbox2.actions import WAIT, Action
from refold.scenarios.inbox2.canaries import CANARIES
from refold.scenarios.inbox2.criteria import CRITERIA
from refold.scenarios.inbox2.events import EVENTS
from refold.scenarios.inbox2.mock import mock_action
from refold.scenarios.inbox2.numbers import NUMBERS
from refold.scenarios.inbox2.observation import observe, view
from refold.scenarios.inbox2.obstacles import attempted, find_obstacles
from refold.scenarios.inbox2.parameters import DRAWING
from refold.scenarios.inbox2.phrases import say
from refold.scenarios.inbox2.policies import PLAYERS, POLICIES, SEERS
from refold.scenarios.inbox2.prompt import PROMPT
from refold.scenarios.inbox2.reducer import REDUCER
from refold.scenarios.inbox2.refusals import legal_actions
from refold.scenarios.inbox2.rules import decide, start
from refold.scenarios.inbox2.state import initial
from refold.scenarios.inbox2.timeline import TIMELINE

FAMILY = Family(
    name="inbox",
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
    wait=WAIT,
    forfeit=WAIT,
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
    endings={"empty": "inbox emptied"},
    obstacles=find_obstacles,
    attempted=attempted,
    mock=mock_action,
)
"""The rules of inbox scenarios, version 2."""
