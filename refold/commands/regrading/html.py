"""
A regrade as one HTML page without scripts: the report, and the largest moves, both grades each.

Names and words of strangers are escaped, and nothing is loaded from anywhere, which the page's own
policy enforces.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from html import escape

from attrs import Factory, define, frozen

from refold.commands.regrading.grids import (
    Grid,
    agents_grids,
    causes_grid,
    facts,
    idle_grid,
    order_grid,
    rules_grid,
    several_line,
)
from refold.commands.regrading.words import Heading, causes_words, size_line
from refold.commands.shared.output import safe_text
from refold.graders import Part
from refold.graders.changes import PartChange
from refold.graders.regrading import RegradedEpisode
from refold.reports.gates import Verdict
from refold.reports.regrading import RegradeReport
from refold.reports.regrading.causes import what_changed
from refold.reports.regrading.moves import Move, move_of

MOST_PAIRS = 200
"""Episodes that the page shows with both grades; the largest moves."""

_EVENTS_SHOWN = 8
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --line: #8886; --up: #0a7d33; --down: #c4314b; }
@media (prefers-color-scheme: dark) { :root { --up: #57d987; --down: #ff8095; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } caption { text-align: left; font-weight: bold; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.up { color: var(--up); } .down { color: var(--down); }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; }
code { overflow-wrap: anywhere; }
"""


@frozen
class _PartPair:
    name: str
    change: str
    old: str
    new: str
    events: tuple[str, ...]


@frozen
class _Pair:
    move: Move
    parts: tuple[_PartPair, ...]


@define
class SideBySide:
    """The episodes that moved most, with both of their grades."""

    _held: list[tuple[float, int, _Pair]] = Factory(list)
    _seen: int = 0

    def add(self, regraded: RegradedEpisode) -> None:
        """Add an episode; only the largest moves are kept."""
        if not regraded.moved:
            return
        self._seen += 1
        size = abs(regraded.change.score)
        if len(self._held) == MOST_PAIRS and size <= self._held[0][0]:
            return
        # Counted down, so that of equal moves the first ones stay.
        item = (size, -self._seen, _pair(regraded))
        if len(self._held) < MOST_PAIRS:
            heapq.heappush(self._held, item)
        else:
            heapq.heapreplace(self._held, item)

    def largest(self) -> Iterator[_Pair]:
        """Yield the episodes, the largest move first."""
        for _, _, pair in sorted(self._held, key=lambda each: each[:2], reverse=True):
            yield pair


def html_page(
    heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict], pairs: SideBySide
) -> str:
    """Return the page."""
    return html_document(f"regrade: {heading.sides}", html_body(heading, report, verdicts, pairs))


def html_document(title: str, body: Iterable[str]) -> str:
    """Return a page with this *title*, text, and *body*, pieces of HTML."""
    pieces = "\n".join(body)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{pieces}\n</main>\n</body>\n</html>\n"
    )


def html_body(
    heading: Heading, report: RegradeReport, verdicts: Sequence[Verdict], pairs: SideBySide
) -> Iterator[str]:
    """Yield the pieces of the report on one regrade."""
    yield f"<h1>{_text(report.verdict.words)}</h1>"
    yield f"<p>{_text(heading.sides)}<br>{_text(size_line(report))}</p>"
    if verdicts:
        yield html_table(rules_grid(verdicts))
    if report.verdict.moved:
        yield html_table(Grid("", ("", "these episodes"), tuple(facts(report))))
    if report.causes:
        yield html_table(causes_grid(report))
        yield f"<p>{_text(several_line(report))}</p>"
    if report.verdict.moved:
        yield from map(html_table, agents_grids(report))
        if report.pairs:
            yield html_table(order_grid(report))
        yield f"<h2>Largest moves</h2>\n<p>At most {MOST_PAIRS}, the largest first.</p>"
        yield from (_side_by_side(pair, heading) for pair in pairs.largest())
    if report.idle:
        yield html_table(idle_grid(report))


def _side_by_side(pair: _Pair, heading: Heading) -> str:
    move = pair.move
    way = "up" if move.new > move.old else "down"
    scores = f'<span class="{way}">{move.old:.4f} -&gt; {move.new:.4f}</span>'
    named = f"{move.scenario} {move.agent} seed {move.seed}: {', '.join(causes_words(move))}"
    rows = tuple(
        (each.name, each.change, each.old, each.new, "; ".join(each.events)) for each in pair.parts
    )
    table = html_table(Grid("", ("part", "what changed", "old", "new", "events"), rows))
    look = f"<p><code>{_text(heading.look(move.episode))}</code></p>"
    return f"<details><summary>{scores} {_text(named)}</summary>\n{table}\n{look}\n</details>"


def _pair(regraded: RegradedEpisode) -> _Pair:
    parts = (
        _PartPair(
            name=part.name,
            change=what_changed(part, regraded.change),
            old=_figures(part.old),
            new=_figures(part.new),
            events=tuple(_events(part, regraded.evidence.words)),
        )
        for part in regraded.change.parts
    )
    return _Pair(move_of(regraded), tuple(parts))


def _figures(part: Part | None) -> str:
    return f"{part.points:+.4f} of {part.most:g}" if part else "-"


def _events(part: PartChange, words: Mapping[int, str]) -> Iterator[str]:
    groups = {"now": part.gained_seqs, "no longer": part.lost_seqs, "as before": part.kept_seqs}
    for how, seqs in groups.items():
        for seq in seqs[:_EVENTS_SHOWN]:
            yield f"{how} {seq}: {words[seq]}"
        if len(seqs) > _EVENTS_SHOWN:
            yield f"{how} {len(seqs) - _EVENTS_SHOWN} more"


def html_table(grid: Grid) -> str:
    """Return *grid* as HTML."""
    caption = f"<caption>{_text(grid.title)}</caption>" if grid.title else ""
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in grid.columns)
    rows = "\n".join(
        f"<tr>{''.join(map(_cell, grid.columns, row, [grid.numbers] * len(row)))}</tr>"
        for row in grid.rows
    )
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(column: str, value: object, numbers: Collection[str]) -> str:
    kind = ' class="number"' if column in numbers else ""
    return f"<td{kind}>{_text(value)}</td>"


def _text(value: object) -> str:
    return escape(safe_text(value))
