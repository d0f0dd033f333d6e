"""What ``reset`` and ``step`` return, in each form that environments have for it."""

from collections.abc import Mapping
from typing import Any

_NAMES = ("observation", "reward", "done", "terminated", "truncated", "info")


def read_reset(given: Any) -> tuple[Any, Any]:
    """Return observation and info of what ``reset`` returned."""
    named = _named(given)
    if named:
        return named["observation"], named.get("info")
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping):
        return given
    return given, None


def read_step(given: Any) -> dict[str, Any]:
    """
    Return what ``step`` returned by name: observation, reward, terminated, truncated and info.

    Understood are Gymnasium's five values, the four of its older form, an object or dict with an
    ``observation`` (and ``reward``, ``done``, …), a time step of dm_env, and else the observation
    alone.
    """
    if type(given) is tuple and len(given) == 5:  # without names of its own
        names = ("observation", "reward", "terminated", "truncated", "info")
        return dict(zip(names, given, strict=True))
    named = _named(given)
    if named:
        return _read_named(given, named)
    if isinstance(given, tuple) and len(given) == 4:
        observation, reward, done, info = given
        cut = bool(done) and isinstance(info, Mapping) and bool(info.get("TimeLimit.truncated"))
        return {
            "observation": observation,
            "reward": reward,
            "terminated": bool(done) and not cut,
            "truncated": cut,
            "info": info,
        }
    return {"observation": given}


def _read_named(given: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    terminated, truncated = named.get("terminated", named.get("done", False)), False
    if callable(getattr(given, "last", None)):  # of dm_env: a discount above 0 says cut off
        truncated = bool(given.last() and given.discount)
        terminated = given.last() and not truncated
    return {
        "observation": named["observation"],
        "reward": named.get("reward"),
        "terminated": bool(terminated),
        "truncated": bool(named.get("truncated", truncated)),
        "info": named.get("info"),
    }


def _named(given: Any) -> Mapping[str, Any]:
    """Return the named values of *given*, a dict or an object; empty without an observation."""
    if isinstance(given, Mapping):
        return _with_rest(given) if "observation" in given else {}
    if not hasattr(given, "observation"):
        return {}
    return {name: getattr(given, name) for name in _NAMES if hasattr(given, name)}


def _with_rest(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *given* with what has names of its own in the info, where there is room for it."""
    rest = {name: value for name, value in given.items() if name not in _NAMES}
    info = given.get("info") or {}
    if not rest or not isinstance(info, Mapping):
        return given
    return {**given, "info": {**info, **rest}}
