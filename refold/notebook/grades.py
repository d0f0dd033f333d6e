"""A grade in a notebook: the score, its parts, and the events that each rests on."""

from refold.graders import Grade
from refold.notebook.html import block, events_text, headline, line, table


def grade_html(grade: Grade) -> str:
    """Return *grade* as HTML."""
    facts = (grade.scenario, rubric_text(grade), "" if grade.complete else "not ended")
    return block(headline(f"{grade.score:.4f}", *facts), parts_html(grade), _counts(grade))


def rubric_text(grade: Grade) -> str:
    """Return by which rubric *grade* was given."""
    return f"by {grade.rubric.name} v{grade.rubric.version}"


def parts_html(grade: Grade) -> str:
    """Return a table of the parts of *grade*."""
    rows = [
        (part.name, part.points, part.most, part.value, part.gate, events_text(part.seqs))
        for part in grade.parts
    ]
    return table(("part", "points", "of", "value", "gate", "events"), rows) if rows else ""


def _counts(grade: Grade) -> str:
    return line(", ".join(f"{name} {value:g}" for name, value in grade.counts.items()))
