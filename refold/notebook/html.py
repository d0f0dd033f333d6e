"""
Small pieces of HTML, safe to show whatever the texts in them say.

Colours are those of the notebook, light or dark: only lines are drawn, half transparent.
"""

from collections.abc import Sequence
from html import escape

Row = Sequence[str | float | None]

LONGEST_TEXT = 300
MOST_SEQS = 8

_NUMBER = (int, float)
_NUMBERS = ' class="number"'

# The class twice where Jupyter has rules of its own, which would prevail else.
_STYLE = """
.refold-shown { font-family: system-ui, sans-serif; line-height: 1.4; max-width: 60rem; }
.refold-shown p { margin: 0.3rem 0; overflow-wrap: anywhere; }
.refold-shown strong { font-size: 1.4em; margin-right: 0.4em; }
.refold-shown table { border-collapse: collapse; margin: 0.5rem 0; font-size: 0.9em; }
.refold-shown.refold-shown th, .refold-shown.refold-shown td {
  border-bottom: 1px solid rgba(128, 128, 128, 0.35); padding: 0.2rem 0.7rem 0.2rem 0;
  text-align: left; vertical-align: top; max-width: 30rem;
  overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: isolate;
}
.refold-shown.refold-shown th { white-space: nowrap; overflow-wrap: normal; }
.refold-shown.refold-shown .number {
  text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums;
}
"""


def text_html(text: object) -> str:
    """Return *text* as HTML that shows just that, cut where it is too long."""
    shown = str(text)
    return escape(shown if len(shown) <= LONGEST_TEXT else f"{shown[: LONGEST_TEXT - 1]}…")


def block(*parts: str) -> str:
    """Return what IPython shows, of *parts* that are HTML."""
    return f'<div class="refold-shown"><style>{_STYLE}</style>{"".join(parts)}</div>'


def headline(score: str | None, *facts: str) -> str:
    """Return a line with the *score* first, if there is one, and then *facts*, texts."""
    figure = "" if score is None else f"<strong>{text_html(score)}</strong>"
    # Apart, so that one of them cannot turn round the letters of the others.
    told = " · ".join(f"<bdi>{text_html(fact)}</bdi>" for fact in facts if fact)
    return f"<p>{figure}{told}</p>"


def line(text: str) -> str:
    """Return a line of *text*; nothing if it is empty."""
    return f"<p>{text_html(text)}</p>" if text else ""


def table(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table; numbers stand to the right with their signs, None is empty."""
    numbers = [
        any(isinstance(row[place], _NUMBER) for row in rows) for place in range(len(columns))
    ]
    head = "".join(
        f"<th{_NUMBERS if right else ''}>{text_html(name)}</th>"
        for name, right in zip(columns, numbers, strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: str | float | None) -> str:
    if isinstance(value, _NUMBER):
        return f"<td{_NUMBERS}>{value:g}</td>"
    return f"<td>{text_html('' if value is None else value)}</td>"


def events_text(seqs: Sequence[int]) -> str:
    """Return the events *seqs* in words: the first ones, and how many more there are."""
    told = ", ".join(map(str, seqs[:MOST_SEQS]))
    more = len(seqs) - MOST_SEQS
    return f"{told} and {more} more" if more > 0 else told
