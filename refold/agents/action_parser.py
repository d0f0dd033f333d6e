"""
Read the action out of a model's reply.

Read is what models commonly write: tool calls, in the API's field or leaked into the text; JSON
objects in code fences or prose, with placeholders, wrong case, small mistakes. Nothing is guessed:
thoughts are no answer, and a text that holds several different actions must say which is the
final one. A reply without one valid action is reported as such, with a reason that tells the
model what to change. Reading takes time linear in the length of the text, whatever it holds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from refold.agents.action_building import build_action, is_attempt
from refold.agents.call_syntax import Call, decode_arguments, find_calls
from refold.agents.lenient_json import Found, find_json_objects
from refold.agents.thinking_marks import strip_thinking
from refold.engine import Family, InvalidAction
from refold.engine.exchanges import Reply

_LONGEST_REASON = 500  # letters; the reason goes back to the model, so it costs tokens
_SEVERAL = (
    "expected one action, got different ones; write only the one that you take, "
    "or write 'Final answer:' before it"
)
_QUOTED = "expected the action on a line of its own, got one in the middle of a sentence"
_BROKEN = "expected valid JSON, got an object that is not closed or not valid"
# What stands right before an answer: the first says that it is final, the second suggests it.
_FINAL = re.compile(
    r"\bfinal(?:\s+\w+)?(?:\s+is)?[*_`]*\s*[:=][*_`]*\s*(?:`*json)?\s*$"
    r"|<(?:answer|final|final_answer|response)>\W*(?:json)?\s*$"
    r"|<\|(?:begin_of_solution|START_RESPONSE)\|>\W*(?:json)?\s*$"
    r"|<\|channel\|>\s*final\b[^{}]{0,60}$|\\boxed\{$",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"\b(?:answer|action|decision|choice|move|solution)(?:\s+is)?[*_`]*\s*[:=][*_`]*\s*"
    r"(?:`*json)?\s*$|<action>\W*(?:json)?\s*$",
    re.IGNORECASE,
)
_LONGEST_INTRODUCTION = 100
# An object with words before and after it in its line is quoted, as in "I could {…} but I won't".
_WORDS_BEFORE = re.compile(r"(?:(?<=\w)(?<!`json)|[,(])[ \t`'\"“*]*$")
_WORDS_AFTER = re.compile(r"[ \t`'\"”*,)]*\w")
_BEGINNING_OF_OBJECT = re.compile(r"\{\s*[\"'“”＂]\w")


class _Candidate(NamedTuple):
    """
    An object of the text.

    ``action`` is None if it is none, for ``reason``. ``counts`` says whether it is meant as the
    answer at all, ``emphasis`` how clearly.
    """

    action: Any | None
    reason: str
    counts: bool
    emphasis: int


class UnreadableReply(Exception):
    """A reply holds no valid action; the text tells the model why."""


def read_action(reply: Reply, family: Family, names: Mapping[str, str]) -> Any:
    """
    Return the action that *reply* takes.

    The first valid tool call counts, then the first valid one of those that the text holds, then
    the JSON object in the text. Of several objects that are different actions, the last one
    counts if the text names it as the final answer; of a list, the first. Different calls in the
    text with words between them are unreadable.

    Args:
        reply: The model's reply.
        family: The family whose actions are expected.
        names: Existing ids by case-folded form, used to correct the case of names.

    Raises:
        UnreadableReply: No candidate is a valid action, or several are; the text says why.
    """
    text = strip_thinking(reply.text)
    action, reason = _read_calls(_given_calls(reply), family, names)
    if action is None:
        action, said = _read_calls(find_calls(text), family, names)
        reason = said or reason
    if action is not None:
        if reason == _SEVERAL:
            raise UnreadableReply(short_reason(reason, reply))
        return action
    objects = list(find_json_objects(text))
    candidates = list(_candidates(text, objects, family, names))
    answers = [each for each in candidates if each.counts]
    if not answers:
        reason = reason or (candidates[-1].reason if candidates else _none_found(text))
        raise UnreadableReply(short_reason(reason, reply))
    refusal = _refusal(answers, text[objects[-1].end :])
    if refusal:
        raise UnreadableReply(short_reason(refusal, reply))
    return answers[-1].action


def _none_found(text: str) -> str:
    reason = "no JSON object was found"
    if _BEGINNING_OF_OBJECT.search(text):
        return f"{reason}: what begins with '{{' is not closed or not valid"
    return reason


def short_reason(reason: str, reply: Reply) -> str:
    """Return *reason*, why *reply* is unreadable, as it is recorded and told to the model."""
    # Lone surrogates, which UTF-8 cannot encode, become question marks.
    short = reason[:_LONGEST_REASON].encode("utf-8", "replace").decode()
    if reply.finish == "length":
        return f"{short}; the answer was cut off at the limit of its length"
    return short


def _given_calls(reply: Reply) -> Iterator[Call]:
    for call in reply.tool_calls:
        yield Call(call.name, decode_arguments(call.arguments))


def _read_calls(
    calls: Iterable[Call], family: Family, names: Mapping[str, str]
) -> tuple[Any | None, str | None]:
    """Return the first valid action of *calls*, and why it is not the answer or there is none."""
    chosen = reason = None
    for tool, fields, apart in calls:
        if chosen is not None and not apart:
            continue  # of several calls in a row, the first is what to do next
        try:
            action = build_action(tool, fields, family, names)
        except InvalidAction as error:
            reason = str(error)
            continue
        if chosen is None:
            chosen = action
        elif action != chosen:
            return chosen, _SEVERAL
    return chosen, reason


def _candidates(
    text: str, objects: Sequence[Found], family: Family, names: Mapping[str, str]
) -> Iterator[_Candidate]:
    """Yield *objects*, the ones in *text*, without what follows an action in a list."""
    end = still_open = 0
    in_list = has_action = False
    for found in objects:
        before, end = text[end : found.begin], found.end
        still_open = _count_open(before, still_open)
        in_list = before.rstrip().endswith("[") or (in_list and before.strip() == ",")
        if in_list and has_action and before.strip() == ",":
            continue
        action, reason = _try_to_build(found, family, names)
        has_action = action is not None
        if still_open:
            action, reason, counts = None, _BROKEN, False
        elif has_action and _is_quoted(text, found):
            action, reason, counts = None, _QUOTED, False
        else:
            counts = has_action or is_attempt(found.value, family)
        yield _Candidate(
            action,
            reason,
            counts=counts,
            emphasis=_emphasis(before[-_LONGEST_INTRODUCTION:]),
        )


def _try_to_build(found: Found, family: Family, names: Mapping[str, str]) -> tuple[Any | None, str]:
    try:
        return build_action(None, found.value, family, names), ""
    except InvalidAction as error:
        return None, str(error)


def _count_open(before: str, still_open: int) -> int:
    """Return how many braces of unreadable objects are open after the text *before* an object."""
    begin = 0
    if not still_open:
        beginning = _BEGINNING_OF_OBJECT.search(before)
        if beginning is None:
            return 0
        begin = beginning.start()
    return max(still_open + before.count("{", begin) - before.count("}", begin), 0)


def _is_quoted(text: str, found: Found) -> bool:
    line = text[max(0, found.begin - _LONGEST_INTRODUCTION) : found.begin].rpartition("\n")[2]
    after = text[found.end : found.end + _LONGEST_INTRODUCTION]
    return bool(_WORDS_BEFORE.search(line) and _WORDS_AFTER.match(after))


def _emphasis(introduction: str) -> int:
    if _FINAL.search(introduction):
        return 2
    return 1 if _ANSWER.search(introduction) else 0


def _refusal(answers: Sequence[_Candidate], rest: str) -> str | None:
    """Return why the last of *answers*, followed by *rest*, is not the action; None if it is."""
    *others, last = answers
    if _BEGINNING_OF_OBJECT.search(rest):
        return _BROKEN
    if last.action is None:
        return last.reason
    rivals = [each.emphasis for each in others if each.action not in (None, last.action)]
    return _SEVERAL if rivals and last.emphasis <= max(rivals) else None
