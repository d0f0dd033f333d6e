"""
Views of episodes, model calls, messages and tool calls, for people who query a log.

They are made of the events at each query, so they cannot disagree with them. Of which family an
action or a message is, is not asked: its form tells what it is.
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["text", "integer", "real", "time"]
"""What a column holds beside nulls; a *time* is UTC, ISO 8601, to the millisecond."""


def _is(row: str, kind: str) -> str:
    """Return the condition that *row* of ``events`` is of this *kind*."""
    return f"""{row}.payload GLOB '{{"type":"{kind}",*'"""


def _last(kind: str, field: str, *, before: str = "") -> str:
    """Return the query for *field* of an episode's last event of this *kind*."""
    return (
        f"(SELECT l.payload ->> '{field}' FROM events AS l WHERE {_is('l', kind)}"
        f" AND {before or 'l.episode = e.id'} ORDER BY l.seq DESC LIMIT 1)"
    )


def _step(row: str) -> str:
    """Return the query for the step, from 0, that *row* of ``events`` belongs to."""
    before = f"l.episode = {row}.episode AND l.seq < {row}.seq"
    return f"coalesce({_last('step_rewarded', 'step', before=before)} + 1, 0)"


def _text(message: str) -> str:
    """Return the expression for the text of *message*, JSON, as transcripts show it."""
    return f"""
    CASE json_type({message}, '$.content')
        WHEN 'text' THEN {message} ->> 'content'
        WHEN 'array' THEN coalesce((SELECT group_concat(
            CASE WHEN t.type <> 'object' THEN t.value
                WHEN json_type(t.value, '$.text') = 'text' THEN t.value ->> 'text'
                ELSE '[' || coalesce(t.value ->> 'type', 'another value') || ']' END, char(10))
            FROM json_each({message}, '$.content') AS t), '')
        ELSE coalesce(nullif({message} -> 'content', 'null'), '') END"""


def _marked(message: str, name: str) -> str:
    """Return the condition that the field *name* of *message* marks it as an error."""
    none = "'null', 'false', '0', '0.0', '\"\"', '[]', '{}'"
    return f"{message} -> '{name}' NOT IN ({none})"


_REPLY = "v.payload ->> '$.reply.{}'"


def _count(path: str) -> str:
    """Return the expression for a count at *path* of an event; absurd ones are null."""
    # Else what is no integer of SQLite's, or a sum that is none, would fail the whole query.
    value = f"v.payload ->> '$.{path}'"
    return f"CASE WHEN {value} BETWEEN 0 AND 1000000000000 THEN {value} END"


# One walk over an episode's events for all sums. Grouped by what is asked for most, so that SQLite
# can look only at the episodes that fit; and by row number first, so that it need not sort.
_EPISODE_LIST = f"""
CREATE VIEW episode_list AS
SELECT e.uid AS episode, e.scenario, e.agent, e.run, e.seed, e.epoch,
    CASE WHEN e.ended_at IS NOT NULL THEN {_last("episode_ended", "how")} END AS ended,
    CASE WHEN e.ended_at IS NOT NULL THEN {_last("episode_ended", "reason")} END AS reason,
    coalesce({_last("step_rewarded", "step")} + 1, 0) AS steps,
    CAST(coalesce({_last("step_rewarded", "total")}, 0) AS REAL) AS total,
    (SELECT g.score FROM grades AS g WHERE g.episode = e.id ORDER BY g.rowid LIMIT 1) AS score,
    (SELECT json_group_array(
            json_object('rubric', g.rubric, 'version', g.version, 'score', g.score))
        FROM (SELECT * FROM grades WHERE episode = e.id ORDER BY rowid) AS g) AS scores,
    json_group_array(json_object('name', v.payload ->> 'name', 'value', v.payload -> 'value'))
        FILTER (WHERE {_is("v", "score_given")}) AS given,
    count(*) FILTER (WHERE {_is("v", "model_called")}) AS requests,
    sum({_count("reply.usage.input")}) AS input_tokens,
    sum({_count("reply.usage.output")}) AS output_tokens,
    CASE WHEN count({_REPLY.format("usage.cost")}) = count({_REPLY.format("model")})
        THEN sum(CAST({_REPLY.format("usage.cost")} AS REAL)) END AS cost,
    e.started_at, e.ended_at, e.parent, e.fork_at,
    o.file AS origin_file, o.format AS origin_format, o.place AS origin_place
FROM episodes AS e NOT INDEXED LEFT JOIN origins AS o ON o.episode = e.id
    LEFT JOIN events AS v ON v.episode = e.id
        AND ({_is("v", "model_called")} OR {_is("v", "score_given")})
GROUP BY e.id, e.uid, e.scenario, e.agent, e.run;
"""

_MODEL_CALL_LIST = f"""
CREATE VIEW model_call_list AS
SELECT e.uid AS episode, {_step("v")} AS step, v.seq, {_REPLY.format("model")} AS model,
    {_REPLY.format("finish")} AS finish, {_count("reply.usage.input")} AS input_tokens,
    {_count("reply.usage.output")} AS output_tokens,
    {_count("reply.usage.cached")} AS cached_tokens,
    {_count("reply.usage.reasoning")} AS reasoning_tokens,
    CAST({_REPLY.format("usage.cost")} AS REAL) AS cost, {_count("latency_ms")} AS latency_ms,
    json_array_length(v.payload, '$.faults') AS faults, {_REPLY.format("text")} AS text
FROM events AS v JOIN episodes AS e ON e.id = v.episode
WHERE {_is("v", "model_called")};
"""

# One array of messages for each event, so that rows come in the order of the log. What a model
# replied stands in the exchange; the action that was read from it would repeat it.
_NAMED = "coalesce(v.payload ->> '$.action.action_type', v.payload ->> '$.action.type')"
_SAID = f"""
    CASE WHEN EXISTS (SELECT 1 FROM events AS r WHERE r.episode = v.episode AND r.seq = v.seq - 1
            AND {_is("r", "model_called")}) THEN NULL
        WHEN json_type(v.payload, '$.action') = 'text' THEN v.payload ->> 'action'
        WHEN json_type(v.payload, '$.action.content') = 'text' AND {_NAMED} IS NULL
            THEN v.payload ->> '$.action.content' END"""
_HEARD = """
    CASE json_type(v.payload, '$.observation.messages') WHEN 'array'
        THEN v.payload -> '$.observation.messages' END"""
_EXCHANGED = """
    CASE json_type(v.payload, '$.reply') WHEN 'object' THEN json_insert(v.payload -> 'sent', '$[#]',
            json_object('role', 'assistant', 'content', v.payload ->> '$.reply.text'))
        ELSE v.payload -> 'sent' END"""
_MESSAGE_LIST = f"""
CREATE VIEW message_list AS
SELECT e.uid AS episode,
    CASE WHEN NOT {_is("v", "environment_began")} THEN {_step("v")} END AS step, v.seq,
    m.key AS place, CAST(m.value ->> 'role' AS TEXT) AS role,
    CAST(m.value ->> 'name' AS TEXT) AS name, {_text("m.value")} AS text
FROM events AS v JOIN episodes AS e ON e.id = v.episode, json_each(
    CASE WHEN {_is("v", "model_called")} THEN {_EXCHANGED}
        WHEN {_is("v", "environment_answered")} OR {_is("v", "environment_began")} THEN {_HEARD}
        WHEN {_is("v", "action_taken")} THEN
            (SELECT json_array(json_object('role', 'assistant', 'content', s.text))
            FROM (SELECT {_SAID} AS text) AS s WHERE s.text IS NOT NULL) END) AS m
WHERE m.type = 'object';
"""

# A result is found by the id of its call, which the reply right before the action tells; without
# ids, results are in the order of the calls.
_CALL_ID = f"""coalesce(c.value ->> 'id', (SELECT r.payload ->> ('$.reply.tool_calls[' || c.key
        || '].id') FROM events AS r WHERE r.episode = v.episode AND r.seq = v.seq - 1
        AND {_is("r", "model_called")}))"""
_MESSAGES = f"""CASE WHEN {_is("n", "environment_answered")}
        AND json_type(n.payload, '$.observation.messages') = 'array'
        THEN n.payload -> '$.observation.messages' END"""
_RESULT = f"""coalesce(
        (SELECT t.key FROM json_each({_MESSAGES}) AS t WHERE CASE t.type WHEN 'object'
            THEN t.value ->> 'role' = 'tool' AND t.value ->> 'tool_call_id' = {_CALL_ID} END
            ORDER BY t.key LIMIT 1),
        (SELECT o.key FROM (SELECT t.key, t.value, row_number() OVER (ORDER BY t.key) - 1 AS place
                FROM json_each({_MESSAGES}) AS t
                WHERE CASE t.type WHEN 'object' THEN t.value ->> 'role' = 'tool' END) AS o
            WHERE o.place = c.key
            AND (o.value ->> 'tool_call_id' IS NULL OR {_CALL_ID} IS NULL)))"""
_CALLS = f"""
    CASE WHEN json_type(v.payload, '$.action.tool_calls') = 'array'
            THEN v.payload -> '$.action.tool_calls'
        WHEN {_NAMED} IS NOT NULL THEN json_array(json_object('name', {_NAMED}, 'arguments',
            json_remove(v.payload -> 'action', CASE WHEN v.payload ->> '$.action.action_type'
                IS NULL THEN '$.type' ELSE '$.action_type' END)))
        WHEN 'text' NOT IN (json_type(v.payload, '$.action'),
                coalesce(json_type(v.payload, '$.action.content'), ''))
            THEN json_array(json_object('name', 'act', 'arguments', v.payload -> 'action')) END"""
_TOOL_CALL_LIST = f"""
CREATE VIEW tool_call_list AS
SELECT e.uid AS episode, {_step("v")} AS step, v.seq, c.key AS place, c.value ->> 'name' AS name,
    coalesce(nullif(c.value -> 'arguments', 'null'), '{{}}') AS arguments,
    CASE WHEN m.key IS NOT NULL THEN {_text("m.value")}
        WHEN {_is("n", "environment_answered")}
            AND json_type(v.payload, '$.action.tool_calls') IS NOT 'array'
            THEN CASE json_type(n.payload, '$.observation') WHEN 'text'
                THEN n.payload ->> 'observation'
                ELSE nullif(n.payload -> 'observation', 'null') END END AS result,
    CASE WHEN {_is("n", "action_refused")} THEN n.payload ->> 'error'
        WHEN n.payload ->> 'fault' IS NOT NULL THEN n.payload ->> 'fault'
        WHEN {_marked("m.value", "error")} THEN CASE json_type(m.value, '$.error')
            WHEN 'text' THEN m.value ->> 'error' ELSE 'error' END
        WHEN {_marked("m.value", "is_error")} OR {_marked("m.value", "isError")}
            THEN 'error' END AS error
FROM events AS v JOIN episodes AS e ON e.id = v.episode JOIN json_each({_CALLS}) AS c
    LEFT JOIN events AS n ON n.episode = v.episode AND n.seq = v.seq + 1
        AND ({_is("n", "environment_answered")} OR {_is("n", "action_refused")})
    LEFT JOIN json_each({_MESSAGES}) AS m ON m.key = {_RESULT}
WHERE {_is("v", "action_taken")}
    AND CASE c.type WHEN 'object' THEN json_type(c.value, '$.name') = 'text' END;
"""

QUERY_VIEWS = _EPISODE_LIST + _MODEL_CALL_LIST + _MESSAGE_LIST + _TOOL_CALL_LIST
"""SQL that makes them."""

_INTEGERS = (
    *("seed", "epoch", "fork_at", "steps", "step", "seq", "last_seq", "place", "version"),
    *("requests", "faults", "latency_ms", "later_events"),
    *("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"),
)
COLUMN_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(_INTEGERS, "integer"),
    **dict.fromkeys(("reward", "total", "score", "value", "cost"), "real"),
    **dict.fromkeys(("started_at", "ended_at", "labelled_at"), "time"),
}
"""What a column of that name holds in any view; all others hold text, some of it JSON."""
