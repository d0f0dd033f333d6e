"""Measures of the tools that an answered episode's agent called."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refold.scenarios.answered.paths import same_value
from refold.scenarios.answered.said import Call, calls, errors
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.rubric import Measure
from refold.scenarios.strict import Problem


@frozen
class Called:
    """Calls of the tool *name* whose *arguments* have these values; at least so many *times*."""

    name: str
    arguments: Mapping[str, Any] = field(factory=dict)
    times: int = 1

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        return [] if self.times >= 1 else [(".times", f"expected at least 1, got {self.times}")]


@frozen
class Uncalled:
    """Calls of the tool *name* whose *arguments* have these values."""

    name: str
    arguments: Mapping[str, Any] = field(factory=dict)


@frozen
class Order:
    """The *names* of tools, in the order in which they are to be called."""

    names: tuple[str, ...]

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        return [] if self.names else [(".names", "expected names of tools, got none")]


@frozen
class MostErrors:
    """The number of errors that are let pass."""

    most: int = 0

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        return [] if self.most >= 0 else [(".most", f"expected at least 0, got {self.most}")]


def tool_called(facts: Facts, params: Called) -> Finding:
    """1 if the tool was called so, as often as is asked for."""
    found = _matching(facts, params.name, params.arguments)
    return Finding.of(float(len(found) >= params.times), [call.at for call in found])


def tool_never_called(facts: Facts, params: Uncalled) -> Finding:
    """1 if the tool was not called so."""
    found = _matching(facts, params.name, params.arguments)
    return Finding.of(float(not found), [call.at for call in found])


def tool_order(facts: Facts, params: Order) -> Finding:
    """Share of the names, from the first, that were called in their order, others between them."""
    found: list[Call] = []
    for call in facts.compute_once(calls):
        if len(found) < len(params.names) and call.name == params.names[len(found)]:
            found.append(call)
    return Finding.of(len(found) / len(params.names), [call.at for call in found])


def tool_errors(facts: Facts, params: MostErrors) -> Finding:
    """1 if no more calls than are let pass came back as errors."""
    found = facts.compute_once(errors)
    return Finding.of(float(len(found) <= params.most), found, tool_errors=len(found))


def _matching(facts: Facts, name: str, arguments: Mapping[str, Any]) -> list[Call]:
    return [
        call
        for call in facts.compute_once(calls)
        if call.name == name and _has(call.arguments, arguments)
    ]


def _has(given: Any, wanted: Mapping[str, Any]) -> bool:
    if not wanted:
        return True
    return isinstance(given, dict) and all(
        key in given and same_value(given[key], value) for key, value in wanted.items()
    )


TOOLS = {
    "tool_called": Measure(Called, tool_called, "calls of {name}, as asked for"),
    "tool_errors": Measure(MostErrors, tool_errors, "at most {most} errors of tools"),
    "tool_never_called": Measure(Uncalled, tool_never_called, "no such call of {name}"),
    "tool_order": Measure(Order, tool_order, "calls in the order {names}"),
}
"""Them by name."""
