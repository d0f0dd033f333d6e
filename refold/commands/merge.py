"""``refold merge``."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from refold.commands.shared.files import check_output, new_log
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import format_examples, json_option
from refold.commands.shared.output import print_json, print_to_stderr, to_json_data
from refold.commands.shared.progress import show_progress
from refold.engine import EventLog, RefoldError
from refold.engine.log.audit import Audit
from refold.replays.merge import MergedEpisode, MergePlan, MergeSource


@click.command(
    "merge",
    epilog=format_examples(
        "refold merge monday.db tuesday.db -o week.db",
    ),
)
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("-o", "--output", required=True, metavar="FILE", help="The new log.")
@json_option
def merge_command(logs: Sequence[str], output: str, as_json: bool) -> int:
    """
    Merge several logs into a new one: episodes, saved grades, judges' answers and labels.

    Events are copied as they are stored. An episode that several logs have is kept once, in its
    longest form. If an id names different episodes, those of later logs get a number appended
    (3f2a becomes 3f2a-2), and their forks follow.

    Exits with 1 if an episode is damaged; it is reported, and the others are merged.
    """
    if Path(output).exists():
        raise RefoldError(f"{output}: expected no such file yet, got one; name another --output")
    check_output(output, option="--output", logs=logs)
    with ExitStack() as stack:
        left_out = stack.enter_context(telling_left_out())
        merge = MergePlan([_open_source(stack, log) for log in logs], left_out)
        # New at the end: a log that holds a part of the episodes would look like a finished merge.
        with new_log(output) as merged, merged.transaction():
            written = merge.write(merged)
            for _ in show_progress(written, total=len(merge.ids), label="merging"):
                pass
            merge.write_judgements(merged)
            merge.write_remarks(merged)
    if as_json:
        print_json("merged", map(to_json_data, merge.outcomes()))
    else:
        _print_outcomes(list(merge.outcomes()), output)
    return 1 if left_out else 0


def _open_source(stack: ExitStack, log_path: str) -> MergeSource:
    log = stack.enter_context(EventLog(log_path, readonly=True))
    return MergeSource(log, stack.enter_context(Audit(log_path)))


def _print_outcomes(found: Sequence[MergedEpisode], output: str) -> None:
    for each in found:
        if each.outcome == "renamed":
            print_to_stderr(
                f"{each.log}: {each.episode} names another episode there; it is now {each.id}"
            )
    stored = sum(each.outcome in ("stored", "renamed") for each in found)
    known = sum(each.outcome == "known" for each in found)
    outrun = sum(each.outcome == "outrun" for each in found)
    more = f", {known} met again" if known else ""
    more += f", {outrun} shorter than in another log" if outrun else ""
    print_to_stderr(f"{pluralise(stored, 'episode')} merged into {output}{more}")
