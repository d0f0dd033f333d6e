"""Inbox: an agent triages support and compliance mail: respond, escalate or archive."""

from importlib.resources import files

from engine import Family
from scenarios.inbox.actions import Action
from scenarios.inbox.events import EVENTS
from scenarios.inbox.observation import observe, view
from scenarios.inbox.parameters import InboxParameters, problems
from scenarios.inbox.prompt import PROMPT
from scenarios.inbox.rules import decide, legal_actions, start
from scenarios.inbox.say import say
from scenarios.inbox.state import evolve, initial

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
    evolve=evolve,
    observe=observe,
    legal_actions=legal_actions,
    say=say,
    view=view,
    scenarios=("easy", "medium", "hard"),
    folder=files(__name__),
    forfeit=Action("archive", email_id=""),
    prompt=PROMPT,
)
"""The rules of inbox scenarios, version 1."""
