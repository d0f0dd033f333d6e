"""``refold regrade``."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache, partial

import click
from click.core import ParameterSource

from refold.commands.regrading.formats import FORMATS, Finished, print_regraded
from refold.commands.regrading.sides import IN_LOG, Sides, select
from refold.commands.regrading.words import Heading
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.gate_options import cannot_tell_option, exit_code_of, fail_if_option
from refold.commands.shared.grader_choice import GraderChoice, tell_remarks, with_grader_options
from refold.commands.shared.input_types import Number, OneOf
from refold.commands.shared.judge_options import JudgeChoice, with_judge_options
from refold.commands.shared.judge_validation import tell_validation
from refold.commands.shared.judging import JudgeSession
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    episode_argument,
    filter_options,
    format_examples,
    json_option,
    logs_option,
    open_existing,
    pass_at_option,
)
from refold.commands.shared.output import print_to_stderr
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import show_progress
from refold.graders.pairing import Pairing
from refold.reports import find_run
from refold.reports.gates import Rule
from refold.reports.regrading import RULES, RegradeTotals, judge


@click.command(
    "regrade",
    epilog=format_examples(
        "refold regrade --rubric stricter.toml",
        "refold regrade --run last --grader mine.py:careful --fail-if lost:2%",
        "refold regrade --rubric rubrics/ --format md > moved.md",
        "refold grade --json > saved.json && refold regrade --against saved.json",
    ),
)
@episode_argument("ids", many=True)
@filter_options
@with_grader_options
@click.option(
    "--against",
    metavar="BY",
    default=IN_LOG,
    show_default=True,
    help="The old grades: a file made by `refold grade --json`, a name or a file as for --rubric "
    "and --grader, 'source' for the scores that came with imports, or 'log' for the saved grades, "
    "else those by the recorded rubrics.",
)
@click.option(
    "--tolerance",
    type=Number(0, 1),
    default=0.0,
    metavar="X",
    help="Ignore changes of scores and points up to this much.",
)
@with_judge_options
@pass_at_option
@fail_if_option(RULES)
@cannot_tell_option
@click.option(
    "--format",
    "form",
    type=OneOf(FORMATS),
    default="text",
    show_default=True,
    help="How to print the report.",
)
@jobs_option
@logs_option
@json_option
@click.pass_context
def regrade_command(
    context: click.Context,
    ids: Sequence[str],
    scenario: str | None,
    agent: str | None,
    run: str | None,
    against: str,
    tolerance: float,
    pass_at: float,
    rules: Sequence[Rule],
    cannot_tell: str,
    form: str,
    jobs: int | None,
    grader_choice: GraderChoice,
    judge_choice: JudgeChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Grade episodes again and report which scores moved, why, and what holds for other episodes.

    Grades by the recorded rubrics, or by --rubric or --grader, and compares each grade with the
    saved one by the same rubric; else with the newest of that name; else with the one by the
    recorded rubric, saved or not. Facts about these episodes are exact; intervals and p-values are
    about others. Only the answers that --judge requests are written to the log. Episodes that you
    name are reported one by one, with the events behind each change.

    Exits with 0 if nothing moved, 1 if a score moved or an episode is damaged, 2 if nothing can be
    compared. With --fail-if, it exits with 1 only if a rule fails or an episode is damaged.
    """
    totals = RegradeTotals(pass_at)
    # The file of old grades, if any, is read while episodes are graded, so it stays open here.
    with ExitStack() as stack:
        left_out = stack.enter_context(telling_left_out())
        log = stack.enter_context(open_existing(log_path, readonly=True))
        run = None if run is None else find_run(log, run)
        chosen = select(log, ids, left_out, scenario=scenario, agent=agent, run=run)
        sides = Sides(log, chosen, grader_choice, against, left_out)
        session = JudgeSession(judge_choice, sides.newer, log)
        session.settle((info.id for info in chosen.infos), pass_at=pass_at)
        if session.list_missing(as_json=as_json or form == "json"):
            return 0
        # Told after errors too: it may be why nothing could be compared.
        stack.callback(session.tell, as_json=as_json or form != "text")
        stack.callback(tell_remarks, sides.newer)
        stack.callback(tell_validation, sides.newer, log, pass_at=pass_at)
        # Only formats that tell of single episodes say what happened there.
        words = bool(ids) or as_json or form in ("json", "html")
        pairing = Pairing(tolerance=tolerance, words=words)
        regraded = totals.watch(sides.regrade(stack, session, pairing, jobs))
        finish = cache(partial(_finish, sides, totals, rules, _command(context)))
        print_regraded(
            "json" if as_json else form,
            iter(show_progress(regraded, total=len(chosen.infos), label="regrading")),
            finish,
            named=bool(ids),
            more={"against": against, "tolerance": tolerance, **session.wavering_data()},
        )
    tally = sides.tally
    print_to_stderr(f"{pluralise(tally.compared, 'episode')} compared, {tally.moved} moved")
    if left_out:
        return 1
    if rules:
        return exit_code_of(finish().verdicts, cannot_tell)
    return int(tally.moved > 0 or bool(session.not_judged))


def _finish(
    sides: Sides,
    totals: RegradeTotals,
    rules: Sequence[Rule],
    command: Sequence[str],
) -> Finished:
    tally = sides.tally
    report = totals.report(
        excluded=sides.selection.excluded,
        missing=tally.missing + tally.unsaved,
        unjudged=tally.ungraded,
    )
    verdicts = tuple(judge(rule, report) for rule in rules)
    return Finished(Heading(sides.old_label, sides.new_label, command), report, verdicts)


def _command(context: click.Context) -> list[str]:
    """Return the command that was given, without episodes and what only narrows or prints."""
    words = ["refold", "regrade"]
    for name in ("rubric", "any_scenario", "grader", "against", "tolerance", "log_path"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = {"log_path": "log"}.get(name, name).replace("_", "-")
            value = context.params[name]
            words += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    return words
