"""
The comparison of two episodes as one JSON document, for the page; ``refold diff`` prints the same.

It holds the documents of both episodes. Rows pair their positions, by step or by action; None
means that an episode has no step there.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from refold.engine import EpisodeInfo, Stream
from refold.graders import grade
from refold.replays.alignment import pair_by_action, pair_by_position
from refold.replays.differences import Diff, PartDifference
from refold.viewer.episode_document import document

FORMAT = "refold.diff"
VERSION = 1
MOST_SEQS = 20
"""Events listed for each part of the grades; of further ones, only the number is given."""

CAUSES = {
    "scenario": "they play different scenarios",
    "rules": "they were decided by different versions of the rules",
    "seed": "they play different seeds",
    "action": "the agents chose differently",
    "model": "different model or model settings",
    "prompt": "different prompt",
    "reply": "the model answered the same request differently",
    "observation": "the environment answered the same action differently",
    "chance": "the same action led to other events",
    "score": "only the given scores differ",
    "length": "one continues where the other stops",
    "exchange": "only the exchanges between agent and model differ",
    "format": "only the event format differs",
}
INCOMPARABLE = {
    "rules": "decided by different rules: states, rewards and points cannot be compared",
    "rubric": "graded by different rubrics: points cannot be compared",
}
"""Why two episodes part, and what cannot be compared, in words."""

Json = dict[str, Any]
Streams = tuple[Stream, Stream]
Infos = tuple[EpisodeInfo | None, EpisodeInfo | None]


def diff_document(found: Diff, streams: Streams, *, infos: Infos = (None, None)) -> Json:
    """
    Return the document of the comparison of two *streams*.

    While one of them runs, the differences of their scenarios are left out, since agents must
    not see them.

    Args:
        found: Their ``diff``.
        streams: The two episodes.
        infos: Their rows in a log, or None.
    """
    sides = [
        document(stream, info=info, grade=grade(stream))
        for stream, info in zip(streams, infos, strict=True)
    ]
    # Parameters may hold what the agent is to find out, such as which worker fails when.
    running = any(side["episode"]["ended"] == "running" for side in sides)
    return {
        "format": FORMAT,
        "version": VERSION,
        "a": sides[0],
        "b": sides[1],
        "same": found.same,
        "shared": found.shared,
        "cause": found.cause,
        "incomparable": list(found.incomparable),
        "say": list(_sentences(found)),
        "fork": _fork_relation(infos),
        "rows": {"step": pair_by_position(found), "action": pair_by_action(found)},
        "scenario": [] if running else [[each.path, each.a, each.b] for each in found.scenario],
        "states": [[each.path, each.a, each.b] for each in found.states],
        "scores": list(found.scores),
        "grade": list(_grade_rows(found)),
    }


def _sentences(found: Diff) -> Iterator[str]:
    """Yield why the episodes diverge and what cannot be compared, one sentence each."""
    yield CAUSES[found.cause] if found.cause else "no difference"
    yield from (INCOMPARABLE[what] for what in found.incomparable)


def _grade_rows(found: Diff) -> Iterator[Json]:
    for part in found.parts:
        both = found.comparable and part.a is not None and part.b is not None
        yield {
            "name": part.name,
            "a": part.a,
            "b": part.b,
            "delta": round((part.b or 0.0) - (part.a or 0.0), 4) if both else None,
            "because": {"a": _limited_seqs(part.seqs_a), "b": _limited_seqs(part.seqs_b)}
            if _has_evidence(part)
            else None,
        }


def _has_evidence(part: PartDifference) -> bool:
    return bool(part.seqs_a or part.seqs_b)


def _limited_seqs(seqs: Sequence[int]) -> Json:
    return {"seqs": list(seqs[:MOST_SEQS]), "more": max(0, len(seqs) - MOST_SEQS)}


def _fork_relation(infos: Infos) -> Json | None:
    """Return which side is a fork of the other, and at which position; None if neither is."""
    for fork, parent, side in ((infos[1], infos[0], "b"), (infos[0], infos[1], "a")):
        if fork and parent and fork.parent == parent.id:
            return {"side": side, "at": fork.fork_at}
    return None
