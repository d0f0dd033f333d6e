"""The family as one value: all that makes it up, put together."""

from importlib.resources import files

from refold.engine import Family
from refold.scenarios.inbox.actions import Action
from refold.scenarios.inbox.criteria import CRITERIA
from refold.scenarios.inbox.events import EVENTS
from refold.scenarios.inbox.mock import mock_action
from refold.scenarios.inbox.numbers import NUMBERS
from refold.scenarios.inbox.observation import observe, view
from refold.scenarios.inbox.obstacles import attempted, find_obstacles
from refold.scenarios.inbox.parameters import InboxParameters, problems
from refold.scenarios.inbox.phrases import say
from refold.scenarios.inbox.policies import POLICIES
from refold.scenarios.inbox.prompt import PROMPT
from refold.scenarios.inbox.published import PUBLISHED
from refold.scenarios.inbox.reducer import REDUCER
from refold.scenarios.inbox.rules import decide, legal_actions, start
from refold.scenarios.inbox.search import make_search
from refold.scenarios.inbox.state import initial
from refold.scenarios.inbox.timeline import TIMELINE

FAMILY = Family(
    name="inbox",
    rules=1,
    parameters=InboxParameters,
    problems=problems,
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
    scenarios=("easy", "medium", "hard"),
    folder=files(__package__),
    forfeit=Action("archive", email_id=""),
    prompt=PROMPT,
    aliases=("email-triage", "email"),
    policies=POLICIES,
    criteria=CRITERIA,
    timeline=TIMELINE,
    numbers=NUMBERS,
    drawing=files(__package__) / "drawing.js",
    published=PUBLISHED,
    endings={"inbox_empty": "inbox emptied"},
    obstacles=find_obstacles,
    attempted=attempted,
    mock=mock_action,
    search=make_search,
)
"""The rules of inbox scenarios, version 1."""
