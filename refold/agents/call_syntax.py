"""
Find the tool calls that a model wrote into its text, in the syntax that it was trained on.

A server that knows the model's syntax turns such calls into ``tool_calls``; others leave them in
the text. Read are the syntaxes of Hermes and Qwen, Qwen-Coder, Mistral, Llama, DeepSeek, Kimi,
GLM, MiniMax, Cohere, Granite, Gemma, LFM, Apertus, gpt-oss (harmony), Anthropic's XML, and ReAct.

Each opening mark begins a call that ends at the next one, so the time taken is linear in the
length of the text.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from refold.agents.lenient_json import (
    decode_leniently,
    decode_string,
    find_json_objects,
    first_object,
)

_NAME = r"[A-Za-z_][\w.-]{0,99}"
_OPENINGS = (
    # Of a call by name, whose arguments follow.
    rf"\[TOOL_CALLS\]\s{{0,9}}(?P<mistral>{_NAME})(?:\[CALL_ID\]\w{{0,99}})?(?:\[ARGS\])?",
    rf"<function=[\"']?(?P<qwen_coder>{_NAME})[\"']?>",
    rf"<(?:[\w-]{{1,20}}:|｜DSML｜)?invoke name=[\"'](?P<invoke>{_NAME})[\"'][^<>]{{0,99}}>",
    r"<｜tool[▁_]call[▁_]begin｜>(?:function<｜tool[▁_]sep｜>)?"
    rf"(?P<deepseek>{_NAME})(?:<｜tool[▁_]sep｜>)?",
    r"<\|tool_call_begin\|>\s{0,9}(?P<kimi>" + _NAME + r")(?::\d{1,9})?"
    r"\s{0,9}<\|tool_call_argument_begin\|>",
    rf"\bto=functions\.(?P<harmony>{_NAME})(?:[^{{<]|<\|constrain\|>|<\|channel\|>){{0,80}}"
    r"(?:<\|message\|>)?",
    rf"^[*\s]{{0,9}}Action:[*\s]{{0,9}}(?P<react>{_NAME})[*`\s]{{0,9}}\nAction Input:[* \t]{{0,9}}",
    rf"<\|?tool_call\|?>\s{{0,9}}(?:call:)?(?P<glm>{_NAME})(?=\s{{0,9}}(?:<arg_key>|</tool|[{{(]))",
    rf"^>>>(?P<functionary>{_NAME})\n",
    rf"✿FUNCTION✿:\s{{0,9}}(?P<qwen>{_NAME})\s{{0,9}}✿ARGS✿:\s{{0,9}}",
    # Of calls that say their names themselves.
    r"\[TOOL_CALLS\]|<\|?tool_calls?\|?>|<TOOLCALL>|<\|START_ACTION\|>|<\|python_(?:tag|start)\|>"
    r"|<\|tool_call_start\|>|<\|tools_prefix\|>|<function_calls>|\bfunctools(?=\[)"
    rf"|^```(?:tool_code|tool_call|python)\s{{1,9}}(?=\[?{_NAME}\()",
    rf"^[*\s]{{0,9}}(?:Action|Call):[*`\s]{{0,9}}(?=\[?{_NAME}\()",
    # Of Python calls without a mark: they are all of the text, or a list that begins a line.
    rf"(?P<bare>\A)(?=\s{{0,99}}{_NAME}\()|^(?=\[\s{{0,9}}{_NAME}\()",
)
_OPENING = re.compile("|".join(f"(?:{each})" for each in _OPENINGS), re.MULTILINE)
_FENCE = re.compile(r"\s*(?:```\w*\s*)?")
# Llama 3 writes name.call(…) for some tools.
_PYTHON_CALL = re.compile(
    r"[\[,;\s]*(?P<name>[A-Za-z_][\w-]{0,99}(?:\.[\w-]{1,99}){0,3}?)(?:\.call)?(?=\()"
)
_PARAMETER = re.compile(
    r"\s*<(?:[\w-]{1,20}:|｜DSML｜)?parameter(?:=|\s{1,9}name=)[\"']?(?P<key>[\w.-]{1,99})[\"']?"
    r"[^<>]{0,99}>"
    r"|\s*<arg_key>\s{0,9}(?P<glm_key>[\w.-]{1,99})\s{0,9}</arg_key>\s{0,9}<arg_value>",
)
_END_OF_PARAMETER = re.compile(r"</(?:(?:[\w-]{1,20}:|｜DSML｜)?parameter|arg_value)>")
_END_OF_XML = re.compile(r"\s*</(?:[\w-]{1,20}:|｜DSML｜)?(?:function|invoke|tool_call)>")
# What a model that imitates ReAct makes up after its call: an observation, and more calls.
_OBSERVATION = re.compile(r"^\**Observation:", re.MULTILINE)
_WORDS_AT_END = re.compile(r"[^\W_][^>})\]]*$")
_EMPTY_ARGUMENTS = ("", "null", "None", "[]")


class Call(NamedTuple):
    """
    A tool call.

    Attributes:
        tool: The tool's name; None if the fields hold it.
        fields: The arguments; None if they cannot be read.
        apart: Whether words stand between this call and the one before.
    """

    tool: str | None
    fields: dict[str, Any] | None
    apart: bool = False


def find_calls(text: str) -> Iterator[Call]:
    """Yield the tool calls in *text*, in order; values of XML are text first, then JSON."""
    text = _OBSERVATION.split(text, maxsplit=1)[0]
    openings = list(_OPENING.finditer(text))
    ends = [*(opening.start() for opening in openings[1:]), len(text)]
    apart = False
    for opening, end in zip(openings, ends, strict=False):  # one end more if there are none
        inside = text[opening.end() : end]
        for call in _calls_in(opening, inside):
            yield call._replace(apart=apart)
        apart = _WORDS_AT_END.search(inside) is not None


def _calls_in(opening: re.Match[str], inside: str) -> Iterator[Call]:
    if opening.lastgroup == "bare":
        return _bare_call(inside)
    if opening.lastgroup is None:
        return _anonymous_calls(inside)
    return _named_calls(opening[opening.lastgroup], inside)


def decode_arguments(text: str) -> dict[str, Any] | None:
    """Return the arguments that an API gives as *text*, or None if they are not a JSON object."""
    text = text.strip()
    if text in _EMPTY_ARGUMENTS:  # how APIs spell a call without arguments
        return {}
    if text.startswith('"'):  # some models encode the arguments twice
        text = decode_string(text)
    return first_object(text)


def _anonymous_calls(text: str) -> Iterator[Call]:
    begin = _FENCE.match(text)
    place = begin.end() if begin else 0
    if _PYTHON_CALL.match(text, place):
        yield from _python_calls(text, place)
        return
    for found in find_json_objects(text[place:]):
        yield Call(None, found.value)


def _python_calls(text: str, place: int) -> Iterator[Call]:
    while call := _PYTHON_CALL.match(text, place):
        fields, place = decode_leniently(text, call.end())
        yield Call(call["name"], fields)
        if fields is None:
            return


def _bare_call(text: str) -> Iterator[Call]:
    """Yield the Python call that is all of *text*; nothing if it is more than that, or less."""
    call = _PYTHON_CALL.match(text)
    if call:
        fields, end = decode_leniently(text, call.end())
        if fields is not None and not text[end:].strip(" \n;`"):
            yield Call(call["name"], fields)


def _named_calls(name: str, text: str) -> Iterator[Call]:
    begin = _FENCE.match(text)
    rest = text[begin.end() :] if begin else text
    if rest.startswith("("):
        yield Call(name, decode_leniently(rest, 0)[0])
    elif rest.startswith(("{", '"')):
        yield Call(name, decode_arguments(rest))
    elif _PARAMETER.match(rest):
        yield from _xml_calls(name, rest)
    elif rest.startswith(("</", "<|", "<｜", "[/")) or rest.strip(" \n`") in _EMPTY_ARGUMENTS:
        yield Call(name, {})
    else:
        yield Call(name, None)


def _xml_calls(name: str, text: str) -> Iterator[Call]:
    """Yield the call with its values as text, then with those that are JSON decoded."""
    fields: dict[str, str] = {}
    place = 0
    while parameter := _PARAMETER.match(text, place):
        closing = _END_OF_PARAMETER.search(text, parameter.end())
        if closing is None:
            break
        value = text[parameter.end() : closing.start()]
        key = parameter["key"] or parameter["glm_key"]
        fields[key] = value.removeprefix("\n").removesuffix("\n")
        place = closing.end()
    if not _END_OF_XML.match(text, place):
        yield Call(name, None)
        return
    yield Call(name, dict(fields))
    yield Call(name, {key: _decode_value(value) for key, value in fields.items()})


def _decode_value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
