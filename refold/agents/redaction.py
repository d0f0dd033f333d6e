"""
Keep keys out of what is recorded: replace a key that an API sends back, tell names of credentials.

Text is replaced where it came in, before anything reads it: what is recorded, and sent again in
the next request, is the same text without the key.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from refold.engine.codec import encode

StructT = TypeVar("StructT", bound=msgspec.Struct)

REDACTED = "KEY"
"""What stands in place of a key."""

# Shorter ones and single words (EMPTY, ollama, anything) are what people give local servers that
# need no key. They are no secrets, and a model may well say them.
_SHORTEST_KEY = 6
_LONGEST_WORD = 11

_CREDENTIAL_NAME = re.compile(
    r"(?:api|access|secret|private|subscription)keys?$|(?:auth|access|api|bearer|session|refresh)tokens?$"
    r"|^(?:token|auth)$|authorization$|secret$|passw(?:or)?d$|credentials?$|cookie$"
)
_HEADER_NAME = re.compile(r"headers?$")
_CREDENTIAL_VALUE = re.compile(
    r"(?i:^\s*(?:bearer|basic)\s)|\b(?:sk-|gsk_|hf_|xai-|AIza)[\w-]{16,}"
)


def is_secret(key: str) -> bool:
    """Return whether *key* is worth hiding: not very short, and not a single word."""
    return len(key) >= _SHORTEST_KEY and not (key.isalpha() and len(key) <= _LONGEST_WORD)


def redact(data: Any, key: str) -> Any:
    """Return JSON data, such as a text, with ``KEY`` in place of *key* in all texts and names."""
    if isinstance(data, str):
        return data.replace(key, REDACTED) if is_secret(key) else data
    if isinstance(data, Mapping):
        return {redact(name, key): redact(value, key) for name, value in data.items()}
    return [redact(each, key) for each in data] if isinstance(data, list | tuple) else data


def redact_struct(value: StructT, key: str) -> StructT:
    """Return *value* with ``KEY`` in place of *key* in all its texts."""
    # In JSON each letter is written by itself: a text with the key in it has it there as well.
    if encode(key)[1:-1] not in encode(value):
        return value
    data = msgspec.to_builtins(value)
    redacted = redact(data, key)
    return value if redacted == data else msgspec.convert(redacted, type(value))


def redact_json(content: bytes, key: str) -> bytes:
    """
    Return the JSON text *content* with ``KEY`` in place of *key*, however its letters are escaped.

    *content* may be broken: all but the key stays as it is.
    """
    if not is_secret(key):
        return content
    wanted = "".join(map(_spellings, key)).encode()
    if not re.search(wanted, content):  # far quicker than to replace nothing, escape by escape
        return content
    # The second branch consumes other escapes whole: a key that begins with n is not in "\na…".
    pattern = re.compile(rb"(?P<key>%b)|\\(?:u[0-9a-fA-F]{4}|.)" % wanted, re.DOTALL)
    return pattern.sub(lambda found: REDACTED.encode() if found["key"] else found[0], content)


def _spellings(letter: str) -> str:
    """Return a pattern for the ways to write *letter*, of printable ASCII, in a JSON string."""
    escaped = rf"\\u(?i:{ord(letter):04x})"
    itself = re.escape(letter)
    if letter in '"\\':
        return rf"(?:\\{itself}|{escaped})"
    return rf"(?:\\?/|{escaped})" if letter == "/" else rf"(?:{itself}|{escaped})"


def find_credential(value: Any, keys: Iterable[str], *, at: str = "") -> str | None:
    """
    Return the path of what looks like a credential in *value*, JSON data at the path *at*.

    That is a text under a name such as ``api_key`` or ``Authorization``, anything under
    ``headers``, a text that begins like a known kind of key, or one that contains one of *keys*.
    None if there is none. Names of JSON schemas, such as a property ``token``, are none.
    """
    if isinstance(value, str):
        return at if _is_credential(at, value, keys) else None
    if isinstance(value, Mapping):
        if value and _HEADER_NAME.search(_fold(at)):
            return at
        inner = [(f"{at}.{name}" if at else name, each) for name, each in value.items()]
        if named := [path for path, _ in inner if _holds(path, keys)]:
            return named[0]
    elif isinstance(value, list):
        inner = [(at, each) for each in value]
    else:
        return None
    found = (find_credential(each, keys, at=path) for path, each in inner)
    return next((each for each in found if each is not None), None)


def _holds(text: str, keys: Iterable[str]) -> bool:
    return any(key in text for key in keys if is_secret(key))


def _is_credential(path: str, text: str, keys: Iterable[str]) -> bool:
    name = _fold(path)
    return bool(
        _CREDENTIAL_NAME.search(name)
        or _HEADER_NAME.search(name)
        or _CREDENTIAL_VALUE.search(text)
        or _holds(text, keys)
    )


def _fold(path: str) -> str:
    """Return the last name in *path* in lower case, without ``-``, ``_`` and spaces."""
    return re.sub(r"[-_\s]", "", path.rpartition(".")[2]).lower()
