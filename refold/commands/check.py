"""``refold check``."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from attrs import frozen

from refold.commands.checking.baseline import SUFFIX, Baseline
from refold.commands.checking.documents import check_html, check_junit, check_markdown
from refold.commands.checking.episodes import open_episodes
from refold.commands.checking.github import commands_off, print_errors, write_outputs
from refold.commands.checking.grading import Checked, GraderCheck, grader_name
from refold.commands.checking.result import CheckResult, Golden
from refold.commands.checking.rules import CheckRules, read_rules
from refold.commands.compare import COMPARE_RULES
from refold.commands.golden import check_goldens
from refold.commands.regrading.text import print_report
from refold.commands.shared.files import check_output, output_file
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples
from refold.commands.shared.output import print_to_stderr, print_words, stdout_console
from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.project import PASS_AT, find_settings, read_settings
from refold.project.settings import NAME, CheckedGrader, CheckSettings
from refold.reports import find_run
from refold.reports.gates import Verdict, parse_rule


@click.command(
    "check",
    epilog=format_examples(
        "refold check",
        "refold check --update && git diff evals/baseline",
        "refold check --markdown check.md --junit check.xml --report check.html",
    ),
)
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--update", is_flag=True, help="Write today's grades to the baseline.")
@click.option("--markdown", metavar="FILE", help="Write the report as Markdown.")
@click.option("--junit", metavar="FILE", help="Write the report as JUnit XML.")
@click.option("--report", metavar="FILE", help="Write the report as one HTML page.")
@click.option(
    "--github",
    is_flag=True,
    help="Set the outputs of a GitHub Actions step, and write annotations.",
)
def check_command(
    file: str | None,
    update: bool,
    markdown: str | None,
    junit: str | None,
    report: str | None,
    github: bool,
) -> int:
    """
    Grade the project's episodes again and compare with its baseline, as refold.toml says.

    FILE is a refold.toml; without it, the one in this folder or the closest above. The rules are
    re-run on goldens, episodes are graded again, and a fresh run is compared with a recorded one.
    No model or judge is called.

    Exits with 0 if every rule holds, 1 if one fails, 2 if the check cannot run: no baseline, a
    merge conflict in it, an unanswered question to a judge.
    """
    project = _find_project(file)
    documents = {
        "--markdown": (markdown, check_markdown),
        "--junit": (junit, check_junit),
        "--report": (report, check_html),
    }
    for option, (path, _) in documents.items():
        if path is not None:
            check_output(path, option=option, logs=project.logs, files=[str(project.path)])
    with ExitStack() as stack:
        if github:
            stack.enter_context(commands_off())
        left_out = stack.enter_context(telling_left_out())
        if update:
            return _update(project, left_out)
        result = _check(project, left_out)
        _print(result)
    for path, make in documents.values():
        _write(path, make, result)
    if github:
        write_outputs(result)
        print_errors(result, project.path)
    return result.code


@frozen
class _Project:
    """The *check* that the settings in the file *path* ask for, its *rules* and pass mark."""

    path: Path
    check: CheckSettings
    rules: CheckRules
    pass_at: float

    def place(self, name: str | None) -> Path | None:
        """Return the path *name*, which starts from the folder of the settings."""
        return None if name is None else Path(os.path.relpath(self.path.parent / name))

    @property
    def logs(self) -> list[str]:
        """Paths of the logs that are read."""
        log = self.place(self.check.log)
        return [] if log is None else [str(log)]

    def baselines(self) -> Iterator[tuple[CheckedGrader, Baseline]]:
        """
        Yield each grader with its folder of the baseline.

        Raises:
            RefoldError: Two of them have one name.
        """
        folder, seen = self.place(self.check.baseline), set()
        for grader in self.check.graders or (CheckedGrader(),):
            name = grader_name(grader)
            if name in seen:
                raise RefoldError(
                    f"{self.path} $.check.graders: expected names that differ, got {name!r} twice; "
                    "rename a file"
                )
            seen.add(name)
            yield grader, Baseline((folder or Path()) / name)


def _find_project(file: str | None) -> _Project:
    path = find_settings(Path()) if file is None else Path(file)
    if path is None:
        raise RefoldError(
            f"check: expected a {NAME} in this folder or above, got none; docs/ci.md has one"
        )
    path = Path(os.path.relpath(path))
    settings = read_settings(path)
    check = settings.check
    if check is None:
        raise RefoldError(f"{path}: expected a table [check], got none; docs/ci.md has one")
    marks = (check.pass_at, settings.pass_at, PASS_AT)
    pass_at = next(each for each in marks if each is not None)
    return _Project(path, check, read_rules(check, path), pass_at)


def _check(project: _Project, left_out: LeftOut) -> CheckResult:
    check, goldens = project.check, _goldens(project)
    beside, graders = [], []
    if project.rules.goldens:
        wrong = sum(each.problem is not None for each in goldens)
        why = f"{wrong} of {len(goldens)} wrong"
        beside.append(Verdict("goldens", "fails" if wrong else "holds", why))
    if check.baseline is not None or check.runs is not None:
        with open_episodes(project.place(check.episodes), project.place(check.log)) as log:
            for one in _graders(project, log, left_out):
                runs = _compare_runs(project, one)
                if check.baseline is None:
                    beside += runs
                else:
                    graders.append(_compare(project, one, runs))
    return CheckResult(goldens, beside, graders, check.cannot_tell, bool(left_out))


def _compare(project: _Project, one: GraderCheck, runs: Sequence[Verdict]) -> Checked:
    look = ["refold", "regrade", *(f"--log={log}" for log in project.logs)]
    rules = project.rules.rules
    checked = one.compare(rules, runs, pass_at=project.pass_at, look=look)
    for line in one.remarks():
        print_to_stderr(line)
    return checked


def _goldens(project: _Project) -> list[Golden]:
    folder = project.place(project.check.goldens)
    if folder is None or not project.rules.goldens:
        return []
    if not folder.is_dir():
        raise RefoldError(
            f"{project.path} $.check.goldens: expected a folder of goldens, got {str(folder)!r}; "
            "`refold golden add` makes it"
        )
    return [Golden(*each) for each in check_goldens(folder)]


def _graders(project: _Project, log: EventLog, left_out: LeftOut) -> Iterator[GraderCheck]:
    """Yield the check of each grader; episodes of the fresh run are not compared with grades."""
    runs = project.check.runs
    candidate = find_run(log, runs.candidate) if runs else None
    for grader, baseline in project.baselines():
        yield GraderCheck(log, grader, project.path.parent, baseline, left_out, candidate)


def _compare_runs(project: _Project, one: GraderCheck) -> list[Verdict]:
    """Return the answer to the rule on runs, by one grader; none if no runs are compared."""
    check = project.check
    if check.runs is None:
        return []
    rule = parse_rule(check.runs.fail, known=COMPARE_RULES)
    return [one.compare_runs(check.runs, rule, pass_at=project.pass_at)]


def _update(project: _Project, left_out: LeftOut) -> int:
    check = project.check
    if check.baseline is None:
        raise RefoldError(f"{project.path}: expected check.baseline for --update, got none")
    kept = set()
    with open_episodes(project.place(check.episodes), project.place(check.log)) as log:
        for one in _graders(project, log, left_out):
            grades = list(one.grades())
            if left_out:
                raise RefoldError("check --update: expected episodes that can all be graded")
            changed = one.baseline.write(grades)
            kept.add(one.baseline.folder.name)
            told = pluralise(len(grades), "grade")
            files = f"{pluralise(changed, 'file')} changed"
            missing = f", {one.not_judged} not judged" if one.not_judged else ""
            print_to_stderr(f"{one.baseline.folder}: {told}, {files}{missing}")
    folder = project.place(check.baseline)
    assert folder is not None
    for path in sorted(folder.glob(f"*/*{SUFFIX}")):
        if path.parent.name not in kept:  # of a grader that is asked no more
            path.unlink()
    return 0


def _print(result: CheckResult) -> None:
    out = stdout_console()
    for golden in result.goldens:
        if golden.problem:
            print_words(out, f"golden {golden.name}: {golden.problem}")
    for verdict in result.beside:
        print_words(out, f"{verdict.rule}: {verdict.answer} ({verdict.why})", style="bold")
    for each in result.graders:
        done = each.finished
        if result.beside or each is not result.graders[0]:
            out.print()
        print_report(out, done.heading, done.report, done.verdicts)
    out.print()
    print_words(out, result.verdict, style="bold")


def _write(path: str | None, make: Callable[[CheckResult], str], result: CheckResult) -> None:
    if path is not None:
        with output_file(path) as file:
            file.write(make(result).encode())
