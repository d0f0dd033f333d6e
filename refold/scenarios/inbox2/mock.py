"""
What the mock model does in an inbox of the rules version 2: it plays as ``baseline``.

It sees no more than a model does, the prompt's text.
"""

import re
from collections.abc import Iterator

from refold.scenarios.inbox2.actions import WAIT, Action
from refold.scenarios.inbox2.observation import Observation, ThreadSeen
from refold.scenarios.inbox2.policies import baseline
from refold.scenarios.inbox2.world import Mail
from refold.scenarios.writing import NAME, unquote

# Line by line, and each line of a body behind its mark: no text of a mail can be taken for a line
# of the prompt.
_STEP = re.compile(r"^step: (\d+), (\d+) steps left$", re.MULTILINE)
_THREAD = re.compile(rf"^- ({NAME}) \| (?:no due step|due by step (\d+).*)$", re.MULTILINE)
_MAIL = re.compile(
    rf"^from: ({NAME})\nsubject: ({NAME})\ncame at step: (\d+)\n((?:>.*\n?)*)", re.MULTILINE
)


def mock_action(text: str) -> Action | None:
    """Return what ``baseline`` does where *text* is the prompt; None if it is none of these."""
    before, heading, shown = text.rpartition("\n## Open threads\n")
    step = _STEP.search(before)
    if not (heading and step):
        return None
    listed = re.split(r"^## ", shown, maxsplit=1, flags=re.MULTILINE)[0]
    threads = tuple(_threads(listed))
    if not threads:
        return WAIT if listed.strip() == "none is open" else None
    seen = Observation(
        instructions="",
        today="",
        house="",
        teams=(),
        partners=(),
        t=int(step[1]),
        steps_left=int(step[2]),
        threads=threads,
        records=(),
        closed=(),
        refusal=None,
    )
    return baseline(seen, lambda: ())


def _threads(listed: str) -> Iterator[ThreadSeen]:
    found = list(_THREAD.finditer(listed))
    for place, thread in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(listed)
        mails = tuple(
            Mail(unquote(sender), unquote(subject), _unmarked(body), int(at))
            for sender, subject, at, body in _MAIL.findall(listed[thread.end() : end])
        )
        if mails:
            yield ThreadSeen(unquote(thread[1]), int(thread[2]) if thread[2] else None, mails)


def _unmarked(body: str) -> str:
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in body.splitlines())
