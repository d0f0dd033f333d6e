"""The family as one value: all that makes it up, put together."""

from importlib.resources import files

from refold.engine import Family
from refold.scenarios.workflow.actions import WAIT, Action
from refold.scenarios.workflow.criteria import CRITERIA
from refold.scenarios.workflow.draft import DRAFTS
from refold.scenarios.workflow.events import EVENTS
from refold.scenarios.workflow.mock import mock_action
from refold.scenarios.workflow.numbers import NUMBERS
from refold.scenarios.workflow.observation import observe, view
from refold.scenarios.workflow.obstacles import attempted, find_obstacles
from refold.scenarios.workflow.parameters import WorkflowParameters, problems
from refold.scenarios.workflow.phrases import say
from refold.scenarios.workflow.policies import POLICIES
from refold.scenarios.workflow.prompt import PROMPT
from refold.scenarios.workflow.published import PUBLISHED
from refold.scenarios.workflow.reducer import REDUCER
from refold.scenarios.workflow.refusals import legal_actions
from refold.scenarios.workflow.rules import decide
from refold.scenarios.workflow.search import make_search
from refold.scenarios.workflow.state import initial
from refold.scenarios.workflow.timeline import TIMELINE

FAMILY = Family(
    name="workflow",
    rules=1,
    parameters=WorkflowParameters,
    problems=problems,
    action=Action,
    events=EVENTS,
    initial=initial,
    decide=decide,
    reducer=REDUCER,
    drafts=DRAFTS,
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
    criteria=CRITERIA,
    timeline=TIMELINE,
    numbers=NUMBERS,
    drawing=files(__package__) / "drawing.js",
    published=PUBLISHED,
    endings={"synthesized": "finished"},
    obstacles=find_obstacles,
    attempted=attempted,
    mock=mock_action,
    search=make_search,
)
"""The rules of workflow scenarios, version 1."""
