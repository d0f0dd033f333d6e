"""
OpenTelemetry: a trace for each episode, after the semantic conventions for generative AI.

A span ``invoke_agent`` holds a span ``chat`` for each turn of a model, ``execute_tool`` for each
call, and an event ``gen_ai.evaluation.result`` for each score. It is OTLP in JSON, a request on
each line, as the file receiver of the OpenTelemetry collector reads it.

A log has no clock for each event: spans follow one another from the episode's start, each as long
as the model took.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from attrs import define, field

from refold.engine.codec import encode
from refold.release import RELEASE
from refold.scenarios.answered.events import ScoreGiven
from refold.scenarios.answered.said import is_error
from refold.transcripts.exports.conversation import results
from refold.transcripts.exports.genai import (
    SETTINGS,
    Attributes,
    agent_attributes,
    chat_attributes,
    evaluation_attributes,
    otlp_attributes,
    tool_attributes,
)
from refold.transcripts.exports.runs import Run
from refold.transcripts.exports.unheld import fields_beyond
from refold.transcripts.exports.watched import NOTES, is_generated, step_notes
from refold.transcripts.trial import Call, Message, Turn

_INTERNAL, _CLIENT = 1, 3  # kinds of spans
_ERROR = 2  # status code
_LONGEST = 10**9  # milliseconds; times have 64 bits
_HELD = (
    *("benchmark", "task", "agent", "started", "ended", "seed", "tools", "scores", "reward"),
    *("how", "reason", "fault", "turns[].content", "turns[].calls", "turns[].model"),
    *("turns[].finish", "turns[].usage", "turns[].message.role", "turns[].message.content"),
    *("turns[].message.tool_calls", "turns[].message.reasoning_content", f"turns[].info.{NOTES}"),
    "turns[].message.reasoning",
    *(f"turns[].settings.{name}" for name in (*SETTINGS, "model")),
    *(
        f"{place}[].{name}"
        for place in ("beginning", "turns[].answer")
        for name in ("role", "content", "tool_call_id")
    ),
)


def otlp_line(run: Run) -> tuple[bytes, Counter[str]]:
    """Return the request of *run* as a line, and how often each field of it is left out."""
    spans = _Spans(run)
    request = {
        "resourceSpans": [
            {
                "resource": {"attributes": otlp_attributes({"service.name": "refold"})},
                "scopeSpans": [
                    {"scope": {"name": "refold", "version": RELEASE}, "spans": spans.all()}
                ],
            }
        ]
    }
    return encode(request) + b"\n", fields_beyond(run.trial, _HELD)


@define
class _Spans:
    """Makes the spans of one run, which follow one another from its start."""

    run: Run
    trace: str = ""
    now: int = 0
    made: list[dict[str, Any]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        # Equal runs have equal digests, but are traces of their own.
        self.trace = sha256(f"{self.run.info.id} {self.run.digest}".encode()).hexdigest()[:32]
        self.now = _nanoseconds(self.run.trial.started)

    def all(self) -> list[dict[str, Any]]:
        """Return all spans, that of the agent first."""
        trial, start = self.run.trial, self.now
        root = self._id(0)
        heard: Sequence[Message] = trial.beginning
        for turn in trial.turns:
            if is_generated(turn):
                self._chat(turn, heard, root)
            for call, result in results(turn):
                self._tool(call, result, root)
            heard = turn.answer
        end = max(self.now, _nanoseconds(trial.ended))
        about = self._span(
            "invoke_agent", trial.agent, _INTERNAL, start, agent_attributes(self.run)
        )
        own = {"spanId": root, "endTimeUnixNano": str(end)}
        events = [_evaluation(score, end) for score in self.run.scores]
        status = {"code": _ERROR, "message": trial.fault} if trial.fault else {}
        return [{**about, **own, "events": events, "status": status}, *self.made]

    def _chat(self, turn: Turn, heard: Sequence[Message], parent: str) -> None:
        attributes = chat_attributes(turn, heard, self.run.trial)
        span = self._span("chat", turn.model, _CLIENT, self.now, attributes)
        self.now += min(max(step_notes(turn).get("ms", 0), 0), _LONGEST) * 1_000_000
        self._add(span, parent)

    def _tool(self, call: Call, result: Message | None, parent: str) -> None:
        attributes = tool_attributes(call, result)
        span = self._span("execute_tool", call.name, _INTERNAL, self.now, attributes)
        if result is not None and is_error(result):
            span["status"] = {"code": _ERROR}
        self._add(span, parent)

    def _add(self, span: dict[str, Any], parent: str) -> None:
        id = self._id(len(self.made) + 1)
        times = {"endTimeUnixNano": str(self.now)}
        self.made.append({**span, "spanId": id, "parentSpanId": parent, **times})

    def _span(
        self, operation: str, about: str, kind: int, start: int, attributes: Attributes
    ) -> dict[str, Any]:
        told = {"gen_ai.operation.name": operation, **attributes}
        return {
            "traceId": self.trace,
            "name": f"{operation} {about}".strip(),
            "kind": kind,
            "startTimeUnixNano": str(start),
            "attributes": otlp_attributes(told),
        }

    def _id(self, number: int) -> str:
        return sha256(f"{self.trace} {number}".encode()).hexdigest()[:16]


def _evaluation(score: ScoreGiven, now: int) -> dict[str, Any]:
    return {
        "name": "gen_ai.evaluation.result",
        "timeUnixNano": str(now),
        "attributes": otlp_attributes(evaluation_attributes(score)),
    }


def _nanoseconds(time: str | None) -> int:
    """Return *time*, ISO 8601, in nanoseconds since 1970; 0 if there is none."""
    if time is None:
        return 0
    return round(datetime.fromisoformat(time).timestamp() * 1000) * 1_000_000
