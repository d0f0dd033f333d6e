"""``refold verify``."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click
from attrs import asdict

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.live_verification import verify_worlds
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
    world_option,
)
from refold.commands.shared.output import (
    SHORT_ID_LENGTH,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
)
from refold.commands.shared.process_options import jobs_option
from refold.commands.shared.progress import show_progress
from refold.engine import EventLog, NotALog, RefoldError, open_to_read
from refold.engine.log.audit import Audit, open_audit
from refold.engine.log.left_out import LeftOut
from refold.environments import Worlds
from refold.jobs import jobs_for, spread
from refold.replays import Divergence
from refold.replays.checks import AuditElsewhere, Verdict, audit_each, resolve_id
from refold.replays.judgements import find_judgement_problems
from refold.replays.manifests import LARGEST_MANIFEST, compare_with_log, read_manifest
from refold.replays.remarks import find_remark_problems


def _parse_digest(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """Return *value*, a digest or its beginning, in lower case; empty for None."""
    if value is not None and not re.fullmatch(r"[0-9a-fA-F]{8,64}", value):
        raise click.BadParameter(f"expected 8 to 64 hex digits, got {value!r}")
    return (value or "").lower()


@click.command(
    "verify",
    epilog=format_examples(
        "refold verify",
        "refold verify last --expect 3f0c2a9e",
        "refold verify --manifest runs.manifest",
        "refold verify --live --world python:my_env.py:make",
        "refold verify --json",
    ),
)
@episode_argument("ids", many=True)
@click.option(
    "--expect",
    metavar="DIGEST",
    callback=_parse_digest,
    help="Digest of the episode ID, or its first 8 or more digits, as published elsewhere.",
)
@click.option(
    "--manifest",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Also compare the log with this manifest.",
)
@click.option(
    "--live", is_flag=True, help="Replay the actions in fresh external environments instead."
)
@world_option
@click.option(
    "--times",
    type=WholeNumber(1),
    default=1,
    show_default=True,
    help="With --live: how often to replay each episode.",
)
@click.option(
    "--volatile",
    multiple=True,
    metavar="PATH",
    help="With --live: a value to ignore, such as $.observation.time; [] is any index.",
)
@jobs_option
@logs_option
@json_option
def verify_command(
    ids: Sequence[str],
    expect: str,
    manifest: str | None,
    live: bool,
    named: Sequence[str],
    times: int,
    volatile: Sequence[str],
    jobs: int | None,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Check the hash chain and re-run the rules on every step, for the episodes named or all.

    Each episode's row, its parent and its saved grades are checked as well; for the whole log, also
    its file, the judges' answers and people's labels. Exits with 1 if anything differs from what
    the rules produce from scenario, seed and actions.

    A chain cannot reveal that its end was cut off, or that the whole episode was replaced: publish
    digests, and compare with --expect. Agent, run and times are not in the chain.

    With --live, the actions of episodes in external environments are replayed in a fresh
    environment, the newest episode first, and each answer is compared. An environment that the
    scenario names completely, such as a registered Gymnasium one, is opened; any other only if
    --world names it. Exits with 1 if an answer differs, or an episode cannot be played.
    """
    if live:
        if expect or manifest or jobs:
            others = "none of --expect, --manifest and --jobs"
            raise click.UsageError(f"--live: expected {others} beside it")
        return verify_worlds(
            log_path, ids, Worlds(named), times=times, volatile=volatile, as_json=as_json
        )
    if expect and len(ids) != 1:
        raise click.UsageError(f"--expect: expected exactly one ID, got {len(ids)}")
    # Counted in passing: verdicts are printed one by one, and a long log has too many to keep.
    wrong = checked = 0

    def count_wrong(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        nonlocal wrong, checked
        for verdict in verdicts:
            checked += 1
            wrong += verdict.problem is not None
            yield verdict

    with open_to_read(log_path) as log, open_audit(log.paths) as file:
        # First of all: once the file is known to be damaged, failing to read on is no news.
        problems = [] if ids else _file_problems(file)
        mismatches = _compare_manifest(log, manifest) if manifest else []
        chosen = [resolve_id(log, id) for id in ids] or _readable_ids(file, problems)
        total = len(ids) or log.count()
        audited = spread(
            chosen,
            partial(audit_each, log, file, expect=expect),
            AuditElsewhere(log_path, expect),
            jobs=jobs_for(jobs, log, total),
            left_out=LeftOut(),  # what cannot be read has a verdict too
            tell=print_to_stderr,
        )
        verdicts = (verdict for _, verdict in audited)
        shown = count_wrong(show_progress(verdicts, total=total, label="verifying"))
        if as_json:
            print_json("verdicts", map(_verdict_row, shown), problems=problems, manifest=mismatches)
        else:
            _print_verdicts(shown, problems)
            _print_mismatches(mismatches)
    if not as_json:
        damaged = "; the file is damaged" if problems else ""
        told = f"{pluralise(checked, 'episode')} checked, {wrong} wrong{damaged}"
        if manifest:
            told += f"; {pluralise(len(mismatches), 'difference')} to the manifest"
        print_to_stderr(told)
    return 1 if wrong or problems or mismatches else 0


def _file_problems(file: Audit) -> list[str]:
    """Return what is wrong with the file, and else with what judges answered and people said."""
    return file.problems() or [*find_judgement_problems(file), *find_remark_problems(file)]


def _compare_manifest(log: EventLog, path: str) -> list[dict[str, Any]]:
    """
    Return where the log differs from the manifest at *path*, as JSON data.

    Raises:
        RefoldError: The file is no manifest, or was altered.
    """
    with click.open_file(path, "rb") as file:
        content = file.read(LARGEST_MANIFEST + 1)
    if len(content) > LARGEST_MANIFEST:
        raise RefoldError(f"{path}: expected at most {LARGEST_MANIFEST} bytes, got more")
    return [asdict(each) for each in compare_with_log(read_manifest(content, path), log)]


def _print_mismatches(mismatches: Iterable[Mapping[str, Any]]) -> None:
    out = stdout_console()
    for each in mismatches:
        out.print(safe_text(f"{each['episode']}  manifest: {each['problem']}"), style="red")


def _readable_ids(file: Audit, problems: Sequence[str]) -> Iterator[str]:
    """Yield the id of every episode; stop where the file is damaged, if *problems* says so."""
    try:
        yield from file.ids()
    except NotALog:
        if not problems:
            raise


def _print_verdicts(verdicts: Iterable[Verdict], problems: Iterable[str]) -> None:
    out = stdout_console()
    for problem in problems:
        out.print(safe_text(problem), style="red")
    for verdict in verdicts:
        outcome = verdict.problem or f"ok {(verdict.digest or '')[:SHORT_ID_LENGTH]}"
        outcome += f"  {verdict.remark}" if verdict.remark else ""
        out.print(
            safe_text(f"{verdict.episode}  {outcome}"), style="red" if verdict.problem else None
        )


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    return {
        "episode": verdict.episode,
        "digest": verdict.digest,
        "ok": verdict.problem is None,
        "problem": verdict.problem,
        "remark": verdict.remark,
        "divergence": verdict.divergence and _divergence_row(verdict.divergence),
    }


def _divergence_row(found: Divergence) -> dict[str, Any]:
    """Return where a stream diverges, the step as ``replay --step`` counts it, and both values."""
    path, recorded, expected = found.difference
    return {
        "step": found.step + 1,
        "event": found.seq,
        "type": found.type,
        "field": path,
        "recorded": recorded,
        "expected": expected,
    }
