"""
Observations read back out of the text that prompts make of them.

For the stand-in model, which sees no more than a model would. What the built-in policies look at
comes back as it was; of the rest, what the text holds in an easy form, and else nothing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from refold.engine import RefoldError
from refold.scenarios.inbox.observation import Observation as InboxObservation
from refold.scenarios.inbox.state import Email
from refold.scenarios.workflow.observation import Observation as WorkflowObservation
from refold.scenarios.workflow.state import Subtask, Worker

Observation = WorkflowObservation | InboxObservation

_HEADING = "## "
_FIRST_HEADINGS = ("Task", "Instructions")
_PART = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"|])+')
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,"]+')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")

_Sections = Mapping[str, Sequence[str]]


def read_observation(text: str) -> Observation | None:
    """
    Return the last observation that *text* shows, or None if it shows none.

    Workflow: subtasks (without the descriptions of completed ones), workers, time, budget,
    capacity, failures and errors are there. Inbox: all but the bodies of e-mails that wait
    behind the current one; the body's lines end with a plain line break.

    Raises:
        RefoldError: An observation begins in it, but does not go on like one.
    """
    sections = _sections(text)
    try:
        if "Task" in sections:
            return _workflow(sections)
        return _inbox(sections) if sections else None
    except (KeyError, IndexError, ValueError, msgspec.ValidationError) as error:
        raise RefoldError(
            f"observation: expected one as the prompts of refold show it, got {error!r}; "
            "use the prompt unchanged"
        ) from None


def _sections(text: str) -> _Sections:
    """Return the lines under each heading of the last observation in *text*."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        if not line.startswith(_HEADING):
            lines.append(line)
            continue
        title, lines = line.removeprefix(_HEADING), []
        if title in _FIRST_HEADINGS:
            sections.clear()
        if sections or title in _FIRST_HEADINGS:
            sections[title] = lines
    return sections


def _workflow(sections: _Sections) -> WorkflowObservation:
    now = _keyed(sections["Now"])
    subtasks = {each.id: each for each in map(_subtask, _items(sections["Subtasks"]))}
    workers = {each.name: each for each in map(_worker, _items(sections["Workers"]))}
    elapsed, remaining = map(int, _numbers(now["time"]))
    used, *left = map(float, _numbers(now["budget"]))
    active, capacity = map(int, _numbers(now["capacity"]))
    occurred, recovered = map(int, _numbers(now["failures"]))
    return WorkflowObservation(
        task_description=_unmarked(sections["Task"]),
        subtasks=subtasks,
        workers=workers,
        completed_outputs={id: each.output for id, each in subtasks.items() if each.output},
        errors=tuple(_values(sections["Last step"], "went wrong")),
        time_elapsed=elapsed,
        time_remaining=remaining,
        capacity_limit=capacity,
        active_count=active,
        budget_used=used,
        budget_remaining=left[0] if left else None,
        available_actions=(),
        reward_breakdown={},
        sla_milestones=(),
        failures_occurred=occurred,
        failures_recovered=recovered,
        critical_path_length=int(_numbers(now["critical path"])[0]),
        hint=None,
    )


def _subtask(parts: Sequence[str]) -> Subtask:
    given = {part.split(" ", 1)[0]: part for part in parts[2:]}
    needs = _WORD.findall(given["needs"])[1:]
    dependencies = [] if needs == ["nothing"] else needs[::2]
    fields = {
        "id": _word(parts[0]),
        "type": _value(given, "type"),
        "description": _value(given, "about") or "",
        "dependencies": [_word(each) for each in dependencies],
        "status": parts[1],
        "dependencies_met": "(open)" not in needs[1::2],
        "assigned_to": _value(given, "worker"),
        "attempt_count": int(_value(given, "failed") or 0),
        "output": _value(given, "output"),
        "error": _value(given, "error"),
    }
    return msgspec.convert(fields, Subtask)


def _worker(parts: Sequence[str]) -> Worker:
    name, state, can, speed, cost, reliability = parts
    status, *task = _WORD.findall(state)
    fields = {
        "name": _word(name),
        "capabilities": [_word(each) for each in _WORD.findall(can)[1:]],
        "speed": int(_numbers(speed)[0]),
        "reliability": float(_numbers(reliability)[0]),
        "cost_per_step": float(_numbers(cost)[0]),
        "status": status,
        "current_task": _word(task[-1]) if task else None,
    }
    return msgspec.convert(fields, Worker)


def _inbox(sections: _Sections) -> InboxObservation:
    now = _keyed(sections["Now"])
    shown = sections["Current e-mail"]
    current = _current(shown) if shown[0].startswith("id:") else None
    others = map(_other, _items(sections.get("Other pending e-mails", ())))
    return InboxObservation(
        instructions=_unmarked(sections["Instructions"]),
        inbox=(current, *others) if current else (),
        current=current,
        history=tuple(line[2:] for line in sections.get("Handled", ()) if line.startswith("- ")),
        step_count=int(now["step"]),
        remaining_count=int(now["pending"]),
    )


def _current(lines: Sequence[str]) -> Email:
    given = _keyed(lines)
    return Email(
        id=_word(given["id"]),
        subject=_word(given["subject"]),
        body=_unmarked(lines),
        priority=_word(given["priority"]),
        sender=_word(given["from"]),
        category=_word(given["category"]),
    )


def _other(parts: Sequence[str]) -> Email:
    id, subject, *rest = parts
    sender, category, priority = (_word(_WORD.findall(part)[-1]) for part in rest)
    return Email(_word(id), _word(subject), "", priority, sender, category)


def _items(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the parts of each line that begins with a dash."""
    for line in lines:
        if line.startswith("- "):
            yield [part.strip(" ") for part in _PART.findall(line[2:])]


def _keyed(lines: Iterable[str]) -> dict[str, str]:
    """Return what stands behind each ``key: ``; marked lines have none."""
    pairs = (line.partition(": ") for line in lines if not line.startswith(">"))
    return {key: value for key, colon, value in pairs if colon}


def _values(lines: Iterable[str], key: str) -> Iterator[str]:
    return (line.removeprefix(f"{key}: ") for line in lines if line.startswith(f"{key}: "))


def _unmarked(lines: Iterable[str]) -> str:
    return "\n".join(line[1:].removeprefix(" ") for line in lines if line.startswith(">"))


def _value(given: Mapping[str, str], key: str) -> str | None:
    """Return the last word of the part that begins with *key*, None if there is none."""
    return _word(_WORD.findall(given[key])[-1]) if key in given else None


def _word(written: str) -> str:
    """Return the name or text that was *written*, bare or as a JSON string."""
    return str(json.loads(written)) if written.startswith('"') else written


def _numbers(text: str) -> list[str]:
    return _NUMBER.findall(text)
