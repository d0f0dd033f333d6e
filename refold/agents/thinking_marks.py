"""
Take a model's thinking out of its text.

The marks are those that models are trained on and that servers (vLLM, SGLang, llama.cpp) split
off when they know the model. A mark that is opened and not closed holds all that follows it. The
time taken is linear in the length of the text.
"""

import re
from collections.abc import Iterator

_NAMES = (
    r"(?:think|thinking|thoughts?|reason|reasoning|analysis|reflection|scratchpad|monologue|cot)"
    r"(?:_(?:process|content|steps|trace))?"
)
_TAG = rf"(?:\|{_NAMES}|(?:[a-z]{{1,12}}[:_])?{_NAMES})"
_RESPONSE = r"here(?:['’]s| is) my response:"
# What opens, and what closes it.
_MARKS = {
    "begin_of_thought": (
        r"<[|｜](?:begin|start)[_▁]of[_▁]thought[|｜]>",
        r"<[|｜](?:end|stop)[_▁]of[_▁]thought[|｜]>",
    ),
    "cohere": (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    "apertus": (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    # Calling a tool ends the thinking of Gemma, whether it says so or not.
    "gemma": (r"<\|channel>\s*thought\b", r"<channel\|>|(?=<\|tool_call>)"),
    "kimi": (r"◁think▷", r"◁/think▷"),
    "brackets": (
        r"\[(?:THINK|THINKING|THOUGHTS?|REASONING)\]",
        r"\[/(?:THINK|THINKING|THOUGHTS?|REASONING)\]",
    ),
    "details": (r"<details\b[^<>]{0,200}\breasoning\b[^<>]{0,200}>", r"</details>"),
    "fence": (r"^```(?:think|thinking|thoughts?|reasoning)\b[^\n]*$", r"^```\s*$"),
    # Harmony, of gpt-oss. What is addressed to a tool is a call, on whatever channel.
    "harmony": (
        r"(?:<\|channel\|>\s*|\A\s*)analysis(?:\s*<\|message\|>|(?=[^<]{0,40}<\|message\|>)"
        r"(?![^<]{0,40}to=))",
        r"(?=<\|(?:end|return|call|start|channel)\|>)",
    ),
    # The same from a server that drops special tokens and joins what is left.
    "harmony_bare": (
        r"(?:\A\s*|assistant)analysis(?=[\w{\"'])(?!\w{0,20}\s+to=)",
        r"assistantfinal|(?=assistant(?:commentary|analysis))",
    ),
    "granite": (r"\A\s*here(?:['’]s| is) my thought process:", _RESPONSE),
}
_FLAGS = re.IGNORECASE | re.MULTILINE
_OPENING = re.compile(
    rf"<(?P<tag>{_TAG})(?=[\s>|])[^<>]{{0,200}}(?<!/)>|"
    + "|".join(f"(?P<{name}>{opening})" for name, (opening, _) in _MARKS.items()),
    _FLAGS,
)
_CLOSING = {name: re.compile(closing, _FLAGS) for name, (_, closing) in _MARKS.items()}
# Chat templates may put the opening mark into the prompt: then only the closing one is here.
_END = re.compile(
    rf"<\|?/{_TAG}\s*\|?>|<[|｜](?:end|stop)[_▁]of[_▁]thought[|｜]>|<\|END_THINKING\|>"
    rf"|<\|inner_suffix\|>|<channel\|>|◁/think▷|\[/(?:THINK|THINKING|THOUGHTS?|REASONING)\]"
    rf"|assistantfinal|^{_RESPONSE}",
    _FLAGS,
)


def strip_thinking(text: str) -> str:
    """Return the part of *text* that is not thinking."""
    rest = "".join(_pieces_outside(text))
    ends = [found.end() for found in _END.finditer(rest)]
    return rest[ends[-1] :] if ends else rest


def _pieces_outside(text: str) -> Iterator[str]:
    place = 0
    while opening := _OPENING.search(text, place):
        yield text[place : opening.start()]
        closing = _closing(opening).search(text, opening.end())
        if closing is None:
            return
        place = closing.end()
    yield text[place:]


def _closing(opening: re.Match[str]) -> re.Pattern[str]:
    tag = opening["tag"]
    if tag is None:
        return _CLOSING[str(opening.lastgroup)]
    return re.compile(rf"<\|?/\|?{re.escape(tag.lstrip('|'))}\s*\|?>", re.IGNORECASE)
