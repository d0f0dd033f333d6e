"""
What the mock model does in an inbox: it plays as the policy ``baseline``.

It sees no more than a model does, the prompt's text, and takes from it only the e-mail that the
policy looks at.
"""

import re

from refold.scenarios.inbox.actions import Action
from refold.scenarios.inbox.observation import Observation
from refold.scenarios.inbox.policies import baseline
from refold.scenarios.inbox.state import Email
from refold.scenarios.writing import NAME, unquote

_HEADING = "\n## Current e-mail\n"

# Line by line, and each line of the body behind its mark: no text of an e-mail can be taken for
# a line of the prompt.
_EMAIL = re.compile(
    rf"id: ({NAME})\nsubject: ({NAME})\nfrom: .*\ncategory: ({NAME})\npriority: .*\n"
    r"body:\n((?:>.*\n?)*)"
)


def mock_action(text: str) -> Action | None:
    """Return what ``baseline`` does where *text* is the prompt; None if it shows no e-mail."""
    _, heading, shown = text.rpartition(_HEADING)
    found = _EMAIL.match(shown) if heading else None
    if found is None:
        return None
    id, subject, category = map(unquote, found.groups()[:3])
    email = Email(id, subject, found[4], priority="", sender="", category=category)
    return baseline(Observation("", (email,), email, (), 0, 1), lambda: ())
