"""Which episodes are wanted, and in what order: the SQL that finds them in an index."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from attrs import frozen

from refold.engine.errors import RefoldError
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.engine.log.reader import OF_SCENARIO, family_values

Ending = Literal["terminated", "truncated", "unfinished", "not-counted"]
"""How an episode ended; not counted are the unfinished and those that an API's faults stopped."""
ENDINGS: tuple[str, ...] = get_args(Ending)

SORTS: Mapping[str, str] = {
    "began": "id",
    "score": "score",
    "reward": "total",
    "steps": "steps",
    "tokens": "input + output",
    "cost": "cost",
    "duration": "julianday(ended_at) - julianday(started_at)",
    "scenario": "scenario",
    "agent": "agent",
    "run": "run",
}
"""What episodes can be sorted by, and the SQL for it."""

LONGEST_TEXT = 1000
"""Characters that can be searched for."""

_CONDITIONS = {
    "agent": "agent = :agent",
    "run": "run = :run",
    "below": "score < :below",
    "since": "started_at >= :since",
    "error": "id IN (SELECT id FROM errors WHERE error = :error)",
    "ids": "uid IN (SELECT value FROM json_each(:ids))",
    "text": "(id IN (SELECT rowid FROM texts WHERE words MATCH :phrase)"
    + "".join(f" OR {name} LIKE :part ESCAPE '\\'" for name in ("uid", "scenario", "agent", "run"))
    + ")",
}
_ENDED = {
    "terminated": "ended = 'terminated'",
    "truncated": "ended = 'truncated'",
    "unfinished": "ended IS NULL",
    "not-counted": f"(ended IS NULL OR (ended = 'truncated' AND reason = '{INSTRUMENT_FAILED}'))",
}


@frozen
class Wanted:
    """
    Which episodes are wanted: those that fit all that is given here.

    Attributes:
        scenario: Name of the scenario, or of its family: ``workflow`` with any rules,
            ``workflow@2`` with those.
        agent: Name of the agent.
        run: Name of the run.
        below: The saved score is below this.
        ended: How it ended.
        error: A refusal, or a cause of a failed request to a model, that it met.
        since: It began then or later, UTC, ISO 8601.
        text: Words that stand in one of its messages in this order, the last of them perhaps
            only begun; or a part of its id, or of the name of its scenario, agent or run.
        ids: It is one of these.
        forks: Whether it may be a fork.
    """

    scenario: str | None = None
    agent: str | None = None
    run: str | None = None
    below: float | None = None
    ended: Ending | None = None
    error: str | None = None
    since: str | None = None
    text: str | None = None
    ids: tuple[str, ...] | None = None
    forks: bool = True


EVERY = Wanted()
"""All episodes."""


@frozen
class Order:
    """
    An order of episodes: by one of ``SORTS``, lowest first, or *falling*.

    Among equal ones the newest is first; those without the value come last.
    """

    by: str = "began"
    falling: bool = True


def _part_of(text: str) -> str:
    """Return the LIKE pattern for names that contain *text*."""
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _phrase_of(text: str) -> str:
    """Return the FTS5 query for the words of *text* in a row, the last as a beginning."""
    # Quoted, nothing in it is an operator; a NUL would end the query.
    quoted = text.replace("\0", " ").replace('"', '""')
    return f'"{quoted}" *'


def condition_of(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return the condition on ``rows`` that *wanted* is, and its parameters."""
    found = list(_conditions(wanted))
    given = {key: value for _, values in found for key, value in values.items()}
    return " AND ".join(["1", *(sql for sql, _ in found)]), given


def _conditions(wanted: Wanted) -> Iterator[tuple[str, dict[str, Any]]]:
    if wanted.scenario is not None:
        yield OF_SCENARIO, {"scenario": wanted.scenario, **family_values(wanted.scenario)}
    if wanted.ended is not None:
        yield _ENDED[wanted.ended], {}
    for name in ("agent", "run", "below", "since", "error"):
        value = getattr(wanted, name)
        if value is not None:
            yield _CONDITIONS[name], {name: value}
    if not wanted.forks:
        yield "parent IS NULL", {}
    if wanted.ids is not None:
        yield _CONDITIONS["ids"], {"ids": json.dumps(wanted.ids)}
    if wanted.text is not None:
        if len(wanted.text) > LONGEST_TEXT:
            raise RefoldError(
                f"search: expected at most {LONGEST_TEXT} characters, got {len(wanted.text)}"
            )
        yield (
            _CONDITIONS["text"],
            {"part": _part_of(wanted.text), "phrase": _phrase_of(wanted.text)},
        )


def order_of(order: Order, after: int | None) -> tuple[str, str, dict[str, Any]]:
    """
    Return the condition on ``rows`` that follow row *after*, the ORDER BY, and parameters.

    Without *after*, the condition is that of all rows.
    """
    value = SORTS[order.by]
    way, follows = ("DESC", "<") if order.falling else ("ASC", ">")
    if order.by == "began":
        return ("1" if after is None else f"id {follows} :after"), f"id {way}", {"after": after}
    ordered = f"({value}) IS NULL, {value} {way}, id DESC"
    if after is None:
        return "1", ordered, {}
    last = f"(SELECT {value} FROM rows WHERE id = :after)"
    later = f"""CASE WHEN {last} IS NULL THEN ({value}) IS NULL AND id < :after
        ELSE ({value}) IS NULL OR ({value}) {follows} {last}
            OR (({value}) = {last} AND id < :after) END"""
    return later, ordered, {"after": after}
