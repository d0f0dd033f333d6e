"""A comparison of two episodes in a notebook: the scores, their parts, and where they part."""

from collections.abc import Iterator
from itertools import islice

from refold.engine.codec import encode
from refold.notebook.html import Row, block, events_text, headline, line, table
from refold.replays import Diff, Step

MOST_ROWS = 10


def diff_html(diff: Diff) -> str:
    """Return *diff* as HTML."""
    first, second = diff.scores
    facts = [f"{diff.shared} of {len(diff.rows)} positions shared"]
    facts.append("the same" if diff.same else f"cause: {diff.cause}")
    if not diff.comparable:
        facts.append(f"scores cannot be compared: another {' and '.join(diff.incomparable)}")
    rows = list(islice(_rows(diff), MOST_ROWS + 1))
    shown = table(
        ("step", "differs", "action of a", "of b", "reward of a", "of b"), rows[:MOST_ROWS]
    )
    return block(
        headline(f"{first:.4f} → {second:.4f}", *facts),
        _parts_html(diff),
        shown if rows else "",
        line("and further ones" if len(rows) > MOST_ROWS else ""),
    )


def _parts_html(diff: Diff) -> str:
    rows = [
        (part.name, part.a, part.b, events_text(part.seqs_a), events_text(part.seqs_b))
        for part in diff.parts
    ]
    return table(("part", "a", "b", "events of a alone", "of b alone"), rows) if rows else ""


def _rows(diff: Diff) -> Iterator[Row]:
    """Yield what the table tells of each position that differs."""
    for row in diff.rows:
        if row.differs:
            yield (
                row.position,
                ", ".join(row.differs),
                _action(row.a),
                _action(row.b),
                row.a.reward if row.a else None,
                row.b.reward if row.b else None,
            )


def _action(step: Step | None) -> str | None:
    return None if step is None or step.action is None else encode(step.action).decode()
