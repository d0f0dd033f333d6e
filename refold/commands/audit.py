"""``refold audit``."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from refold.audits.logs import LogTarget
from refold.audits.recording import record
from refold.audits.report import AuditReport
from refold.audits.running import Target, Watch, choose, refuse_unknown, run_audit
from refold.audits.targets import find_targets, honest_limits
from refold.audits.worlds import WorldTarget
from refold.commands.auditing.documents import audit_junit, audit_markdown
from refold.commands.auditing.text import finding_row, print_report
from refold.commands.shared.files import check_output, output_file
from refold.commands.shared.input_types import Number, WholeNumber
from refold.commands.shared.options import (
    format_examples,
    json_option,
    log_option,
    scenario_argument,
    world_option,
)
from refold.commands.shared.output import print_json, safe_text
from refold.commands.shared.progress import make_progress_bar
from refold.engine import EventLog, RefoldError
from refold.engine.episode import LARGEST_SEED

_SEEDS = 5


@click.command(
    "audit",
    epilog=format_examples(
        "refold audit workflow/hard",
        "refold audit workflow@2 inbox@2 --seed 0 --seeds 30 --jobs 2",
        "refold audit ./mine.toml --only semantic --only criteria.dead",
        "refold audit gymnasium:FrozenLake-v1 --only statistical",
        "refold audit python:my_env.py:make --oracle solve.py:solve",
        "refold audit runs.db --markdown audit.md --junit audit.xml",
    ),
)
@scenario_argument("target", many=True, metavar="TARGET")
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    help="Run this check only, or those of a group such as semantic. May be given several times.",
)
@click.option(
    "--seed", type=WholeNumber(0, LARGEST_SEED), help="First seed; the scenario's own if not given."
)
@click.option(
    "--seeds",
    type=WholeNumber(1),
    default=_SEEDS,
    show_default=True,
    help="How many seeds of each scenario to play.",
)
@click.option(
    "--oracle",
    metavar="AGENT",
    help="The agent that does everything right in an environment: script:FILE, "
    "FILE.py:FUNCTION or a name.",
)
@world_option
@click.option("--run", help="If TARGET is a log: only the episodes of this run.")
@click.option(
    "--time-limit",
    type=Number(0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds for each target; checks not begun by then are skipped.",
)
@click.option(
    "--jobs",
    type=WholeNumber(1),
    default=1,
    show_default=True,
    help="Targets to audit at once, each in a process of its own.",
)
@click.option("--markdown", metavar="FILE", help="Write the report as Markdown.")
@click.option("--junit", metavar="FILE", help="Write the report as JUnit XML.")
@log_option
@json_option
def audit_command(
    target: Sequence[str],
    only: Sequence[str],
    seed: int | None,
    seeds: int,
    oracle: str | None,
    named: Sequence[str],
    run: str | None,
    time_limit: float,
    jobs: int,
    markdown: str | None,
    junit: str | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Check whether each TARGET is worth its score: what is possible, what comes for free.

    TARGET is a scenario, a family (all of its scenarios), an environment (gymnasium:ID,
    openenv:URL, tau2:DOMAIN, python:FILE.py:FUNCTION), the path of a scenario file, or a log of
    saved runs, or a folder of logs. Each check measures a value and holds it against a bound. The
    episodes that show what it found are recorded in the log, as the run `audit`.

    Exits with 0 if nothing was found, 1 if a check fails, 2 if one could not run.
    """
    found = (
        find_targets(name, seed=seed, seeds=seeds, run=run, named=named, oracle=oracle)
        for name in target
    )
    # Once each, though a family and one of its scenarios are named.
    targets = list({each.name: each for group in found for each in group}.values())
    refuse_unknown(targets, only)
    recorded = all(isinstance(each, LogTarget) for each in targets)
    if run is not None and not any(isinstance(each, LogTarget) for each in targets):
        raise RefoldError(f"--run {run}: expected a log to audit, got none")
    if oracle is not None and not any(isinstance(each, WorldTarget) for each in targets):
        raise RefoldError(f"--oracle {oracle}: expected an environment to audit, got none")
    documents = {"--markdown": (markdown, audit_markdown), "--junit": (junit, audit_junit)}
    for option, (path, _) in documents.items():
        if path is not None:
            check_output(path, option=option, logs=[log_path, *target], files=target)
    with ExitStack() as stack:
        log = None if recorded else stack.enter_context(EventLog(log_path))
        watch = stack.enter_context(_progress(targets, only, jobs))
        answers = run_audit(targets, only=only, seconds=time_limit, jobs=jobs, watch=watch)
        findings = [record(log, log_path, answer) for group in answers for answer in group]
    report = AuditReport(
        targets=target,
        command=_command(
            target,
            {
                "--only": only,
                "--seed": seed,
                "--seeds": seeds,
                "--oracle": oracle,
                "--world": tuple(named),
                "--run": run,
            },
        ),
        findings=findings,
        limits=honest_limits(targets),
    )
    for path, make in documents.values():
        if path is not None:
            with output_file(path) as file:
                file.write(make(report).encode())
    if as_json:
        rows = map(finding_row, report.findings)
        print_json("findings", rows, verdict=report.verdict, targets=target, limits=report.limits)
    else:
        print_report(report)
    return report.code


def _command(target: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return the command that makes the same report, with those of *options* that are given."""
    words = ["refold", "audit", *target]
    for name, value in options.items():
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None and (name, each) != ("--seeds", _SEEDS):
                words += [name, str(each)]
    return shlex.join(words)


@contextmanager
def _progress(targets: Sequence[Target], only: Sequence[str], jobs: int) -> Iterator[Watch]:
    """Give what moves a bar on as checks begin, or as targets end where there are several jobs."""
    total = len(targets) if jobs > 1 else sum(len(choose(each.checks, only)) for each in targets)
    with make_progress_bar(total) as bar:
        task = bar.add_task("audit", total=total)

        def watch(name: str, check: str) -> None:
            bar.update(task, description=safe_text(f"{name} {check}"), advance=1)

        yield watch
