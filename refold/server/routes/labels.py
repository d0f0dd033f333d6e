"""
Labels, tags and notes on the page: who labels is the server's setting, never the request's word.

What others said is told only once one's own label is given, so that nobody copies it unawares.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from msgspec import Struct

from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.errors import UnknownStep
from refold.engine.log.remarks import LONGEST_NAME, LONGEST_NOTE, MOST_CHOICES, Remark, standing
from refold.labels.drawing import QUEUE, queue
from refold.labels.making import make_label, make_note, make_tag
from refold.labels.values import agreed_values, label_names
from refold.server.context import PATIENCE_SECONDS, ServerContext
from refold.server.http.bodies import JsonResponse, get_integer, get_text
from refold.server.http.openapi import route_docs, schema_ref, text_schema
from refold.server.http.request_session import BodyDep, ContextDep, EpisodeDep
from refold.server.sessions.errors import BadRequest, NotLabelling
from refold.server.sessions.reset_arguments import TEXT_PATTERN
from refold.server.settings import ServerSettings

router = APIRouter(tags=["labels"])
NameQuery = Annotated[
    str, Query(min_length=1, max_length=LONGEST_NAME, pattern=f"^{TEXT_PATTERN}$")
]


class LabelName(Struct):
    """A label: its *values*, good before bad, and the one given to this episode, or null."""

    name: str
    values: list[str]
    own: str | None


class RemarkRow(Struct):
    """
    What somebody said of an episode, or of its first *step* steps.

    *later_events* is the number of events that came after it was said.
    """

    kind: Literal["label", "tag", "note"]
    name: str
    value: str
    note: str
    step: int | None
    author: str
    at: str
    later_events: int | None


class LabelList(Struct):
    """
    What was said of an episode; *by* is who labels on this server, null if nobody does.

    *hidden* counts what others said, which is told once one's own label is given.
    """

    by: str | None
    names: list[LabelName]
    remarks: list[RemarkRow]
    hidden: int


class NextToLabel(Struct):
    """The next episode to label, null if there is none, and how many are *left*."""

    id: str | None
    left: int


_LABELS = {
    "by": "anna",
    "names": [{"name": "correct", "values": ["yes", "no", "unsure"], "own": None}],
    "remarks": [],
    "hidden": 2,
}
_NAME_SCHEMA = text_schema("Name of the label, or the tag.", LONGEST_NAME)
_VALUES_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
            "minItems": 2,
            "maxItems": MOST_CHOICES,
        },
        {"type": "null"},
    ],
    "description": "The values that a label may have, at its first use.",
}
_BODY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["label", "tag", "note"]},
        "name": _NAME_SCHEMA,
        "value": text_schema("The label's value; null takes back what was said.", LONGEST_NAME),
        "values": _VALUES_SCHEMA,
        "note": {"type": ["string", "null"], "maxLength": LONGEST_NOTE},
        "step": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31},
        "blind": {"type": "boolean", "description": "Neither score nor agent was seen before."},
    },
    "required": ["kind"],
}


@router.get(
    "/api/episodes/{id}/labels",
    **route_docs(
        "What people said of an episode", schema_ref(LabelList), _LABELS, errors=(404, 409, 422)
    ),
)
def list_labels(context: ContextDep, id: EpisodeDep) -> Response:
    """Return the labels, tags and notes that count; those of others once one's own is given."""
    with context.open_reader() as log:
        info = context.find_episode(log, id)
        return JsonResponse(_label_list(log, info, context.settings))


def _label_list(log: EventLog, info: EpisodeInfo, settings: ServerSettings) -> LabelList:
    author = settings.label_as
    remarks = log.remarks()
    here = [each for each in standing(remarks) if each.episode == info.id]
    own = {
        each.name: each.value
        for each in here
        if (each.kind, each.author, each.step) == ("label", author, None)
    }
    shown = [each for each in here if author is None or _may_see(each, author, own)]
    return LabelList(
        by=author,
        names=[
            LabelName(name, list(values), own.get(name))
            for name, values in {**label_names(remarks), **settings.label_values}.items()
        ],
        remarks=[_remark_row(log, each) for each in shown],
        hidden=len(here) - len(shown),
    )


def _may_see(remark: Remark, author: str, own: Iterable[str]) -> bool:
    """Return whether *author*, who gave labels of the names *own*, may see a remark."""
    if remark.author == author:
        return True
    return remark.name in own if remark.kind == "label" else bool(own)


def _remark_row(log: EventLog, remark: Remark) -> RemarkRow:
    assert remark.value is not None
    said = (remark.kind, remark.name, remark.value, remark.note, remark.step)
    return RemarkRow(*said, remark.author, remark.at, log.later_events(remark))


@router.post(
    "/api/episodes/{id}/labels",
    **route_docs(
        "Label an episode, tag it, or note something on it",
        schema_ref(LabelList),
        _LABELS,
        errors=(404, 409, 422, 503),
        body=_BODY_SCHEMA,
        required=True,
        examples={
            "a label": {"kind": "label", "name": "correct", "value": "yes"},
            "a tag": {"kind": "tag", "name": "hard-case", "value": "yes"},
            "a note": {"kind": "note", "note": "gave up too early", "value": "yes", "step": 3},
        },
    ),
)
async def add_label(context: ContextDep, id: EpisodeDep, body: BodyDep) -> Response:
    """Store what the person says whom the server labels as; a null `value` takes it back."""
    author = _author(context)
    remark = await run_in_threadpool(_read_remark, context, id, body, author)
    context.log.save_remark(remark)
    return JsonResponse(await run_in_threadpool(_labels_now, context, remark.episode))


def _author(context: ServerContext) -> str:
    author = context.settings.label_as
    if author is None:
        raise NotLabelling("labels: expected a server begun with --label-as, got another")
    return author


def _labels_now(context: ServerContext, id: str) -> LabelList:
    with context.open_reader() as log:
        return _label_list(log, log.find(id), context.settings)


def _read_remark(context: ServerContext, id: str, body: dict[str, Any], author: str) -> Remark:
    with context.open_reader() as log:
        info = context.find_episode(log, id)
        step, value = get_integer(body, "step", 0, 2**31), get_text(body, "value")
        try:
            match body.get("kind"):
                case "label":
                    declared = context.settings.label_values
                    return _read_label(log, info, body, author, step, declared)
                case "tag":
                    tag = get_text(body, "name") or ""
                    return make_tag(info, tag, author=author, step=step, back=value is None)
                case "note":
                    back = value is None
                    return make_note(info, _note(body), author=author, step=step, back=back)
        except (BadRequest, UnknownStep):
            raise
        except RefoldError as error:  # a text that no remark may hold
            raise BadRequest(str(error), "body") from None
        raise BadRequest("expected label, tag or note", "body", "kind")


def _read_label(
    log: EventLog,
    info: EpisodeInfo,
    body: dict[str, Any],
    author: str,
    step: int | None,
    declared: Mapping[str, Sequence[str]],
) -> Remark:
    name, value = get_text(body, "name") or "", get_text(body, "value")
    remarks = log.remarks()
    return make_label(
        info,
        name,
        value,
        author=author,
        choices=agreed_values(name, remarks, _values(body), value, declared=declared),
        step=step,
        note=_note(body),
        drawn=QUEUE if body.get("blind") is True and _is_next(log, info, name, author) else "",
    )


def _is_next(log: EventLog, info: EpisodeInfo, name: str, author: str) -> bool:
    return [each.id for each in queue(name, author, log.episodes(), log.remarks())[:1]] == [info.id]


def _values(body: dict[str, Any]) -> tuple[str, ...]:
    values = body.get("values")
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise BadRequest("expected a list of texts", "body", "values")
    return tuple(values)


def _note(body: dict[str, Any]) -> str:
    note = body.get("note")
    if note is not None and not isinstance(note, str):
        raise BadRequest("expected a text", "body", "note")
    return note or ""


@router.get(
    "/api/labels/next",
    **route_docs(
        "The next episode to label",
        schema_ref(NextToLabel),
        {"id": "try-1", "left": 12},
        errors=(404, 409, 422, 503),
    ),
)
def next_to_label(context: ContextDep, name: NameQuery) -> Response:
    """Return the next episode not labelled `name`, in an order that was drawn at random."""
    author = _author(context)
    with context.long_computation(patience=PATIENCE_SECONDS), context.open_reader() as log:
        waiting = queue(name, author, log.episodes(), log.remarks())
    return JsonResponse(NextToLabel(waiting[0].id if waiting else None, len(waiting)))
