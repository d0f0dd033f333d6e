"""
An episode as one JSON document, which page, stepper, server and tests all read.

All words come from the family's ``say``, all states from its ``view``: the first one in full,
the others as deltas. A reader merges these and never runs rules. The document of a running
episode holds nothing that its agent must not see.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from refold.engine import EpisodeEnded, EpisodeInfo, Event, Stream
from refold.engine.exchanges import (
    EXCHANGE_EVENTS,
    ActionForfeited,
    ModelCalled,
    ModelConfigured,
    ReplyUnread,
)
from refold.graders import Grade
from refold.replays.marks import MISTAKE, find_marks
from refold.replays.stepping import Step, steps
from refold.replays.verdict import Verdict
from refold.viewer.deltas import make_delta
from refold.viewer.grade_parts import grade_summary
from refold.viewer.transcript import conversation_turns, transcript_data

FORMAT = "refold.episode"
VERSION = 1
MOST_LEGAL = 5000
"""Legal actions listed; a workflow of 1,000 subtasks and 100 workers has up to 100,000."""

LARGEST_EXACT = 2**53 - 1
"""Largest integer that JavaScript keeps as it is."""

Json = dict[str, Any]


def document(
    stream: Stream,
    *,
    info: EpisodeInfo | None = None,
    grade: Grade | None = None,
    verdict: Verdict | None = None,
) -> Json:
    """
    Return the document of the episode *stream*: JSON data, equal for equal arguments.

    Args:
        stream: The episode, ended or not.
        info: Its row in a log; without it, the document has no id, agent or times.
        grade: Its grade; left out of the document while the episode runs.
        verdict: The verdict on it, likewise.
    """
    walked = list(steps(stream))
    whole = [step for step in walked if step.action is not None]
    end = next((event for event in stream if isinstance(event, EpisodeEnded)), None)
    scenario: Json = msgspec.json.decode(stream.scenario)
    timeline = stream.family.timeline
    made = _DocumentParts(stream, walked, whole, running=end is None)
    events = list(made.events())
    legal, omitted = ([], []) if end else made.legal()
    return {
        "format": FORMAT,
        "version": VERSION,
        "episode": _episode_summary(stream, info, end, walked, grade),
        "scenario": {
            "title": scenario["title"],
            "description": scenario["description"],
            **made.parameters(scenario["parameters"]),
        },
        "start": made.view(walked[0]),
        **made.steps(),
        "events": events,
        "spans": timeline.spans(made.placed),
        "marks": made.marks(scenario["parameters"], events),
        "verdict": msgspec.to_builtins(verdict) if verdict is not None and end else None,
        "grade": grade_summary(stream, grade) if grade is not None and end is not None else None,
        "models": list(made.models()),
        "exchanges": list(made.exchanges()),
        "transcript": transcript_data(conversation_turns(stream.family, walked)),
        **({} if end else {"legal": legal}),
        "omitted": omitted,
    }


class _DocumentParts:
    """Makes the parts of a document that need the steps or the events."""

    def __init__(
        self,
        stream: Stream,
        walked: list[Step],
        whole: list[Step],
        *,
        running: bool,
    ) -> None:
        self._stream = stream
        self._family = stream.family
        self._walked = walked
        self._whole = whole
        self._timeline = stream.family.timeline
        self._running = running
        self._hidden = self._timeline.hidden if running else frozenset()
        self.placed: list[tuple[int, Event]] = [
            (min(place, len(whole)), event)
            for place, step in enumerate(walked)
            for event in step.events
        ]

    def view(self, step: Step) -> Json:
        """Return the view of the state after *step* as JSON data."""
        seen: Json = msgspec.to_builtins(self._family.view(step.state))
        return seen

    def parameters(self, parameters: Json) -> Json:
        """Return the scenario's *parameters*, while it runs without what the agent must not see."""
        start = self._walked[0].state
        shown = self._timeline.parameters(parameters, start, self._stream, self._running)
        return {"parameters": shown}

    def steps(self) -> Json:
        """Return the whole steps with their deltas, and the rest after the last of them, if any."""
        before = self.view(self._walked[0])
        rows: list[Json] = []
        rest = None
        for step in self._walked[1:]:
            after = self.view(step)
            changed = make_delta(before, after)
            change = {"view": after} if changed is None else {"delta": changed}
            row = {"seq": [step.seqs.start, step.seqs.stop - 1], **change}
            before = after
            if step.action is None:
                rest = row
            else:
                rows.append({**row, **self._step(step)})
        return {"steps": rows, "rest": rest}

    def _step(self, step: Step) -> Json:
        return {
            "action": msgspec.to_builtins(step.action),
            "say": self._family.say(step.action),
            "error": step.error,
            "reward": step.reward,
            "total": step.total,
            "parts": dict(step.parts),
        }

    def events(self) -> Iterator[list[Any]]:
        """Yield [seq, 0-based step (-1 before the first action), kind, data, words] for each."""
        asked = 0
        for seq, (place, event) in enumerate(self._events_by_step()):
            data: Json = msgspec.json.decode(self._stream.current[seq])
            kind = data.pop("type")
            # The document tells the scenario elsewhere, without what must not be seen.
            data.pop("scenario" if seq == 0 else "", None)
            # Exchanges are large and listed in full elsewhere: here is only their index.
            if isinstance(event, EXCHANGE_EVENTS):
                data = {"exchange": asked - 1 if not isinstance(event, ModelCalled) else asked}
                asked += isinstance(event, ModelCalled)
            yield [seq, place, kind, self._visible_fields(data), self._describe(event, kind, data)]

    def _events_by_step(self) -> Iterator[tuple[int, Event]]:
        for place, step in enumerate(self._walked):
            for event in step.events:
                yield place - 1, event

    def _visible_fields(self, data: Json) -> Json:
        return {key: value for key, value in data.items() if key not in self._hidden}

    def _describe(self, event: Event, kind: str, data: Json) -> str:
        """Return *event* in words, with only its visible fields if it has hidden ones."""
        if self._hidden.isdisjoint(data):
            return self._family.say(event)
        told = (str(value) for value in self._visible_fields(data).values())
        return f"{kind.replace('_', ' ')}: {' '.join(told)}".rstrip(": ")

    def marks(self, parameters: Json, events: list[list[Any]]) -> list[list[Any]]:
        """Return [position, kind, words] of the moments worth a look, by position."""
        # By identity: equal events may stand in several places, and words may hide fields.
        words = {id(event): row[4] for event, row in zip(self._stream, events, strict=True)}

        def say(event: Event) -> str:
            return str(words[id(event)])

        found = find_marks(self._family, self.placed, say, len(self._whole), parameters)
        # What the rules call a mistake is part of what the agent must not see.
        return [list(mark) for mark in found if not (self._running and mark[1] == MISTAKE)]

    def models(self) -> Iterator[Json]:
        """Yield the model's configurations, each with the seq from which it applies."""
        for seq, event in enumerate(self._stream):
            if isinstance(event, ModelConfigured):
                yield {"seq": seq, **msgspec.to_builtins(event, str_keys=True)}

    def exchanges(self) -> Iterator[Json]:
        """Yield the exchanges with the model, each with why its reply was unreadable, if it was."""
        row: Json | None = None
        for seq, (place, event) in enumerate(self._events_by_step()):
            if isinstance(event, ModelCalled):
                if row is not None:
                    yield row
                row = {"seq": seq, "step": place, **exchange_data(event), "unread": None}
            elif isinstance(event, ReplyUnread | ActionForfeited) and row is not None:
                row["unread"] = event.reason
        if row is not None:
            yield row

    def legal(self) -> tuple[list[Json], list[Json]]:
        """Return the legal actions now, and a note on those that are left out, if any."""
        actions = self._family.legal_actions(self._walked[-1].state)
        told = [
            {"action": msgspec.to_builtins(action), "say": self._family.say(action)}
            for action in actions[:MOST_LEGAL]
        ]
        if len(actions) <= MOST_LEGAL:
            return told, []
        size = sum(len(msgspec.json.encode(action)) for action in actions[MOST_LEGAL:])
        what = f"{len(actions) - MOST_LEGAL} further legal actions"
        return told, [{"what": what, "bytes": size, "why": "there are so many"}]


def exchange_data(event: ModelCalled) -> Json:
    """Return the exchange *event* as JSON data, the reply's reasoning as text if it has any."""
    data: Json = msgspec.to_builtins(event)
    if event.reply is not None:
        # All that is shown of the whole message: its other texts stand beside it already.
        data["reply"].pop("message", None)
        if event.reply.reasoning:
            data["reply"]["reasoning"] = event.reply.reasoning
    return data


def large_seed(seed: int) -> Json:
    """Return *seed* as a text, ``seed_text``, if JavaScript would round the number."""
    return {"seed_text": str(seed)} if seed > LARGEST_EXACT else {}


def _episode_summary(
    stream: Stream,
    info: EpisodeInfo | None,
    end: EpisodeEnded | None,
    walked: list[Step],
    grade: Grade | None,
) -> Json:
    name = msgspec.json.decode(stream.scenario)["name"]
    last = walked[-1]
    kind, _, model = (info.agent if info else "").partition(":")
    return {
        "id": info.id if info else None,
        "scenario": name,
        "family": stream.family.name,
        "rules": stream.family.rules,
        "seed": stream.started.seed,
        **large_seed(stream.started.seed),
        "agent": {"kind": kind, "name": info.agent if info else "", "model": model or None},
        "ended": end.how if end else "running",
        "reason": end.reason if end else None,
        "steps": last.position,
        "events": len(stream),
        "total_reward": last.total,
        "score": grade.score if grade is not None and end is not None else None,
        "digest": stream.digest,
        "engine": info.release if info else None,
        "started_at": info.started_at if info else None,
        "ended_at": info.ended_at if info else None,
        "fork_of": {"id": info.parent, "at": info.fork_at} if info and info.parent else None,
        "labels": {"run": info.run, "epoch": info.epoch} if info and info.run else {},
    }


def drop_sent_messages(made: Mapping[str, Any]) -> Json:
    """Return the document *made* without the messages sent to the model; ``omitted`` says so."""
    if not made["exchanges"]:
        return {**made}
    size = sum(len(msgspec.json.encode(each["sent"])) for each in made["exchanges"])
    told = {"what": "messages sent to the model", "bytes": size, "why": "the page was too large"}
    return {
        **made,
        "exchanges": [{**each, "sent": []} for each in made["exchanges"]],
        "omitted": [*made["omitted"], told],
    }
