"""
Data from strangers inside a prompt: ASCII JSON between two fences that it cannot contain.

The fence is made of a hash over all that stands inside and of the question, and no text holds its
own hash. In ASCII, what is invisible or reorders text stands there as an escape.
"""

import json
from hashlib import sha256
from typing import Any

_EDGE = "===="
_DIGITS = 24
_DELETE = "\x7f"  # the one control character of ASCII that JSON leaves as it is


def fence_of(text: str, question: str) -> str:
    """Return the line that stands before and after *text*, of printable ASCII, in a prompt."""
    digest = sha256(f"{text}\0{question}".encode()).hexdigest()
    return f"{_EDGE}{digest[:_DIGITS]}{_EDGE}"


def ascii_json(data: Any) -> str:
    """Return *data* as one line of printable ASCII: equal data give equal text."""
    text = json.dumps(data, ensure_ascii=True, sort_keys=True, allow_nan=False)
    return text.replace(_DELETE, "\\u007f")


def fenced(data: Any, question: str) -> str:
    """Return *data* as JSON between two equal fences, each on a line of its own."""
    text = ascii_json(data)
    fence = fence_of(text, question)
    return f"{fence}\n{text}\n{fence}"
