"""What the agent, and what a watcher, may see of an answered episode."""

from collections.abc import Mapping
from hashlib import sha256
from math import prod
from typing import Any

from refold.scenarios.answered.state import State


def observe(state: State) -> Any:
    """Return what the agent may see: the environment's last observation, JSON data."""
    return state.observation


def view(state: State) -> Mapping[str, Any]:
    """Return the state as JSON data; arrays of bytes are told by type, shape and digest."""
    return {
        "observation": shorten(state.observation),
        "reward": state.reward,
        "total": state.total,
        "info": shorten(state.info),
        "scores": dict(state.scores),
        "fault": state.fault,
        "ended": state.ended,
    }


def shorten(value: Any) -> Any:
    """Return *value*, JSON data, with a few words in place of each array of bytes."""
    if isinstance(value, dict):
        array = value.get("$array")
        if len(value) == 1 and isinstance(array, dict):
            return _describe(array)
        return {key: shorten(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shorten(each) for each in value]
    return value


def _describe(array: Mapping[str, Any]) -> str:
    shape, content = array.get("shape"), str(array.get("bytes", ""))
    sizes = [each for each in shape if isinstance(each, int)] if isinstance(shape, list) else []
    told = "x".join(str(each) for each in sizes)
    digest = sha256(content.encode()).hexdigest()[:12]
    return f"{array.get('dtype')} {told}, {prod(sizes)} values, sha256 {digest}"
