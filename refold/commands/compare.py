"""``refold compare``."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from refold.commands.shared.diff_tables import print_prompt_difference
from refold.commands.shared.formatting import format_score, format_signed, pluralise
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    format_examples,
    json_option,
    log_option,
    pass_at_option,
    run_argument,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.report_formatting import (
    format_exclusions,
    format_interval,
    interval_remarks,
)
from refold.engine import EventLog, LogDamaged
from refold.engine.log.left_out import LeftOut
from refold.replays.prompts import prompt_difference
from refold.reports import Comparison, Contrast, Flip, compare, find_run
from refold.reports.statistics import CONFIDENCE

_FLIPS_SHOWN = 20
# What a sign-flip test treats as independent decides how far its p-value reaches.
_UNIT_REMARKS = {
    "scenario": "each scenario is one unit, its episodes are not independent",
    "seed": "each seed is one unit; nothing is said of other scenarios",
    "episode": "each episode is one unit; nothing is said of other seeds or scenarios",
}


@click.command(
    "compare",
    epilog=format_examples(
        "refold compare greedy-1f2e dice", "refold compare before last --pass-at 0.8 --json"
    ),
)
@run_argument("run_a")
@run_argument("run_b")
@pass_at_option
@log_option
@json_option
@click.pass_context
def compare_command(
    context: click.Context, run_a: str, run_b: str, pass_at: float, log_path: str, as_json: bool
) -> int:
    """
    Compare two runs over the same worlds, pair by pair: which episodes flipped, by how much.

    A pair is an episode of each run with the same scenario and seed, and the same epoch where
    a seed was played again. A flip is a pair of which just one passed. The difference is B
    minus A, with a 95 % interval and the p-value of a sign-flip test. Runs are named as for
    `refold report`; they must have been graded by the same rubrics.

    Exits with 0 if no episode flipped, 1 if any did or could not be read, 2 on bad input.
    """
    with telling_left_out() as left_out, EventLog(log_path, readonly=True) as log:
        names = find_run(log, run_a), find_run(log, run_b)
        comparison = compare(log, names, pass_at=pass_at, left_out=left_out)
        prompts = _prompt_difference(log, names)
    # The suggested commands need --log only if it was given; REFOLD_LOG holds for them as well.
    asked = context.get_parameter_source("log_path") is ParameterSource.COMMANDLINE
    tail = f" --log {shlex.quote(log_path)}" if asked else ""
    if as_json:
        rows = (
            {**to_json_data(key), **to_json_data(each)}
            for key, each in comparison.scenarios.items()
        )
        head = _json_head(comparison, names, pass_at, tail)
        print_json("comparisons", rows, **head, prompts=prompts)
    else:
        _print_comparison(stdout_console(), comparison, names, pass_at, tail)
        print_prompt_difference(stdout_console(), prompts)
    return 1 if comparison.flips or left_out else 0


def _prompt_difference(log: EventLog, names: tuple[str, str]) -> list[str]:
    """Return how the prompts of two runs differ, as in the first scenario where they do."""
    first, second = (
        {info.scenario: info.id for info in log.episodes(run=run, left_out=LeftOut())}
        for run in names
    )
    for scenario in filter(second.__contains__, first):
        try:
            streams = log.events(first[scenario]), log.events(second[scenario])
        except LogDamaged:  # told already, as it was left out
            continue
        if found := prompt_difference(*streams, names):
            return found
    return []


def _json_head(
    comparison: Comparison, names: Sequence[str], pass_at: float, tail: str
) -> dict[str, Any]:
    return {
        "runs": names,
        "threshold": pass_at,
        "confidence": CONFIDENCE,
        "overall": to_json_data(comparison.overall),
        "noise": to_json_data(comparison.noise),
        "chance": comparison.chance,
        "unpaired": comparison.unpaired,
        "exclusions": to_json_data(comparison.exclusions),
        "flips": [
            {**to_json_data(flip), "diff": _diff_hint(flip, tail)} for flip in comparison.flips
        ],
    }


def _diff_hint(flip: Flip, tail: str) -> str:
    return f"refold diff {shlex.join(flip.episodes)}{tail}"


def _print_comparison(
    out: Console, comparison: Comparison, names: Sequence[str], pass_at: float, tail: str
) -> None:
    out.print(safe_text(f"A {names[0]}  B {names[1]}"), style="bold")
    out.print(f"difference: B minus A; passed: score of at least {pass_at:g}")
    out.print()
    out.print(_scenarios_table(comparison))
    out.print()
    for line in _remarks(comparison):
        out.print(safe_text(line))
    _print_flips(out, comparison.flips, tail)


def _scenarios_table(comparison: Comparison) -> Table:
    right = ["pairs", "mean A", "mean B", "difference", "95 %", "p"]
    right += ["passed A", "passed B", "only A", "only B"]
    listing = new_table(["scenario", *right], right=right)
    for setting, contrast in comparison.scenarios.items():
        add_row(listing, setting.scenario, *_contrast_cells(contrast))
    if len(comparison.scenarios) > 1:
        add_row(listing, "all", *_contrast_cells(comparison.overall), style="bold")
    return listing


def _contrast_cells(contrast: Contrast) -> list[object]:
    found = contrast.paired
    return [
        found.pairs,
        *map(format_score, contrast.means),
        format_signed(found.difference),
        format_interval(found),
        f"{found.p:.3g}",
        *contrast.passed,
        *contrast.flips,
    ]


def _remarks(comparison: Comparison) -> Iterator[str]:
    found = comparison.overall.paired
    yield from interval_remarks([found, *(each.paired for each in comparison.scenarios.values())])
    how = "all sign flips tried" if found.exact else "a sample of sign flips tried"
    yield f"over all pairs {_UNIT_REMARKS[comparison.overall.unit]}; {how}"
    if found.least_p > 1 - CONFIDENCE:
        yield f"too few units differ for a p below {found.least_p:.3g}"
    if comparison.noise is None:
        yield "noise floor: unknown, no world was played twice by one run (record --same-seed)"
    else:
        deviation, degrees = comparison.noise.deviation, comparison.noise.degrees
        yield (
            f"noise floor: equal episodes scatter by {deviation:.4f} (standard deviation, "
            f"{degrees} degrees of freedom); in 95 % of cases equal agents would differ by at "
            f"most {comparison.chance:.4f}"
        )
    for side, unpaired, exclusions in zip(
        "AB", comparison.unpaired, comparison.exclusions, strict=True
    ):
        if unpaired or exclusions:
            alone = pluralise(unpaired, "episode")
            excluded = format_exclusions(exclusions) or "none"
            yield f"{side}: {alone} without a partner, excluded: {excluded}"


def _print_flips(out: Console, flips: Sequence[Flip], tail: str) -> None:
    """Print the first flips, each on one line however long, so that its command can be copied."""
    if flips:
        out.print(f"\n{pluralise(len(flips), 'episode')} flipped", style="bold")
    for flip in flips[:_FLIPS_SHOWN]:
        a, b = map(format_score, flip.scores)
        head = f"only {'AB'[flip.better]} passed {flip.scenario} seed {flip.seed}, {a} and {b}"
        out.print(safe_text(f"{head}: {_diff_hint(flip, tail)}"), soft_wrap=True)
    if len(flips) > _FLIPS_SHOWN:
        out.print(f"and {len(flips) - _FLIPS_SHOWN} more: --json has all")
