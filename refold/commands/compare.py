"""``refold compare``."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table

from refold.commands.shared.diff_tables import print_prompt_difference
from refold.commands.shared.formatting import format_score, format_signed, pluralise
from refold.commands.shared.gate_options import cannot_tell_option, exit_code_of, fail_if_option
from refold.commands.shared.grader_choice import (
    GraderChoice,
    look_up_only,
    tell_remarks,
    with_grader_options,
)
from refold.commands.shared.judge_validation import tell_validation
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.many_runs_tables import many_runs_json, print_many_runs
from refold.commands.shared.moves import (
    diff_hint,
    lower_of,
    print_flips,
    print_moves,
    verdicts_on_lower,
)
from refold.commands.shared.options import (
    complete_runs,
    format_examples,
    json_option,
    logs_option,
    pass_at_option,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.report_formatting import (
    format_difference,
    format_exclusions,
    format_interval,
)
from refold.engine import EventLog, LogDamaged, RefoldError, open_to_read
from refold.engine.log.left_out import LeftOut
from refold.graders.sources import GradeSource
from refold.replays.prompts import prompt_difference
from refold.reports import Comparison, Contrast, compare, find_run
from refold.reports.gates import CONFIDENCE_OF_WORSE, Rule, Verdict, judge_count, judge_worse
from refold.reports.many_runs import ManyRuns, compare_many
from refold.reports.statistics import CONFIDENCE

# What a test treats as independent decides how far its result reaches.
_CLAIMS = {"world": "these scenarios, other seeds", "episode": "these worlds, played again"}
COMPARE_RULES = ("gained", "lost", "missing", "worse")
"""Names of the rules that can be asked of two runs."""


@click.command(
    "compare",
    epilog=format_examples(
        "refold compare greedy-1f2e dice",
        "refold compare main last --fail-if worse --fail-if missing",
        "refold compare main short-prompt long-prompt",
    ),
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", shell_complete=complete_runs)
@pass_at_option
@fail_if_option(COMPARE_RULES)
@cannot_tell_option
@with_grader_options
@jobs_option
@logs_option
@json_option
@click.pass_context
def compare_command(
    context: click.Context,
    runs: Sequence[str],
    pass_at: float,
    rules: Sequence[Rule],
    cannot_tell: str,
    grader_choice: GraderChoice,
    jobs: int | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Compare two runs over the same worlds, pair by pair; or rank three and more.

    A world is a scenario with a seed. A pair is an episode of each run in one world, of the same
    epoch where it was played again; a flip is a pair of which just one passed. The difference is
    B minus A, with a 95 % interval and the p-value of a sign-flip test, for these scenarios and
    for others of their kind. With three runs and more, each pair of them is tested, and p is
    adjusted for their number. Runs are named as for `refold report`; they must have been graded
    by the same rubrics, unless --rubric or --grader grades all.

    Rules for --fail-if, of two runs: worse or worse:D (B is worse by more than D, at 99 %), lost,
    lost:N or lost:P% (passes lost), gained, missing (episodes of A without a partner).

    Exits with 0, whatever differs; 1 if a rule is broken or an episode could not be read; 2 on
    bad input.
    """
    # The suggested commands need --log only if it was given; REFOLD_LOG holds for them as well.
    asked = context.get_parameter_source("log_path") is ParameterSource.COMMANDLINE
    tail = f" --log {shlex.quote(log_path)}" if asked else ""
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        names = [find_run(log, run) for run in runs]
        source = grader_choice.source(log, left_out)
        workers = grader_choice.workers(log, look_up_only(source, log), jobs)
        if len(names) != 2:
            if rules:
                raise RefoldError(
                    f"--fail-if {rules[0].text}: expected two runs, got {len(names)}; compare "
                    "each with its baseline"
                )
            many = compare_many(
                log, names, pass_at=pass_at, left_out=left_out, source=source, workers=workers
            )
            _print_many(many, pass_at, source, as_json=as_json)
            tell_remarks(source)
            tell_validation(source, log, pass_at=pass_at)
            return 1 if left_out else 0
        pair = names[0], names[1]
        comparison = compare(
            log, pair, pass_at=pass_at, left_out=left_out, source=source, workers=workers
        )
        tell_remarks(source)
        tell_validation(source, log, pass_at=pass_at)
        prompts = _prompt_difference(log, pair)
        reasons = {} if grader_choice.is_given else verdicts_on_lower(log, comparison.moves)
    verdicts = [judge_comparison(rule, comparison) for rule in rules]
    if as_json:
        rows = (
            {**to_json_data(key), **to_json_data(each)}
            for key, each in comparison.scenarios.items()
        )
        head = _json_head(comparison, names, pass_at, tail, reasons)
        print_json("comparisons", rows, **head, prompts=prompts, verdicts=to_json_data(verdicts))
    else:
        _print_source(source)
        _print_comparison(stdout_console(), comparison, names, pass_at, tail, verdicts, reasons)
        print_prompt_difference(stdout_console(), prompts)
    return 1 if left_out else exit_code_of(verdicts, cannot_tell)


def _print_many(compared: ManyRuns, pass_at: float, source: GradeSource, *, as_json: bool) -> None:
    if as_json:
        rows, head = many_runs_json(compared)
        print_json("comparisons", rows, **head, threshold=pass_at, confidence=CONFIDENCE)
    else:
        _print_source(source)
        print_many_runs(stdout_console(), compared, pass_at)


def _print_source(source: GradeSource) -> None:
    if source.heading:
        stdout_console().print(safe_text(source.heading), style="bold", soft_wrap=True)


def judge_comparison(
    rule: Rule, comparison: Comparison, *, confidence: float = CONFIDENCE_OF_WORSE
) -> Verdict:
    """Return the answer to one of COMPARE_RULES; *confidence* is that of ``worse``."""
    if rule.name == "worse":
        return judge_worse(
            rule,
            comparison.strata,
            bounds=comparison.bounds,
            always_same=comparison.always_same,
            claim=_CLAIMS[comparison.overall.unit],
            confidence=confidence,
        )
    lost, gained = comparison.overall.flips
    counts = {"lost": lost, "gained": gained, "missing": comparison.unpaired[0]}
    pairs = comparison.overall.pairs
    return judge_count(rule, counts, pairs + (counts["missing"] if rule.name == "missing" else 0))


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
    comparison: Comparison,
    names: Sequence[str],
    pass_at: float,
    tail: str,
    reasons: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "runs": names,
        "threshold": pass_at,
        "confidence": CONFIDENCE,
        "overall": to_json_data(comparison.overall),
        "always_same": comparison.always_same,
        "noise": comparison.noise,
        "unpaired": comparison.unpaired,
        "exclusions": to_json_data(comparison.exclusions),
        "flips": [
            {**to_json_data(flip), "diff": diff_hint(flip, tail)} for flip in comparison.flips
        ],
        "moves": [
            {
                **to_json_data(move),
                "verdict": reasons.get(lower_of(move)),
                "diff": diff_hint(move, tail),
            }
            for move in comparison.moves
        ],
    }


def _print_comparison(
    out: Console,
    comparison: Comparison,
    names: Sequence[str],
    pass_at: float,
    tail: str,
    verdicts: Sequence[Verdict],
    reasons: Mapping[str, str],
) -> None:
    out.print(safe_text(f"A {names[0]}  B {names[1]}"), style="bold")
    out.print(f"difference: B minus A; passed: score of at least {pass_at:g}")
    out.print()
    out.print(_scenarios_table(comparison))
    out.print()
    for line in _remarks(comparison):
        out.print(safe_text(line), soft_wrap=True)
    for verdict in verdicts:
        line = f"{verdict.rule}: {verdict.answer} ({verdict.why})"
        out.print(safe_text(line), style="bold", soft_wrap=True)
    print_moves(out, comparison.moves, tail, reasons)
    print_flips(out, comparison.flips, tail)


def _scenarios_table(comparison: Comparison) -> Table:
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


def _remarks(comparison: Comparison) -> Iterator[str]:
    overall = comparison.overall
    if comparison.always_same:
        yield "on these worlds: always the same in both runs, so the difference is exact"
    else:
        yield f"{_CLAIMS[overall.unit]}: {format_difference(overall.here, overall.unit)}"
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
            "noise floor: cannot tell, not every scenario was repeated in both runs, each by one "
            "agent; record with --same-seed"
        )
    elif not comparison.always_same:
        yield (
            f"noise floor: in 95 % of cases equal agents would differ by at most "
            f"{comparison.noise:.4f} when these worlds are played again"
        )
