"""A validation as text: the table, the rates, the agreement, what is wrong, and the verdict."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from refold.commands.shared.agreement_text import agreement_words
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import add_row, new_table, safe_text, stdout_console
from refold.reports.agreement import Agreement
from refold.reports.validation import Judged, Rate, Validation

_MOST_SHOWN = 10


@frozen
class Labelled:
    """
    What was compared with what.

    Attributes:
        label: Name of the label.
        by: What gave the scores.
        values: The label's values: good, bad, and others.
        left_out: How many episodes have no verdict or score, by why.
        drawn: Labels on episodes that were drawn at random.
        chosen: Labels on episodes that somebody chose.
    """

    label: str
    by: str
    values: tuple[str, ...]
    left_out: Mapping[str, int]
    drawn: int
    chosen: int


def print_validation(
    labelled: Labelled, found: Validation, people: Mapping[str, Agreement]
) -> None:
    """Print what a grader's passes are worth by people's labels."""
    out = stdout_console()
    n = sum(found.table.values())
    head = (
        f"{labelled.label} by {labelled.by}, pass at {found.pass_at:g}: {pluralise(n, 'episode')}"
    )
    out.print(safe_text(head), style="bold")
    for line in _about(labelled):
        out.print(safe_text(line))
    _print_table(labelled, found)
    for rate in found.rates:
        out.print(f"{rate.name:<12} {_rate_words(rate)}")
    good, bad = labelled.values[:2]
    commonest = good if 2 * sum(found.table[passes, True] for passes in (True, False)) >= n else bad
    out.print(
        safe_text(f"agrees on {found.agreed:.2f}; always {commonest!r}: {found.constant:.2f}")
    )
    out.print(f"kappa grader - people: {agreement_words(found.kappa)}")
    for names, each in people.items():
        out.print(safe_text(f"kappa {names}: {agreement_words(each)}"))
    _print_marks(found)
    _print_wrong(f"passes, but people say {bad}", found.false_passes)
    _print_wrong(f"fails, but people say {good}", found.false_failures)
    out.print()
    out.print(f"{found.word}: {found.why}", style="bold")


def _about(labelled: Labelled) -> list[str]:
    drawn = f"{labelled.drawn} drawn at random, {labelled.chosen} on episodes that somebody chose"
    bias = "; what was chosen may bias every rate" if labelled.chosen else ""
    lines = [f"labels: {drawn}{bias}"]
    if labelled.left_out:
        told = ", ".join(f"{count} {what}" for what, count in labelled.left_out.items())
        lines.append(f"left out: {told}")
    return lines


def _print_table(labelled: Labelled, found: Validation) -> None:
    listing = new_table(["", *labelled.values[:2]], right=labelled.values[:2])
    for passes, word in ((True, "passes"), (False, "fails")):
        add_row(listing, word, found.table[passes, True], found.table[passes, False])
    stdout_console().print(listing)


def _rate_words(rate: Rate) -> str:
    if rate.interval is None:
        return "cannot tell: no such episode"
    share, low, high = rate.interval.mean, rate.interval.low, rate.interval.high
    return f"{rate.hits} of {rate.n} = {share:.2f}, {low:.2f} to {high:.2f} (95 %)"


def _print_marks(found: Validation) -> None:
    """Print kappa by pass mark, where there is enough to compare marks at all."""
    told = [(mark, value) for mark, value in found.marks if value is not None]
    if found.kappa.why is not None or not told:
        return
    best = max(told, key=lambda each: each[1])[0]
    shown = "  ".join(f"{mark:g}: {value:.2f}" for mark, value in told)
    out = stdout_console()
    out.print(f"kappa by pass mark  {shown}  (best on these labels: {best:g})")


def _print_wrong(head: str, wrong: Sequence[Judged]) -> None:
    if not wrong:
        return
    out = stdout_console()
    out.print()
    out.print(safe_text(f"{len(wrong)} {head}"))
    for each in wrong[:_MOST_SHOWN]:
        out.print(safe_text(f"  {each.score:.4f}  refold show {each.episode}  {each.scenario}"))
    if len(wrong) > _MOST_SHOWN:
        out.print(f"  and {len(wrong) - _MOST_SHOWN} more: --json has all")
