"""Checks of what an environment shows: values that never change, and the solution."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from refold.audits.findings import Check, Measurement
from refold.audits.scenarios.worlds import MOST_FIXED
from refold.audits.worlds.answers import answers_of
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.leaves import Leaf, leaves_of, observed
from refold.engine.codec import encode
from refold.scenarios.answered.said import calls_in, is_error, messages_in

_MOST_TOLD = 5
_SHORTEST = 4
"""Letters or digits of a value that cannot stand anywhere by chance."""


def fixed_fields(case: WorldCase) -> Iterator[Measurement]:
    """Measure what share of the values of observations never changes."""
    if case.seed_does_nothing:
        about = "all plays had the same start, as the seed changes nothing"
        yield Measurement("", None, None, about)
        return
    values: dict[str, set[bytes]] = {}
    for run in case.all_runs:
        for told in observed(run):
            for path, value in told:
                values.setdefault(path, set()).add(encode(value))
    fixed = [path for path in values if len(values[path]) == 1]
    about = f"{len(fixed)} of {len(values)} values are the same in each step of each play"
    if fixed:
        about += f": {', '.join(fixed[:_MOST_TOLD])}"
    share = len(fixed) / len(values) if values else None
    yield Measurement("", share, MOST_FIXED, about, case.at_once[0].shown)


def no_solution_leakage(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many values of the solution can be read before anything is done."""
    solution = _solution(case)
    if solution is None:
        about = "no solution is known; --oracle AGENT names who has one"
        yield Measurement("", None, 0, about)
        return
    telling = list(dict.fromkeys(value for value in solution if len(value) >= _SHORTEST))
    if not telling:
        about = f"the solution has no value of {_SHORTEST} letters or digits to look for"
        yield Measurement("", None, 0, about)
        return
    shown = list(_shown_at_once(case))
    leaked = {value: path for value in telling for path in _places(value, shown)}
    first = next(iter(leaked.items()), None)
    about = (
        f"{len(leaked)} of {len(telling)} values of the solution can be read at once: "
        f"{first[0]!r:.60} at {first[1]}"
        if first
        else f"none of {len(telling)} values of the solution can be read at once"
    )
    yield Measurement("", len(leaked), 0, about, case.at_once[0].shown)


def _solution(case: WorldCase) -> Sequence[str] | None:
    """Return what an agent has to find out, as texts; None if it is not known."""
    declared = case.environment.solution(case.scenario.parameters)
    if declared:
        return declared
    if case.oracle is None:
        return None
    # Of a known solution, what it is paid for; the rest is the way there.
    paid = [action for action, answer in answers_of(case.oracle[0]) if getattr(answer, "reward", 0)]
    choices = set(_choices(msgspec.to_builtins(case.offer)))
    told = (
        str(value) for action in paid for _, value in leaves_of(_said_in(action)) if _is_text(value)
    )
    return [value for value in told if value not in choices]


def _said_in(action: Any) -> Any:
    """Return what an action says: the arguments of its calls, where it has any."""
    return [call.get("arguments") for call in calls_in(action)] or action


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _choices(schema: Any) -> Iterator[str]:
    """Yield what *schema*, or one within it, lists as choices, and the names of its tools."""
    if isinstance(schema, list):
        for each in schema:
            yield from _choices(each)
    elif isinstance(schema, dict):
        listed = schema.get("enum")
        yield from map(str, listed if isinstance(listed, list) else [])
        yield from (str(schema[name]) for name in ("const", "name") if name in schema)
        for inner in schema.values():
            yield from _choices(inner)


def _shown_at_once(case: WorldCase) -> Iterator[Leaf]:
    """Yield what can be read before anything is done, and the errors of wrong actions."""
    began = case.began
    yield from leaves_of(began.observation, "$.observation")
    yield from leaves_of(began.info, "$.info")
    yield from leaves_of(msgspec.to_builtins(case.offer), "$.offer")
    for run in case.refused:
        for _, answer in answers_of(run):
            for message in filter(is_error, messages_in(answer.observation)):
                yield "an error", message.get("content")


def _places(value: str, shown: Sequence[Leaf]) -> Iterator[str]:
    """Yield where *value* stands as a word or a number of its own."""
    whole = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")
    yield from (path for path, told in shown if _is_text(told) and whole.search(str(told)))


CHECKS = (
    Check(
        "semantic.no_solution_leakage",
        "the solution is not shown",
        "at most",
        no_solution_leakage,
    ),
    Check(
        "observations.fixed",
        "what is seen changes",
        "at most",
        fixed_fields,
    ),
)
"""The checks of what an environment shows."""
