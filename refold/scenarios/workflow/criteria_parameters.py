"""What the measures of workflow rubrics take as parameters, and what is wrong with some."""

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import Attribute, AttrsInstance, field, fields, frozen

from refold.scenarios.strict import Problem
from refold.scenarios.workflow.parameters import WorkflowParameters

_SUBTASKS = {"names": "subtask"}
_WORKERS = {"names": "worker"}


@frozen
class Nothing:
    """No parameters."""


@frozen
class Subtasks:
    """Some subtasks."""

    subtasks: tuple[str, ...] = field(metadata=_SUBTASKS)


@frozen
class Least:
    """The fewest steps that the scenario can be done in."""

    least: int


@frozen
class Cost:
    """*full_at*: the share of the cost budget up to which the value is 1; below 1."""

    full_at: float = 0.0


@frozen
class Overrun:
    """*rate*: value for each share of the cost budget that it is overrun by."""

    rate: float


@frozen
class Each:
    """*each*: value for each refused action, up to 1 in all."""

    each: float


@frozen
class Avoided:
    """*each*: what one refusal of the class *error* takes from 1, down to 0."""

    error: Literal[
        "unknown_subtask",
        "not_ready",
        "not_failed",
        "unknown_or_offline_agent",
        "agent_busy",
        "lacks_capability",
        "capacity",
        "permanent_failure",
        "incomplete",
        "already_completed",
    ]
    each: float


@frozen
class Completed:
    """A subtask; only by *workers* if any are named, not by *not_workers*, in time."""

    subtask: str = field(metadata=_SUBTASKS)
    workers: tuple[str, ...] = field(default=(), metadata=_WORKERS)
    not_workers: tuple[str, ...] = field(default=(), metadata=_WORKERS)
    by_step: int | None = None


@frozen
class Before:
    """*subtasks*, at the moment when the subtask *before* completes."""

    before: str = field(metadata=_SUBTASKS)
    subtasks: tuple[str, ...] = field(metadata=_SUBTASKS)


@frozen
class After:
    """*waits* in a row after the subtask *after* is completed."""

    after: str = field(metadata=_SUBTASKS)
    waits: int


def problems(params: AttrsInstance, parameters: WorkflowParameters | None) -> list[Problem]:
    """Return the mistakes in a measure's *params* that types cannot show."""
    found = list(_bounds(params))
    if parameters is None:
        return found
    known = {
        "subtask": {subtask.id for subtask in parameters.subtasks},
        "worker": {worker.name for worker in parameters.workers},
    }
    for attribute in fields(type(params)):
        found += _names(attribute, getattr(params, attribute.name), known)
    if isinstance(params, Cost | Overrun) and parameters.cost_budget is None:
        found.append(("", "expected a scenario with a cost_budget, got one without"))
    return found


def _bounds(params: object) -> Iterator[Problem]:
    match params:
        case Subtasks(subtasks=()) | Before(subtasks=()):
            yield ".subtasks", "expected at least 1 subtask, got none"
        case Least(least=least) if least < 1:
            yield ".least", f"expected at least 1, got {least}"
        case Cost(full_at=full_at) if not 0 <= full_at < 1:
            yield ".full_at", f"expected 0 to below 1, got {full_at}"
        case Overrun(rate=value) | Each(each=value) | Avoided(each=value) if not 0 < value < 1e9:
            yield "", f"expected a number above 0, got {value}"
        case After(waits=waits) if waits < 1:
            yield ".waits", f"expected at least 1, got {waits}"


def _names(
    attribute: "Attribute[object]", value: object, known: Mapping[str, set[str]]
) -> Iterator[Problem]:
    kind = attribute.metadata.get("names")
    names = [value] if isinstance(value, str) else value
    if kind and isinstance(names, list | tuple):
        for name in names:
            if name not in known[kind]:
                yield f".{attribute.name}", f"expected a known {kind}, got {name!r}"
