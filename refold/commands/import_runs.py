"""``refold import``: exported episodes, and runs that other tools recorded."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click
from attrs import define, field

from refold.commands.shared.files import new_log, open_input
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.import_sources import ImportFile, import_files, readable
from refold.commands.shared.input_types import OneOf
from refold.commands.shared.options import format_examples, json_option, log_option
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import show_progress
from refold.engine import EventLog, RefoldError
from refold.jobs import jobs_that_pay
from refold.replays.transfer import import_lines
from refold.transcripts.building import TrialFile, build_files
from refold.transcripts.formats import FORMATS, REFOLD, find_format
from refold.transcripts.importing import Importer, Report, Stored, digest_of

_MOST_TOLD = 6
_BYTES_A_JOB = 2 * 2**20
"""Bytes of files from which a process pays: to start one costs as much as 500 samples."""


@define
class _Outcome:
    """What has become of the files so far; *rows* only where they are asked for."""

    rows: list[dict[str, Any]] | None
    added: int = 0
    held: int = 0
    remarks: int = 0
    known: int = 0
    passed: list[str] = field(factory=list)

    def count_remark(self, new: bool) -> None:
        """Count something that a person said, *new* or not."""
        self.remarks += new
        self.known += not new

    @property
    def any(self) -> bool:
        """Whether anything was found, new or not."""
        return bool(self.added or self.held or self.remarks or self.known)


@click.command(
    "import",
    epilog=format_examples(
        "refold import logs/2025-05-12_popularity.eval",
        "refold import results.json --run monday",
        "refold import jobs/my-harbor-job",
        "refold export --log a.db | refold import - --log b.db",
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...")
@click.option(
    "--from",
    "kind",
    type=OneOf(sorted((REFOLD, *FORMATS))),
    help="Format of the files; detected if not given.",
)
@click.option("--run", metavar="NAME", help="Name of the run; the file's own if not given.")
@click.option("--strict", is_flag=True, help="Import nothing if anything cannot be read.")
@click.option("--report", "listed", is_flag=True, help="List what was not kept or understood.")
@jobs_option
@log_option
@json_option
def import_command(
    files: Sequence[str],
    kind: str | None,
    run: str | None,
    strict: bool,
    listed: bool,
    jobs: int | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Read episodes into the log: exported ones, and runs that other tools recorded.

    Exported episodes are imported all or none; a file that was altered since is refused. Each trial
    or sample in other tools' files becomes one episode, however often it is imported.

    Exits with 1 if a trial cannot be read; it is reported, and the others are imported.
    """
    outcome = _Outcome([] if as_json else None)
    with readable(import_files(files)) as named, _open(log_path) as log, log.transaction():
        importer = Importer(log, strict=strict)
        size = sum(each.size for each in named)
        formats = _find_formats(named, kind, run, outcome)
        found = _import_all(
            log, importer, formats, jobs or jobs_that_pay(size, _BYTES_A_JOB), outcome
        )
        for row in show_progress(found, total=None, label="importing"):
            outcome.added += 1
            if outcome.rows is not None:
                outcome.rows.append(row)
        for problem in importer.report.problems:
            print_to_stderr(f"left out: {problem}")
        if not outcome.any:
            raise RefoldError(_nothing(files, importer.report, outcome))
    if outcome.rows is not None:
        skipped = outcome.held
        print_json("episodes", outcome.rows, skipped=skipped, report=_report_data(importer.report))
    else:
        _print_outcome(outcome, importer.report, log_path, listed=listed)
    return 1 if importer.report.problems else 0


def _open(log_path: str) -> AbstractContextManager[EventLog]:
    # A new log has its name only at the end, so that a refused file leaves nothing behind.
    return EventLog(log_path) if Path(log_path).exists() else new_log(log_path)


def _import_all(
    log: EventLog,
    importer: Importer,
    files: Iterable[TrialFile],
    jobs: int,
    outcome: _Outcome,
) -> Iterator[dict[str, Any]]:
    """Yield the row of each new episode; *outcome* notes what was met again."""
    for file, built in build_files(files, jobs=jobs, tell=print_to_stderr):
        if file.kind == REFOLD:
            with open_input(file.path) as lines:
                counted = outcome.count_remark
                for info in import_lines(log, lines, where=file.where, on_remark=counted):
                    yield {**to_json_data(info), "given": []}
            continue
        for stored in importer.store(file, built):
            if stored.new:
                yield _row(stored)
            else:
                outcome.held += 1


def _find_formats(
    files: Sequence[ImportFile], kind: str | None, run: str | None, outcome: _Outcome
) -> Iterator[TrialFile]:
    """Yield *files* with their formats; *outcome* notes those in folders that have none."""
    for each in files:
        with open_input(each.content) as file:
            try:
                found = kind or find_format(file, each.path)
            except RefoldError:
                if not each.found:
                    raise
                outcome.passed.append(each.name)
                continue
            yield each.told(found, "" if found == REFOLD else digest_of(file), run)


def _row(stored: Stored) -> dict[str, Any]:
    recorded = stored.recorded
    given = [{"name": each.name, "value": each.value} for each in recorded.given]
    return {**to_json_data(stored.info), "given": given}


def _nothing(files: Sequence[str], report: Report, outcome: _Outcome) -> str:
    names = ", ".join(files)
    if report.problems or outcome.passed:
        return f"{names}: expected at least one run that can be read, got none"
    return f"{names}: expected exported episodes, got none; see `export`"


def _report_data(report: Report) -> dict[str, Any]:
    return {
        "not_kept": dict(report.not_kept.most_common()),
        "not_understood": dict(report.not_understood.most_common()),
        "left_out": report.problems,
    }


def _print_outcome(outcome: _Outcome, report: Report, log_path: str, *, listed: bool) -> None:
    held = f", {outcome.held} there already" if outcome.held else ""
    print_to_stderr(f"{pluralise(outcome.added, 'episode')} imported into {log_path}{held}")
    if outcome.remarks or outcome.known:
        known = f", {outcome.known} there already" if outcome.known else ""
        print_to_stderr(f"{pluralise(outcome.remarks, 'remark')} imported{known}")
    if outcome.passed:
        count = pluralise(len(outcome.passed), "file")
        print_to_stderr(f"{count} of other kinds skipped: {_some(outcome.passed)}")
    for what, counted in _counts(report):
        if counted:
            told = _some([f"{name} ({count})" for name, count in counted.items()])
            print_to_stderr(f"{what}: {told}{'' if listed else '; --report lists them'}")
    if listed:
        listing = new_table(["field", "times", ""], right=["times"])
        for what, counted in _counts(report):
            for name, times in counted.items():
                add_row(listing, name, times, what)
        stdout_console().print(listing)


def _counts(report: Report) -> Iterator[tuple[str, dict[str, int]]]:
    yield "not kept", dict(report.not_kept.most_common())
    yield "kept, but not understood", dict(report.not_understood.most_common())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return ", ".join(names[:_MOST_TOLD]) + more
