"""What ``reset`` and ``step`` return, in each form that environments have for it."""

from collections.abc import Mapping
from typing import Any


def read_reset(given: Any) -> tuple[Any, Any]:
    """Return observation and info of what ``reset`` returned."""
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping):
        return given
    named = _named(given)
    return (named["observation"], named.get("info")) if named else (given, None)


def read_step(given: Any) -> dict[str, Any]:
    """
    Return what ``step`` returned by name: observation, reward, terminated, truncated and info.

    Understood are Gymnasium's five values, the four of its older form, an object or dict with an
    ``observation`` (and ``reward``, ``done``, …), and else the observation alone.
    """
    if isinstance(given, tuple) and len(given) == 5:
        names = ("observation", "reward", "terminated", "truncated", "info")
        return dict(zip(names, given, strict=True))
    if isinstance(given, tuple) and len(given) == 4:
        observation, reward, done, info = given
        cut = isinstance(info, Mapping) and bool(info.get("TimeLimit.truncated"))
        return {
            "observation": observation,
            "reward": reward,
            "terminated": bool(done) and not cut,
            "truncated": cut,
            "info": info,
        }
    named = _named(given)
    if not named:
        return {"observation": given}
    return {
        "observation": named["observation"],
        "reward": named.get("reward"),
        "terminated": bool(named.get("terminated", named.get("done", False))),
        "truncated": bool(named.get("truncated", False)),
        "info": named.get("info"),
    }


def _named(given: Any) -> Mapping[str, Any]:
    """Return the named values of *given*, a dict or an object; empty without an observation."""
    if isinstance(given, Mapping):
        return given if "observation" in given else {}
    if not hasattr(given, "observation"):
        return {}
    names = ("observation", "reward", "done", "terminated", "truncated", "info")
    return {name: getattr(given, name) for name in names if hasattr(given, name)}
