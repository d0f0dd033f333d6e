"""Two runs compared: the table of scenarios, and what the tests can tell, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from refold.commands.shared.formatting import format_score, format_signed, pluralise
from refold.commands.shared.output import add_row, new_table
from refold.commands.shared.report_formatting import (
    format_difference,
    format_exclusions,
    format_interval,
)
from refold.reports import Comparison, Contrast

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.table import Table


CLAIMS = {
    "world": "these scenarios, other seeds",
    "episode": "these scenarios and seeds, replayed",
}
"""What a result speaks of, by what its test treats as independent."""

_UNITS = {"world": "seed", "episode": "episode"}  # JSON calls a seed a world


def scenarios_table(comparison: Comparison) -> "Table":
    """Return the table of a comparison: a row for each scenario, and one for all."""
    right = ["pairs", "mean A", "mean B", "difference", "95 %, here", "p"]
    right += ["passed A", "passed B", "only A", "only B"]
    spare = ["p", "95 %, here", "only B", "only A", "passed B", "passed A"]
    listing = new_table(["scenario", *right], right=right, spare=spare)
    for setting, contrast in comparison.scenarios.items():
        add_row(listing, setting.scenario, *_contrast_cells(contrast, comparison.always_same))
    if len(comparison.scenarios) > 1:
        cells = _contrast_cells(comparison.overall, comparison.always_same)
        add_row(listing, "mean of scenarios", *cells, style="bold")
    return listing


def _contrast_cells(contrast: Contrast, always_same: bool) -> list[object]:
    found = contrast.here
    return [
        contrast.pairs,
        *map(format_score, contrast.means),
        format_signed(found.difference),
        None if always_same else format_interval(found),
        None if always_same else f"{found.p:.3g}",
        *contrast.passed,
        *contrast.flips,
    ]


def comparison_remarks(comparison: Comparison) -> Iterator[str]:
    """Yield what a comparison can tell, by which test, and what had no part in it."""
    overall = comparison.overall
    if comparison.always_same:
        yield "on these seeds: always the same in both runs, so the difference is exact"
    else:
        yield f"{CLAIMS[overall.unit]}: {format_difference(overall.here, _UNITS[overall.unit])}"
    if overall.elsewhere:
        yield f"elsewhere: {format_difference(overall.elsewhere, 'scenario')}"
    yield from _noise_remarks(comparison)
    for side, unpaired, exclusions in zip(
        "AB", comparison.unpaired, comparison.exclusions, strict=True
    ):
        if unpaired or exclusions:
            alone = pluralise(unpaired, "episode")
            excluded = format_exclusions(exclusions) or "none"
            yield f"{side}: {alone} without a partner, excluded: {excluded}"


def _noise_remarks(comparison: Comparison) -> Iterator[str]:
    if comparison.noise is None:
        yield (
            "noise floor: cannot tell, since one agent of each run must repeat a seed in every "
            "scenario; record with --same-seed"
        )
    elif not comparison.always_same:
        yield (
            f"noise floor: in 95 % of cases, equal agents would differ by at most "
            f"{comparison.noise:.4f} if these seeds were replayed"
        )
