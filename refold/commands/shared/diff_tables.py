"""The comparison of two episodes, printed as tables."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any

from refold.commands.shared.formatting import format_number, format_signed, pluralise
from refold.commands.shared.output import SHORT_ID_LENGTH, add_row, new_table, safe_text
from refold.engine import ActionTaken, Stream
from refold.engine.codec import encode
from refold.engine.definition import header_of
from refold.engine.exchanges import ModelCalled, Reply
from refold.engine.values import ValueDifference
from refold.replays import Diff, Step
from refold.replays.differences import state_differences
from refold.replays.prompts import prompt_difference
from refold.replays.rows import Row
from refold.viewer.differences import CAUSES, INCOMPARABLE

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console
    from rich.table import Table


_VALUES_SHOWN = 20
_LONGEST_VALUE = 40
_EVENTS_SHOWN = 3
_LINES_SHOWN = 20
_RUN_SHOWN = 6
_EXCERPT_LEAD, _EXCERPT_LENGTH = 60, 400

Streams = tuple[Stream, Stream]


def print_diff(
    out: "Console",
    found: Diff,
    ids: tuple[str, str],
    streams: Streams,
    *,
    most: int | None = None,
) -> None:
    """
    Print how two episodes differ: a headline, the steps from the first difference on, the grades.

    Args:
        out: The console to print on.
        found: Their difference.
        ids: Their ids.
        streams: Their events.
        most: Most rows of steps, and then no details either; None for everything.
    """
    names = [f"{side} {id}" for side, id in zip("AB", ids, strict=True)]
    if found.cause is None:
        steps = pluralise(len(found.rows) - 1, "step")
        digest = streams[0].digest[:SHORT_ID_LENGTH]
        out.print(safe_text(f"no difference in {steps}: digests equal, {digest}"))
        return
    out.print(safe_text("  ".join(names)), style="bold")
    shared = pluralise(max(found.shared - 1, 0), "equal step")
    apart = found.shared < len(found.rows)
    out.print(f"{shared}{', then apart' if apart else ''}: {CAUSES[found.cause]}")
    _print_values(out, found.scenario, "scenario")
    print_prompt_difference(out, prompt_difference(*streams))
    if _play_other_scenarios(streams):
        # Step by step they have nothing in common: all of it would differ.
        _print_grades(out, found)
        return
    if apart:
        _print_steps(out, found, streams, most)
        if most is None:
            print_position(out, found, found.rows[found.shared], streams)
    if most is None:
        _print_part_events(out, found, streams)
    _print_grades(out, found)


def print_prompt_difference(out: "Console", lines: Sequence[str]) -> None:
    """Print the unified diff *lines* of two prompts, if there are any, or the first of many."""
    if not lines:
        return
    out.print()
    out.print("sent to the models", style="italic")
    shown = list(_short_runs(lines))
    for line in shown[:_LINES_SHOWN]:
        out.print(safe_text(line))
    if len(shown) > _LINES_SHOWN:
        out.print(f"and {pluralise(len(shown) - _LINES_SHOWN, 'more line')}; --json has all")


def _short_runs(lines: Sequence[str]) -> Iterator[str]:
    """Yield *lines* of a diff, of many in a row with one sign the first: what replaces them too."""
    for sign, run in groupby(lines, key=lambda line: line[:1]):
        first, *rest = run
        kept = rest[: _RUN_SHOWN - 1] if len(rest) > _RUN_SHOWN else rest
        yield from (first, *kept)
        if len(kept) < len(rest):
            yield f"{sign}… {len(rest) - len(kept)} more lines; --json has all"


def _play_other_scenarios(streams: Streams) -> bool:
    a, b = (header_of(stream.scenario) for stream in streams)
    return (a.name, a.family) != (b.name, b.family)


def _print_steps(out: "Console", found: Diff, streams: Streams, most: int | None) -> None:
    listing = new_table(["step", "A", "B", "reward", "differs"], right=["step"])
    rows = found.rows[found.shared :]
    for row in rows[:most]:
        rewards = f"{_reward_text(row.a)} / {_reward_text(row.b)}"
        cells = _action_text(row.a, streams[0]), _action_text(row.b, streams[1])
        add_row(listing, row.position, *cells, rewards, " ".join(row.differs))
    out.print()
    out.print(listing)
    if len(rows) > len(rows[:most]):
        out.print(f"      and {pluralise(len(rows) - len(rows[:most]), 'more step')}")


def _action_text(step: Step | None, stream: Stream) -> str:
    if step is None:
        return "-"
    if step.action is None:
        return "then" if step.seqs.start else "start"
    refused = f" (refused: {step.error})" if step.error else ""
    return stream.family.say(step.action) + refused


def _reward_text(step: Step | None) -> str:
    return format_signed(step.reward) if step else "-"


def print_position(out: "Console", found: Diff, row: Row, streams: Streams) -> None:
    """Print all that differs at one position: prompts, replies, events, reward parts, state."""
    where = f"step {row.position}" if row.position else "the start"
    if not row.differs:
        out.print(f"no difference at {where}")
    if row.a is None or row.b is None:
        return
    _print_exchanges(out, row.a, row.b, where)
    if "events" in row.differs:
        _print_events(out, row.a, row.b, streams, where)
    if "reward" in row.differs and "rules" not in found.incomparable:
        _print_rewards(out, row.a, row.b, where)
    _print_values(out, list(state_differences(*streams, row)), f"state after {where}")


def _print_titled_table(out: "Console", title: str, listing: "Table") -> None:
    """Print *listing* below *title*."""
    # Not as rich's own title, which is wrapped to the width of the table.
    out.print()
    out.print(title, style="italic")
    out.print(listing)


def _print_exchanges(out: "Console", a: Step, b: Step, where: str) -> None:
    """Print the prompts and replies of the steps *a* and *b* where they differ."""
    prompts, replies = (
        [render(step) for step in (a, b)] for render in (_step_prompts, _step_replies)
    )
    for title, (one, other) in (("sent to the model", prompts), ("the model's reply", replies)):
        if one == other:
            continue
        listing = new_table(["", ""])
        listing.show_header = False
        # Long prompts are often equal except for a word: the excerpt begins shortly before it.
        equal = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
        start = max(sum(1 for _ in equal) - _EXCERPT_LEAD, 0)
        add_row(listing, "A", _excerpt(one, start))
        add_row(listing, "B", _excerpt(other, start))
        _print_titled_table(out, f"{title} at {where}", listing)


def _step_prompts(step: Step) -> str:
    calls = (event for event in step.events if isinstance(event, ModelCalled))
    sent = (str(message.get("content") or "") for call in calls for message in call.sent)
    return " ".join(" ".join(sent).split())


def _step_replies(step: Step) -> str:
    calls = (event for event in step.events if isinstance(event, ModelCalled))
    return "  ".join(reply_text(call.reply) if call.reply else "(no answer)" for call in calls)


def reply_text(reply: Reply) -> str:
    """Return *reply* on one line: its text, then its tool calls."""
    calls = (f"{call.name}({call.arguments})" for call in reply.tool_calls)
    return " ".join(" ".join((reply.text, *calls)).split())


def _excerpt(text: str, start: int) -> str:
    before, after = "…" if start else "", "…" if start + _EXCERPT_LENGTH < len(text) else ""
    return f"{before}{text[start : start + _EXCERPT_LENGTH]}{after}" if text else "-"


def _print_events(out: "Console", a: Step, b: Step, streams: Streams, where: str) -> None:
    listing = new_table(["A", "B", "event"], right=["A", "B"])
    for seq_a, seq_b in _align_events(a, b, streams):
        stream, seq = (streams[0], seq_a) if seq_a is not None else (streams[1], seq_b)
        style = "dim" if seq_a is not None and seq_b is not None else None
        add_row(listing, seq_a, seq_b, stream.family.say(stream[seq or 0]), style=style)
    _print_titled_table(out, f"events at {where}", listing)


def _align_events(a: Step, b: Step, streams: Streams) -> Iterator[tuple[int | None, int | None]]:
    """Yield pairs of seqs that align the events of two steps; None where one has no equal."""
    lefts, rights = _effect_seqs(a, streams[0]), _effect_seqs(b, streams[1])
    # Compared as stored, in the current version's form: equal events need not be of equal age.
    keys = [streams[0].current[seq] for seq in lefts], [streams[1].current[seq] for seq in rights]
    matcher = SequenceMatcher(a=keys[0], b=keys[1])
    for how, i, i_end, j, j_end in matcher.get_opcodes():
        if how == "equal":
            yield from zip(lefts[i:i_end], rights[j:j_end], strict=True)
        else:
            yield from ((seq, None) for seq in lefts[i:i_end])
            yield from ((None, seq) for seq in rights[j:j_end])


def _effect_seqs(step: Step, stream: Stream) -> list[int]:
    return [seq for seq in step.seqs if not isinstance(stream[seq], ActionTaken | ModelCalled)]


def _print_rewards(out: "Console", a: Step, b: Step, where: str) -> None:
    listing = new_table(["part", "A", "B", "difference"], right=["A", "B", "difference"])
    for name in dict.fromkeys((*a.parts, *b.parts)):
        one, other = a.parts.get(name, 0.0), b.parts.get(name, 0.0)
        if one != other:
            add_row(
                listing, name, format_signed(one), format_signed(other), format_signed(other - one)
            )
    _print_titled_table(out, f"reward of {where}", listing)


def _print_values(out: "Console", values: Sequence[ValueDifference], title: str) -> None:
    if not values:
        return
    listing = new_table(["where", "A", "B"])
    for each in values[:_VALUES_SHOWN]:
        add_row(listing, each.path, _short_value(each.a), _short_value(each.b))
    _print_titled_table(out, title, listing)
    if len(values) > _VALUES_SHOWN:
        out.print(f"and {pluralise(len(values) - _VALUES_SHOWN, 'more value')}; --json has all")


def _short_value(value: Any) -> str:
    """Return a value of JSON data in one short line."""
    if value is None:
        return "-"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_number(value)
    text = value if isinstance(value, str) else encode(value).decode()
    if len(text) <= _LONGEST_VALUE:
        return text
    if isinstance(value, list | dict):
        return f"({pluralise(len(value), 'value')})"
    return f"{text[: _LONGEST_VALUE - 1]}…"


def _print_part_events(out: "Console", found: Diff, streams: Streams) -> None:
    listing = new_table(["part", "", "seq", "event"], right=["seq"])
    for part in found.parts:
        name = part.name
        for side, stream, seqs in zip("AB", streams, (part.seqs_a, part.seqs_b), strict=True):
            for seq in seqs[:_EVENTS_SHOWN]:
                add_row(listing, name, side, seq, stream.family.say(stream[seq]))
                name = ""
            if len(seqs) > _EVENTS_SHOWN:
                add_row(listing, "", "", "", f"and {len(seqs) - _EVENTS_SHOWN} more")
    if listing.row_count:
        _print_titled_table(out, "behind the points", listing)


def _print_grades(out: "Console", found: Diff) -> None:
    listing = new_table(["part", "A", "B", "difference"], right=["A", "B", "difference"])
    for part in found.parts:
        both = part.a is not None and part.b is not None and found.comparable
        change = format_signed((part.b or 0.0) - (part.a or 0.0)) if both else None
        cells = ("" if value is None else format_signed(value) for value in (part.a, part.b))
        style = "bold" if change not in (None, "0") else None
        add_row(listing, part.name, *cells, change, style=style)
    a, b = found.scores
    add_row(
        listing, "score", f"{a:.4f}", f"{b:.4f}", format_signed(b - a) if found.comparable else None
    )
    out.print()
    for what in found.incomparable:
        out.print(INCOMPARABLE[what])
    out.print(listing)
