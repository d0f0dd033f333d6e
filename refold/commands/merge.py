"""``refold merge``."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from refold.commands.shared.options import examples, json_option
from refold.commands.shared.output import counted, plain, print_json, progress, words
from refold.engine import EventLog, RefoldError
from refold.engine.log.audit import Audit
from refold.replays.merge import MergedEpisode, MergePlan, MergeSource


@click.command(
    "merge",
    epilog=examples(
        "refold merge monday.db tuesday.db -o week.db",
    ),
)
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("-o", "--output", required=True, metavar="FILE", help="The new log.")
@json_option
def merge_command(logs: Sequence[str], output: str, as_json: bool) -> None:
    """
    Put the episodes of several logs, and their saved grades, into a new one: all, or nothing.

    Events are copied as they are stored. An episode that several logs have is kept once, in its
    longest form. Where an id names different episodes, those of later logs get a number behind
    it (3f2a becomes 3f2a-2), and forks follow their parents.
    """
    if Path(output).exists():
        raise RefoldError(f"{output}: expected no such file yet, got one; name another --output")
    with ExitStack() as stack:
        merge = MergePlan([_open(stack, log) for log in logs])
        try:
            with EventLog(output) as merged, merged.transaction():
                written = merge.write(merged)
                for _ in progress(written, total=len(merge.ids), label="merging"):
                    pass
        except BaseException:
            for end in ("", "-wal", "-shm"):
                Path(output + end).unlink(missing_ok=True)
            raise
    if as_json:
        print_json("merged", map(plain, merge.outcomes()))
    else:
        _say(list(merge.outcomes()), output)


def _open(stack: ExitStack, log: str) -> MergeSource:
    opened = stack.enter_context(EventLog(log, readonly=True))
    return MergeSource(opened, stack.enter_context(Audit(log)))


def _say(found: Sequence[MergedEpisode], output: str) -> None:
    for each in found:
        if each.outcome == "renamed":
            words(f"{each.log}: {each.episode} is another episode there, now {each.id}")
    stored = sum(each.outcome in ("stored", "renamed") for each in found)
    known = sum(each.outcome == "known" for each in found)
    outrun = sum(each.outcome == "outrun" for each in found)
    more = f", {known} met again" if known else ""
    more += f", {outrun} left for a longer form" if outrun else ""
    words(f"{counted(stored, 'episode')} merged into {output}{more}")
