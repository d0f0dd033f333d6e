"""A verdict and the parts of a grade for people: what was lost, and because of what."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import new_table, safe_text
from refold.replays.verdict import Evidence, Explanation, Verdict
from refold.replays.verdict.curve import SMALLEST
from refold.replays.verdict.wording import plain_name, shorten

MOST_PARTS = 6
"""Parts that are told one by one, unless all are asked for."""

_BAR = 10  # letters of a bar
_MOST_EVIDENCE = 2
_PLAIN_SIGNS = str.maketrans(
    {"−": "-", "“": '"', "”": '"', "’": "'", "×": "x", "·": "-", "•": "o", "┊": "|"}
)


def print_verdict(out: Console, told: Verdict) -> None:
    """Print the verdict, its score in the colour of what it means."""
    text = Text(fitting(out, told.text))
    colour = "yellow" if told.passed is None else "green" if told.passed else "red"
    text.stylize(f"bold {colour}", 0, text.plain.find(":") + 1)
    for line in text.wrap(out, out.width):
        line.rstrip()  # of the blank at which it was wrapped
        out.print(line)


def print_losses(out: Console, explained: Sequence[Explanation], *, whole: bool) -> None:
    """Print what the parts of a grade lost, most first; *whole* tells every part."""
    lost = [each for each in explained if each.lost >= SMALLEST]
    listing = new_table(["lost", "part", "", "why"], right=["lost"])
    scale = max((each.earned + each.lost for each in explained), default=0.0) or 1.0
    for each in explained if whole else lost[:MOST_PARTS]:
        lost_cell = Text(
            fitting(out, signed_loss(each.lost)), style="bold red" if each.lost else ""
        )
        name, reasons = (Text(fitting(out, cell)) for cell in (plain_name(each.name), why(each)))
        listing.add_row(lost_cell, name, _bar(each, scale), reasons)
    if listing.row_count:
        out.print(listing)
    if whole:
        return
    if more := lost[MOST_PARTS:]:
        summed = signed_loss(sum(each.lost for each in more))
        out.print(fitting(out, f"{summed}  {pluralise(len(more), 'more part')} (--all)"))
    if spared := [plain_name(each.name) for each in explained if each.lost < SMALLEST]:
        out.print(fitting(out, f"without loss: {', '.join(spared)}"), style="dim")


def why(part: Explanation) -> str:
    """Return what *part* rests on in one line, and why it does not count in full."""
    told = [_say(each) for each in part.evidence[:_MOST_EVIDENCE]]
    if (more := len(part.evidence) - _MOST_EVIDENCE) > 0:
        told.append(f"{more} more")
    fine = part.most > 0 and not any(each.bad for each in part.evidence)
    head = ("earned " if part.earned else "not enough: ") if fine else ""
    nothing = f"nothing happened that earns it{f' ({part.pays})' if part.pays else ''}"
    words = f"{head}{'; '.join(told)}" if told else nothing
    return f"{words}; {part.needs}" if part.needs else words


def _say(each: Evidence) -> str:
    where = f"step {each.first}" if each.first == each.last else f"steps {each.first}–{each.last}"
    times = f"{each.times} × " if each.times > 1 else ""
    return f"at {where}: {times}{shorten(each.say)}"


def signed_loss(points: float) -> str:
    """Return lost *points* with two decimal places; ``0`` for none that are named."""
    return f"−{points:.2f}" if points >= SMALLEST else "0"


def _bar(part: Explanation, scale: float) -> Text:
    """Return what *part* earned and lost as a bar, on one *scale* for all parts."""
    earned = round(_BAR * part.earned / scale)
    lost = round(_BAR * (part.earned + part.lost) / scale) - earned
    return Text.assemble(("█" * earned, "green"), ("░" * lost, "red"))


def fitting(out: Console, text: str) -> str:
    """Return *text* made safe, with plain signs where the output's encoding lacks better ones."""
    safe = safe_text(text)
    try:
        safe.encode(out.encoding)
    except UnicodeEncodeError:
        return safe.translate(_PLAIN_SIGNS)
    return safe
