"""
Tiny: roll a die and stop before the sum goes over a target.

A family of scenarios in a package of its own. refold finds it, and what its rubrics can draw on,
by the two entry points in ``pyproject.toml``.
"""

from importlib.resources import files

from refold.engine import Family
from tiny.rules import decide, legal_actions
from tiny.world import Action, Parameters, Rolled, evolve, initial, observe, problems, say, view

FAMILY = Family(
    name="tiny",
    rules=1,
    parameters=Parameters,
    problems=problems,
    action=Action,
    events=(Rolled,),
    initial=initial,
    start=lambda state: (),
    decide=decide,
    evolve=evolve,
    observe=observe,
    legal_actions=legal_actions,
    say=say,
    view=view,
    scenarios=("one",),
    folder=files(__name__),
)
