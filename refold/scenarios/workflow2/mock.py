"""
What the mock model does in a workflow of the rules version 2: it plays as ``baseline``.

It sees no more than a model does, the prompt's text.
"""

import re

from refold.scenarios.workflow2.actions import ADVANCE, Action
from refold.scenarios.writing import NAME, unquote

# Anchored to the beginnings of lines, and past quoted names as a whole: no text of a scenario
# begins a line of the prompt, and what stands inside of quotes cannot end them.
_READY = re.compile(rf"^- ({NAME}) \| ready \| skill ({NAME}) \| system ", re.MULTILINE)
_IDLE = re.compile(rf"^- ({NAME}) \| idle \| can (.*) \| pace ", re.MULTILINE)
_CAPACITY = re.compile(r"^capacity: (\d+) of (\d+) tasks running$", re.MULTILINE)


def mock_action(text: str) -> Action | None:
    """Return what ``baseline`` does where *text* is the prompt; None if it is none of these."""
    before, _, shown = text.rpartition("\n## Tasks\n")
    tasks, heading, workers = shown.partition("\n## Workers\n")
    capacity = _CAPACITY.search(before)
    if not (heading and capacity):
        return None
    if int(capacity[1]) < int(capacity[2]):
        idle = [(name, re.findall(NAME, skills)) for name, skills in _IDLE.findall(workers)]
        for task, skill in _READY.findall(tasks):
            for name, skills in idle:
                if skill in skills:
                    return Action("assign", unquote(task), unquote(name))
    return ADVANCE
