"""
What the mock model does in a workflow: it plays as the policy ``greedy``.

It sees no more than a model does, the prompt's text, and takes from it only what the choice
depends on. Names stay in the form in which the prompt writes them, quoted or not, until one is
chosen: equal names are written alike.
"""

import re

from refold.scenarios.workflow.actions import SYNTHESIZE, WAIT, Action, ActionKind
from refold.scenarios.writing import NAME, unquote

# Anchored to the beginnings of lines, and past quoted names as a whole: no text of a scenario
# begins a line of the prompt, and what stands inside of quotes cannot end them.
_SUBTASK = re.compile(rf"^- ({NAME}) \| (\w+) \| type ({NAME}) \| needs ", re.MULTILINE)
_IDLE_WORKER = re.compile(rf"^- ({NAME}) \| idle \| can (.*) \| speed ", re.MULTILINE)
_CHOICES: tuple[tuple[str, ActionKind], ...] = (("failed", "retry"), ("ready", "delegate"))


def mock_action(text: str) -> Action | None:
    """Return what ``greedy`` does where *text* is the prompt; None if it is none of a workflow."""
    _, _, shown = text.rpartition("\n## Subtasks\n")
    listed, heading, rest = shown.partition("\n## Workers\n")
    subtasks = _SUBTASK.findall(listed)
    if not (heading and subtasks):
        return None
    if all(status == "completed" for _, status, _ in subtasks):
        return SYNTHESIZE
    idle = [(name, re.findall(NAME, types)) for name, types in _IDLE_WORKER.findall(rest)]
    for wanted, kind in _CHOICES:
        for id, status, type in subtasks:
            for name, types in idle:
                if status == wanted and type in types:
                    return Action(kind, unquote(id), unquote(name))
    return WAIT
