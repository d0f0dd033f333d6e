"""``refold agree``."""

from collections.abc import Sequence
from typing import Any

import click

from refold.commands.shared.agreement_text import agreement_data, agreement_words
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.label_choice import read_labels
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    json_option,
    logs_option,
    open_existing,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
)
from refold.reports.agreement import alpha, author_pairs, kappa, measure, pairs_of
from refold.reports.labelled import LabelledUnit, verdict

_MOST_TOLD = 10


@click.command(
    "agree",
    epilog=format_examples(
        "refold agree --name correct",
        "refold agree --name correct --scenario inbox --json",
    ),
)
@click.option("--name", required=True, metavar="NAME", help="Name of the label.")
@filter_options
@logs_option
@json_option
def agree_command(
    name: str,
    scenario: str | None,
    agent: str | None,
    run: str | None,
    log_path: str,
    as_json: bool,
) -> None:
    """
    Measure how far people agree on the episodes, or the steps, that several of them labelled.

    Alpha is Krippendorff's for nominal values; kappa is Cohen's, for every two people. 1 is
    perfect agreement, 0 is chance. Intervals are bootstrapped over whole scenarios if there are 10
    or more, otherwise over episodes. With fewer than 50 in common, or only one value, the reason is
    shown instead of a figure.
    """
    with open_existing(log_path, readonly=True) as log:
        units = read_labels(log, name, scenario=scenario, agent=agent, run=run)
    common = [unit for unit in units if len(unit.values) > 1]
    rows = [_pair(common, *pair) for pair in author_pairs(unit.values for unit in units)]
    labels = [tuple(sorted(unit.values.values())) for unit in common]
    found = measure(labels, [unit.scenario for unit in common], alpha)
    disputed = [unit for unit in common if len(set(unit.values.values())) > 1]
    if as_json:
        told = {"label": name, "labelled": len(units), "common": len(common)}
        unlike = [
            {"episode": unit.episode, "step": unit.step, "values": unit.values} for unit in disputed
        ]
        print_json("pairs", rows, **told, alpha=agreement_data(found), disputed=unlike)
        return
    authors = {author for unit in units for author in unit.values}
    out = stdout_console()
    out.print(
        safe_text(
            f"{name}: {len(units)} labelled by {pluralise(len(authors), 'author')}, "
            f"{len(common)} by two or more"
        ),
        style="bold",
    )
    out.print(f"alpha {agreement_words(found)}")
    _print_pairs(rows)
    _print_disputed(disputed)


def _pair(units: Sequence[LabelledUnit], one: str, other: str) -> dict[str, Any]:
    """Return how far two people agree, as JSON data."""
    both = [unit for unit in units if one in unit.values and other in unit.values]
    pairs = pairs_of((unit.values for unit in both), one, other)
    found = measure(pairs, [unit.scenario for unit in both], kappa)
    same = sum(a == b for a, b in pairs)
    return {
        "one": one,
        "other": other,
        "same": same,
        "kappa": agreement_data(found),
        "said": agreement_words(found),
    }


def _print_pairs(rows: Sequence[dict[str, Any]]) -> None:
    listing = new_table(["authors", "same", "of", "kappa"], right=["same", "of"])
    for row in rows:
        add_row(
            listing,
            f"{row['one']} - {row['other']}",
            row["same"],
            row["kappa"]["n"],
            row["said"],
        )
    if rows:
        stdout_console().print(listing)


def _print_disputed(disputed: Sequence[LabelledUnit]) -> None:
    if not disputed:
        return
    ties = sum(verdict(unit.values.values()) is None for unit in disputed)
    out = stdout_console()
    out.print(f"\n{len(disputed)} disputed, {pluralise(ties, 'tie')}")
    for unit in disputed[:_MOST_TOLD]:
        said = ", ".join(f"{author} {value}" for author, value in sorted(unit.values.items()))
        step = "" if unit.step is None else f" --step {unit.step}"
        out.print(safe_text(f"  refold replay {unit.episode}{step}   {said}"))
    if len(disputed) > _MOST_TOLD:
        print_to_stderr(f"the first {_MOST_TOLD}; --json has all")
