"""Episodes for tests of documents and pages: goldens, hostile ones, large ones."""

from pathlib import Path
from typing import Any

from attrs import evolve

from refold.engine import Episode, Stream
from refold.engine.exchanges import ModelCalled, ModelConfigured, Reply, ReplyUnread, ToolCall
from refold.graders import grade
from refold.replays.golden import GOLDEN_FOLDER, read_golden
from refold.replays.verdict import verdict
from refold.scenarios import Criterion, Rubric, Scenario, load
from refold.scenarios.workflow.parameters import (
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)
from refold.viewer.episode_document import document
from refold.viewer.html_page import page

HOSTILE = (
    "</script><script>window.__pwned=1</script><img src=x onerror=window.__pwned=1>"
    "<svg onload=window.__pwned=1> **bold** [x](javascript:window.__pwned=1) "
    "\u202eback \x1b]0;t\x07 \u200b'\"&amp;${1}"
)


def golden(name: str) -> Stream:
    """Return the golden *name*, such as ``workflow-hard-worked-example``."""
    return read_golden(GOLDEN_FOLDER / f"{name}.jsonl")


def shown(stream: Stream, **more: Any) -> dict[str, Any]:
    """Return the document of *stream* with its grade."""
    return document(stream, grade=grade(stream), **more)


def judged(stream: Stream) -> dict[str, Any]:
    """Return the document of *stream* with its grade and the verdict on it."""
    given = grade(stream)
    return document(stream, grade=given, verdict=verdict(stream, given, pass_at=0.7))


def asked(reply: str, *, sent: str = "What now?", calls: tuple[ToolCall, ...] = ()) -> ModelCalled:
    """Return an exchange in which a model answered *reply*."""
    answer = Reply("model-x", reply, calls, "stop", None, 0)
    message = {"role": "user", "content": sent}
    return ModelCalled((message,), 1, "0" * 64, answer, (), 12)


def hostile_workflow() -> Stream:
    """Return a workflow in which every name and text is hostile, and so is the model."""
    ids = [f"{HOSTILE[:150]}{place}" for place in range(3)]
    worker = HOSTILE[:180]
    parameters = WorkflowParameters(
        time_budget=8,
        capacity_limit=2,
        subtasks=tuple(
            SubtaskParameters(id, HOSTILE, tuple(ids[:place][-1:]), HOSTILE, HOSTILE)
            for place, id in enumerate(ids)
        ),
        workers=(WorkerParameters(worker, (HOSTILE,), 1, 1.0, 1.0),),
    )
    episode = Episode.start(_scenario(HOSTILE.replace("\x1b", ""), parameters))
    configured = ModelConfigured("workflow.1", "text", None, {"model": HOSTILE})
    calls = (ToolCall("1", HOSTILE, HOSTILE),)
    episode.note(configured, asked(HOSTILE, sent=HOSTILE, calls=calls), ReplyUnread(HOSTILE, ""))
    episode.step({"action_type": "retry", "subtask_id": HOSTILE[:190]}, asked(HOSTILE))
    for id in ids:
        episode.step({"action_type": "delegate", "subtask_id": id, "agent_name": worker})
    episode.step({"action_type": "synthesize"})
    return episode.events


def hostile_inbox() -> Stream:
    """Return an inbox in which every text that can be is hostile."""
    plain = load("inbox/easy")
    emails = tuple(
        evolve(each, subject=HOSTILE, body=f"{HOSTILE} {each.body}", sender=HOSTILE)
        for each in plain.parameters.emails
    )
    episode = Episode.start(evolve(plain, parameters=evolve(plain.parameters, emails=emails)))
    while not episode.over:
        episode.step({"type": "respond", "content": HOSTILE, "rationale": HOSTILE})
    return episode.events


def large(subtasks: int = 500, steps: int = 300) -> Stream:
    """Return a workflow of many *subtasks* in layers of ten, cut off after *steps*."""
    parameters = WorkflowParameters(
        time_budget=steps,
        capacity_limit=40,
        subtasks=tuple(_node(place) for place in range(subtasks)),
        workers=tuple(
            WorkerParameters(f"worker_{place}", ("work",), 1 + place % 3, 1.0, 1.0)
            for place in range(40)
        ),
    )
    episode = Episode.start(_scenario("large", parameters))
    while not episode.over:
        possible = [each for each in episode.legal_actions if each.action_type == "delegate"]
        place = len(episode.events) % max(1, len(possible))
        episode.step(possible[place] if possible else {"action_type": "wait"})
    return episode.events


def _node(place: int) -> SubtaskParameters:
    layer = place // 10
    needs = {10 * (layer - 1) + (place + shift) % 10 for shift in (0, 3)} if layer else set()
    return SubtaskParameters(f"subtask_{place}", "work", tuple(f"subtask_{n}" for n in needs))


def _scenario(name: str, parameters: WorkflowParameters) -> Scenario:
    rubric = Rubric("plain", 1, (Criterion("completion", 1.0, "share_completed"),))
    return Scenario(name, "workflow", 1, name, name, 1, parameters, rubric)


def write_page(folder: Path, made: dict[str, Any], **more: Any) -> Path:
    """Write the page of the document *made* into *folder*, and return its path."""
    path = folder / "page.html"
    path.write_bytes(page(made, **more))
    return path
