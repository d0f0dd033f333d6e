"""``refold compare``."""

import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from refold.commands.shared.comparison_tables import CLAIMS, comparison_remarks, scenarios_table
from refold.commands.shared.diff_tables import print_prompt_difference
from refold.commands.shared.files import check_output
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
    print_apart,
    print_flips,
    print_moves,
    reasons_of,
)
from refold.commands.shared.options import (
    complete_runs,
    format_examples,
    json_option,
    logs_option,
    pass_at_option,
)
from refold.commands.shared.output import (
    print_json,
    print_to_stderr,
    print_words,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.page_option import html_option, write_overview
from refold.commands.shared.prices import project_prices
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.verdict_text import fitting
from refold.engine import EventLog, LogDamaged, RefoldError, open_to_read
from refold.engine.log.left_out import LeftOut
from refold.graders.sources import GradeSource
from refold.overviews import comparison_document, describe_run
from refold.overviews.compared import Why, nobody_knows
from refold.overviews.comparison_words import headline
from refold.replays.prompts import prompt_difference
from refold.reports import Comparison, find_run
from refold.reports.comparison import compare_outcomes
from refold.reports.gates import CONFIDENCE_OF_WORSE, Rule, Verdict, judge_count, judge_worse
from refold.reports.many_runs import ManyRuns, compare_many
from refold.reports.measured import measure_run
from refold.reports.statistics import CONFIDENCE
from refold.triage import short_verdict

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console


COMPARE_RULES = ("gained", "lost", "missing", "worse")
"""Names of the rules that can be asked of two runs."""


@click.command(
    "compare",
    epilog=format_examples(
        "refold compare greedy-1f2e dice",
        "refold compare main last --fail-if worse --fail-if missing",
        "refold compare main short-prompt long-prompt",
        "refold compare main last --html compared.html",
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
@html_option
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
    html: str | None,
) -> int:
    """
    Compare two runs episode by episode, or rank three or more.

    A pair is one episode of each run with the same scenario and seed (and the same epoch, if a
    seed was repeated); a flip is a pair of which only one passed. The difference is B minus A,
    with a 95 % interval and the p-value of a sign-flip test, for these scenarios and for others
    like them. With three or more runs, every two are tested, and p is adjusted for the number of
    tests. Runs are named as for `refold report`; they must have been graded by the same rubrics,
    unless --rubric or --grader grades all.

    Rules for --fail-if, for two runs: worse or worse:D (B is worse by more than D, at 99 %), lost,
    lost:N or lost:P% (passes lost), gained, missing (episodes of A without a partner).

    Exits with 0 whatever differs, 1 if a rule fails or an episode cannot be read, 2 on bad input.
    """
    # The suggested commands need --log only if it was given; REFOLD_LOG holds for them as well.
    asked = context.get_parameter_source("log_path") is ParameterSource.COMMANDLINE
    tail = f" --log {shlex.quote(log_path)}" if asked else ""
    if html is not None:
        check_output(html, option="--html", logs=[log_path])
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        names = [find_run(log, run) for run in runs]
        if rules and len(names) != 2:
            raise RefoldError(
                f"--fail-if {rules[0].text}: expected two runs, got {len(names)}; compare "
                "each with its baseline"
            )
        source = grader_choice.source(log, left_out)
        workers = grader_choice.workers(log, look_up_only(source, log), jobs)
        measured = {
            name: measure_run(log, name, left_out=left_out, source=source, workers=workers)
            for name in dict.fromkeys(names)
        }
        outcomes = {name: [each.outcome for each in found] for name, found in measured.items()}
        why = nobody_knows if grader_choice.is_given else partial(short_verdict, log)
        if html is not None:
            reads = [describe_run(log, name, found) for name, found in measured.items()]
            document = comparison_document(reads, pass_at=pass_at, prices=project_prices(), why=why)
            write_overview(html, {**document, "heading": source.heading})
        tell_remarks(source)
        tell_validation(source, log, pass_at=pass_at)
        if len(names) != 2:
            many = compare_many(outcomes, pass_at=pass_at)
            if as_json or html is None:
                _print_many(many, pass_at, source, why, tail, as_json=as_json)
            return 1 if left_out else 0
        pair = names[0], names[1]
        comparison = compare_outcomes(pair, (outcomes[pair[0]], outcomes[pair[1]]), pass_at=pass_at)
        prompts = _prompt_difference(log, pair)
        reasons = reasons_of(why, comparison.moves)
    verdicts = [judge_comparison(rule, comparison) for rule in rules]
    if as_json:
        rows = (
            {**to_json_data(key), **to_json_data(each)}
            for key, each in comparison.scenarios.items()
        )
        head = _json_head(comparison, names, pass_at, tail, reasons)
        print_json("comparisons", rows, **head, prompts=prompts, verdicts=to_json_data(verdicts))
    elif html is not None:
        for verdict in verdicts:
            print_to_stderr(f"{verdict.rule}: {verdict.answer} ({verdict.why})")
    else:
        _print_source(source)
        _print_comparison(stdout_console(), comparison, names, pass_at, tail, verdicts, reasons)
        print_prompt_difference(stdout_console(), prompts)
    return 1 if left_out else exit_code_of(verdicts, cannot_tell)


def _print_many(
    compared: ManyRuns, pass_at: float, source: GradeSource, why: Why, tail: str, *, as_json: bool
) -> None:
    if as_json:
        rows, head = many_runs_json(compared, why, tail)
        print_json("comparisons", rows, **head, threshold=pass_at, confidence=CONFIDENCE)
    else:
        _print_source(source)
        print_many_runs(stdout_console(), compared, pass_at)
        print_apart(stdout_console(), compared, why, tail)


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
            claim=CLAIMS[comparison.overall.unit],
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
                "verdict": reasons.get(move.lower),
                "diff": diff_hint(move, tail),
            }
            for move in comparison.moves
        ],
    }


def _print_comparison(
    out: "Console",
    comparison: Comparison,
    names: Sequence[str],
    pass_at: float,
    tail: str,
    verdicts: Sequence[Verdict],
    reasons: Mapping[str, str],
) -> None:
    out.print(safe_text(f"A {names[0]}  B {names[1]}"), style="bold")
    print_words(out, fitting(out, headline(comparison, "B")))
    out.print(f"difference: B minus A; passed: score of at least {pass_at:g}")
    out.print()
    out.print(scenarios_table(comparison))
    out.print()
    for line in comparison_remarks(comparison):
        out.print(safe_text(line), soft_wrap=True)
    for verdict in verdicts:
        line = f"{verdict.rule}: {verdict.answer} ({verdict.why})"
        out.print(safe_text(line), style="bold", soft_wrap=True)
    print_moves(out, comparison.moves, tail, reasons)
    print_flips(out, comparison.flips, tail)
