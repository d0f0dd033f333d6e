"""
Chat JSON Lines for supervised fine-tuning: a line with ``messages`` and ``tools`` each run.

Messages are as the agent's API had them. What a line has no place for is left out.
"""

from collections import Counter
from typing import Any

import msgspec

from refold.engine.codec import encode
from refold.transcripts.chat import read_chat
from refold.transcripts.exports.conversation import all_messages, tool_definitions
from refold.transcripts.exports.runs import Run
from refold.transcripts.remainder import KEY, fields_in, remainder_of


def chat_line(run: Run) -> tuple[bytes, Counter[str]]:
    """Return the line of *run*, with its end, and how often each field of it is left out."""
    line = encode(_line(run))
    read = read_chat(msgspec.json.decode(line), "the export")
    left = fields_in(remainder_of(run.trial, read))
    for name in ("benchmark", "started", "ended", "epoch"):  # of the record, not of the talk
        del left[name]
    return line + b"\n", left


def _line(run: Run) -> dict[str, Any]:
    trial = run.trial
    tools = tool_definitions(trial)
    own: dict[str, Any] = {"episode": run.info.id, "digest": run.digest}
    if run.graded is not None:
        own.update(score=run.graded.value, rubric=run.graded.by)
    given = [score for score in trial.scores if score is not run.graded]
    usage = trial.turns[0].usage if len(trial.turns) == 1 else None
    told = {
        "tools": tools or None,
        "task": trial.task or None,
        "model": trial.agent or None,
        "seed": trial.seed or None,
        "reward": trial.reward,
        "scores": {each.name: each.value for each in given if each.value is not None} or None,
        "usage": usage,
    }
    return {
        "messages": list(all_messages(trial)),
        **{name: each for name, each in told.items() if each is not None},
        KEY: own,
    }
