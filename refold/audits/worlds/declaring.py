"""Checks of what an environment declares: its tools, and the tasks that its own solutions do."""

from collections.abc import Iterator, Mapping
from typing import Any

from refold.agents.schema_checks import find_mismatch
from refold.audits.findings import Check, Measurement
from refold.audits.played import Played, Runs
from refold.audits.worlds.answers import answers_of
from refold.audits.worlds.case import WorldCase
from refold.audits.worlds.leaves import leaves_of
from refold.audits.worlds.moves import UNKNOWN_TOOL
from refold.audits.worlds.scoring import NO_ORACLE
from refold.engine.codec import encode
from refold.scenarios.answered.said import calls_in, is_error, messages_in

_MOST_TOLD = 10


def tool_declarations(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many tools are declared and unknown, and how many calls fit no declaration."""
    if not case.offer.tools:
        yield Measurement("", None, 0, "the environment declares no tools")
        return
    unknown = list(_unknown_tools(case))
    about = (
        f"the environment knows none of {', '.join(unknown)}" if unknown else "each tool is known"
    )
    shown = case.trials(unknown[0])[0].shown if unknown else None
    yield Measurement("declared", len(unknown), 0, about, shown)
    if case.oracle is None:
        yield Measurement("called", None, 0, NO_ORACLE)
        return
    wrong = [told for run in case.oracle for told in _undeclared_calls(case, run)]
    about = "; ".join(wrong[:_MOST_TOLD]) or "the known solution calls tools as they are declared"
    yield Measurement("called", len(wrong), 0, about, case.oracle[0].shown)


def _unknown_tools(case: WorldCase) -> Iterator[str]:
    """Yield the tools that are answered as one that does not exist."""
    refusals = _named(case.refused, UNKNOWN_TOOL)
    for tool in case.offer.tools:
        name = tool["name"]
        if refusals & _named(case.trials(name), name):
            yield name


def _named(runs: Runs, tool: str) -> set[str]:
    """Return the texts of the first answer in *runs* that name the *tool*, without its name."""
    for run in runs[:1]:
        _, answer = list(answers_of(run))[1]
        texts = (text for _, text in leaves_of(answer.observation) if isinstance(text, str))
        return {text.replace(tool, "…") for text in texts if tool in text and text != tool}
    return set()


def _undeclared_calls(case: WorldCase, run: Played) -> Iterator[str]:
    schemas = {tool["name"]: tool.get("parameters") or {} for tool in case.offer.tools}
    for action, _ in answers_of(run):
        for call in calls_in(action):
            name = call["name"]
            if name not in schemas:
                yield f"{name!r} is no tool that is declared"
                continue
            problem = find_mismatch(call.get("arguments") or {}, schemas[name], "arguments")
            if problem is not None:
                yield f"{name}: {problem}"


def task_declarations(case: WorldCase) -> Iterator[Measurement]:
    """Measure how many calls of the known solution the environment's own tools refuse."""
    if not case.offer.tools:
        yield Measurement("", None, 0, "the environment declares no tools")
    elif case.oracle is None:
        yield Measurement("", None, 0, NO_ORACLE)
    else:
        refused = [told for run in case.oracle for told in _refused_calls(run)]
        more = len(refused) - _MOST_TOLD
        about = "; ".join(refused[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")
        about = about or "no call of the known solution is refused"
        yield Measurement("", len(refused), 0, about, case.oracle[0].shown)


def _refused_calls(run: Played) -> Iterator[str]:
    """Yield each call of *run* whose result is an error, and that error."""
    for action, answer in answers_of(run):
        results = [each for each in messages_in(answer.observation) if each.get("role") == "tool"]
        for call, result in zip(calls_in(action), results, strict=False):
            if is_error(result):
                yield f"{_call(call)}: {result.get('content')}"


def _call(call: Mapping[str, Any]) -> str:
    return f"{call['name']}({encode(call.get('arguments')).decode()})"


CHECKS = (
    Check(
        "runtime.tool_declaration_accuracy",
        "tools are as declared",
        "at most",
        tool_declarations,
    ),
    Check(
        "runtime.task_declaration_accuracy",
        "the known solution can be carried out",
        "at most",
        task_declarations,
    ),
)
"""The checks of what an environment declares."""
