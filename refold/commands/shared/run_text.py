"""The scores of a run as strips of dots, and what went wrong in it, for terminals."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from refold.commands.shared.output import new_table, safe_text
from refold.commands.shared.verdict_text import fitting
from refold.overviews import RunRead
from refold.overviews.failures import reasons
from refold.overviews.one_run import scores_by_setting
from refold.reports import RunReport
from refold.reports.naming import setting_names

_WIDTH = 31
_MOST_REASONS = 8
_MANY = 9
"""More episodes than a digit can tell are a plus."""


def print_strips(out: Console, report: RunReport, read: RunRead, pass_at: float) -> None:
    """Print the scores of each scenario on a line from 0 to 1; nothing if each has one at most."""
    scores = scores_by_setting(read)
    if all(len(each) <= 1 for each in scores.values()):
        return
    names = setting_names([each.setting for each in report.scenarios])
    listing = new_table(["scenario", _scale(pass_at)])
    for each in report.scenarios:
        strip = dot_strip(scores.get(each.setting, ()), pass_at)
        listing.add_row(Text(safe_text(names[each.setting])), Text(fitting(out, strip)))
    out.print()
    out.print(listing)
    told = "scores: • is an episode, a digit so many, + more than 9; ┊ is the pass mark"
    out.print(fitting(out, told))


def dot_strip(scores: Iterable[float], pass_at: float) -> str:
    """Return a line from 0 to 1 with how many *scores* are where, and the pass mark."""
    mark = _place(pass_at)
    counts = Counter(_beside(mark, _place(each), passed=each >= pass_at) for each in scores)
    marks = {place: _mark(count) for place, count in counts.items()}
    return "".join(marks.get(place, "┊" if place == mark else "·") for place in range(_WIDTH))


def _beside(mark: int, place: int, *, passed: bool) -> int:
    """Return *place*, or the nearest that is on its own side of the *mark*."""
    return min(max(place, mark + 1), _WIDTH - 1) if passed else max(min(place, mark - 1), 0)


def _mark(count: int) -> str:
    if count == 1:
        return "•"
    return str(count) if count <= _MANY else "+"


def _place(score: float) -> int:
    return round(max(0.0, min(1.0, score)) * (_WIDTH - 1))


def _scale(pass_at: float) -> str:
    """Return the heading of a strip: 0, 0.5, 1 and the pass mark where they stand, if they fit."""
    letters = [" "] * _WIDTH
    for score in (pass_at, 0.0, 1.0, 0.5):
        text = f"{score:g}".removeprefix("0") or "0"
        start = min(_place(score), _WIDTH - len(text))
        around = letters[max(0, start - 1) : start + len(text) + 1]
        if set(around) == {" "}:
            letters[start : start + len(text)] = text
    return "".join(letters).rstrip()


def print_reasons(out: Console, read: RunRead, pass_at: float) -> None:
    """Print why episodes did not pass, the costliest reason first; nothing without verdicts."""
    if not read.verdicts:
        return
    found = reasons(read, pass_at)
    out.print(f"\nwhat went wrong (below {pass_at:g}, same reason together)", style="bold")
    listing = new_table(["", "", ""], right=["episodes"])
    listing.show_header = False
    for reason in found[:_MOST_REASONS]:
        times = Text(fitting(out, f"{len(reason.episodes):>4} ×"))
        words = Text(fitting(out, reason.sentence or "not judged"))
        listing.add_row(times, Text(safe_text(reason.scenario)), words)
    out.print(listing)
    if more := found[_MOST_REASONS:]:
        out.print(f"and {sum(len(each.episodes) for each in more)} episodes for other reasons")
