"""
Reading an action out of what a model wrote.

Tolerant of what models do (thinking blocks, fences, prose, several objects, placeholders, wrong
case), never guessing: what is no action is said to be none, with a reason. The work grows no
faster than the text, whatever it holds.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agents.prompting import prompt_of
from engine import Family, InvalidAction
from engine.codec import codec_of
from engine.exchanges import Reply, ToolCall

MOST_OBJECTS = 50
"""Places in a text where an object may begin that are looked at."""

_LONGEST_REASON = 500
_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT = re.compile(r".*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}|null|none|n/?a|string|\.\.\.|", re.IGNORECASE)
_KINDS = ("action_type", "action", "type", "kind", "name", "tool")
_INSIDE = ("action", "function", "tool_call", "arguments", "parameters", "params", "input")


class Unreadable(Exception):
    """No action could be read; the text says why, for the model."""


def read_action(reply: Reply, family: Family, names: Mapping[str, str]) -> Any:
    """
    Return the action that *reply* holds: of its tool calls, then of its text, the first valid.

    Args:
        reply: What the model answered.
        family: Whose actions are meant.
        names: Ids that exist, by their case-folded form, to mend wrong case.

    Raises:
        Unreadable: There is none, for a reason that the model can act on.
    """
    reason = "no JSON object was found"
    for read in (_of_calls, _of_text):
        for value in read(reply):
            try:
                return _action(value, family, names)
            except InvalidAction as error:
                reason = str(error)
    raise Unreadable(reason[:_LONGEST_REASON])
