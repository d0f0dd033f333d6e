"""A grade as a document holds it: its parts, those that lost most first, in words."""

from typing import Any

import msgspec

from refold.engine import Stream
from refold.graders import Grade, Part
from refold.replays.verdict import Explanation, explain

MOST_SEQS = 200
"""Events listed for each part of the grade; of further ones, only the number is given."""
MOST_EVIDENCE = 50
"""Different events told for each part, in words."""

Json = dict[str, Any]


def grade_summary(stream: Stream, grade: Grade) -> Json:
    """Return *grade*, of the episode *stream*, as JSON data."""
    by_name = {part.name: part for part in grade.parts}
    return {
        "score": grade.score,
        "rubric": msgspec.to_builtins(grade.rubric),
        "parts": [_part(by_name[each.name], each) for each in explain(stream, grade)],
        "counts": dict(grade.counts),
    }


def _part(part: Part, explained: Explanation) -> Json:
    evidence = explained.evidence
    return {
        **msgspec.to_builtins(part),
        "seqs": list(part.seqs[:MOST_SEQS]),
        "more": max(0, len(part.seqs) - MOST_SEQS),
        "lost": explained.lost,
        "pays": explained.pays,
        "needs": explained.needs,
        "evidence": msgspec.to_builtins(evidence[:MOST_EVIDENCE]),
        "further": max(0, len(evidence) - MOST_EVIDENCE),
    }
