"""Scripts: files with a list of actions, and the policy that plays them in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from refold.engine import Family, InvalidAction, RefoldError
from refold.engine.codec import codec_of
from refold.engine.presentation import Policy
from refold.engine.text_marks import without_bom
from refold.scenarios.toml import read_toml

LARGEST_FILE = 64 * 2**20
"""Bytes; the whole file is read into memory."""


def read_script(path: str, family: Family) -> list[Any]:
    """
    Return the actions in the file at *path*, as *family*'s action type.

    The file is JSON Lines with one action a line, or TOML (``.toml``) with a list ``actions``.

    Raises:
        RefoldError: The file cannot be read, has no actions, or has an invalid one; the text
            names its line, or its index in the list.
    """
    codec = codec_of(family.name, family.rules)
    actions = []
    for place, value in _read_values(Path(path)):
        try:
            actions.append(codec.action(value))
        except InvalidAction as error:
            raise RefoldError(f"{path} {place}: {error}") from None
    if not actions:
        raise RefoldError(f"{path}: expected at least one action, got none; write one a line")
    return actions


def script_policy(actions: list[Any]) -> Policy:
    """Return the policy that plays *actions* and then stops."""
    rest = iter(actions)
    return lambda observation, legal: next(rest, None)


def _read_values(path: Path) -> Iterator[tuple[str, Any]]:
    text = _read_text(path)
    if path.suffix == ".toml":
        yield from _read_toml_values(path, text)
        return
    # Not splitlines(): U+2028 and the like may stand within a JSON string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield f"line {number}", msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                raise RefoldError(f"{path} line {number}: expected JSON, got {error}") from None


def _read_toml_values(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    actions = read_toml(text.encode(), str(path)).get("actions")
    if not isinstance(actions, list):
        raise RefoldError(f"{path}: expected a list 'actions', got none")
    for index, action in enumerate(actions):
        yield f"$.actions[{index}]", action


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefoldError(f"{path}: expected at most {LARGEST_FILE} bytes, got more")
        # What a shell hands over as <(command) lies in /dev, and has a writer.
        if path.is_fifo() and path.parts[:2] != ("/", "dev"):
            raise RefoldError(f"{path}: expected a script, got a named pipe; write it to a file")
        # Other line ends are left: to JSON and TOML they are space.
        return without_bom(path.read_bytes(), str(path)).decode()
    except OSError as error:
        raise RefoldError(f"{path}: expected a script, got {error.strerror}") from None
    except UnicodeDecodeError:
        raise RefoldError(f"{path}: expected text in UTF-8, got other bytes") from None
