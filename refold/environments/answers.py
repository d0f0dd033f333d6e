"""What an environment said, as events: values as JSON, and failures in words."""

import math
from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.values import LARGEST_VALUE, encode_value, to_json_value
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer

_LONGEST_FAULT = 500  # letters
_SMALL = LARGEST_VALUE // 32  # bytes of numbers, each of which takes up to 25 letters of JSON


def began(
    observation: Any,
    *,
    offer: Offer | None = None,
    info: Any = None,
    by: Mapping[str, str] | None = None,
    generator: Any = None,
    arguments: Any = None,
) -> EnvironmentBegan:
    """
    Return the event of a beginning; values become JSON data, as ``to_json_value`` says.

    With a fault in place of what cannot be recorded.
    """
    try:
        return EnvironmentBegan(
            observation=_recordable(observation, "observation"),
            offer=offer,
            info=_recordable(info, "info"),
            by=dict(by or {}),
            generator=_recordable(generator, "generator"),
            arguments=_recordable(arguments, "arguments"),
        )
    except RefoldError as error:
        return EnvironmentBegan(fault=str(error))


def answered(
    observation: Any,
    reward: Any = None,
    *,
    terminated: Any = False,
    truncated: Any = False,
    info: Any = None,
) -> EnvironmentAnswered:
    """
    Return the event of an environment's answer; values become JSON data, as ``to_json_value`` says.

    With a fault in place of what cannot be recorded, such as a reward that is no number.
    """
    try:
        return EnvironmentAnswered(
            observation=_recordable(observation, "observation"),
            reward=_finite(reward),
            terminated=bool(terminated),
            truncated=bool(truncated),
            info=_recordable(info, "info"),
        )
    except RefoldError as error:
        return EnvironmentAnswered(fault=str(error))


def failed(error: BaseException) -> str:
    """Return why an environment gave no answer, as a fault says it: what was raised, and where."""
    if isinstance(error, RefoldError):
        return str(error)[:_LONGEST_FAULT]
    said = " ".join(str(error).split())
    frames = extract_tb(error.__traceback__)
    # The file's name only: a path would differ from machine to machine.
    place = f" ({Path(frames[-1].filename).name} line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{f': {said}' if said else ''}"[:_LONGEST_FAULT] + place


def _recordable(value: Any, what: str) -> Any:
    if value is None:
        return None
    plain = to_json_value(value)
    if plain and isinstance(plain, dict | list | str) and not _is_small(value):
        encode_value(plain, what)
    return plain


def _is_small(value: Any) -> bool:
    """Return whether *value* is an array of so few numbers that its JSON need not be measured."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return bool(kind and kind in "biufc" and getattr(value, "nbytes", LARGEST_VALUE) < _SMALL)


def _finite(reward: Any) -> float | None:
    if reward is None:
        return None
    try:
        # An array of one number is a reward too; Python's own types have no item.
        number = float(reward.item() if hasattr(reward, "item") else reward)
    except (TypeError, ValueError):
        raise RefoldError(f"reward: expected a number, got {reward!r:.100}") from None
    if not math.isfinite(number):
        raise RefoldError(f"reward: expected a finite number, got {number}")
    return number
