"""``refold labels``."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
    open_existing,
)
from refold.commands.shared.output import (
    add_row,
    escape_line,
    new_table,
    print_json,
    print_to_stderr,
    stdout_console,
    to_json_data,
)
from refold.engine import EventLog
from refold.engine.log.remarks import Remark, standing
from refold.replays.remarks import export_remarks


@click.command(
    "labels",
    epilog=format_examples(
        "refold labels --name correct",
        "refold labels --export > labels.jsonl",
        "refold import labels.jsonl --log copy.db",
    ),
)
@episode_argument("ids", many=True)
@click.option("--name", metavar="NAME", help="Only labels of this name.")
@click.option("--export", "exporting", is_flag=True, help="Write all of them as JSON Lines.")
@logs_option
@json_option
def labels_command(
    ids: Sequence[str], name: str | None, exporting: bool, log_path: str, as_json: bool
) -> None:
    """
    List the current labels, tags and notes: of the episodes named, or of the whole log.

    With --export, all are written for `refold import`, including replaced and withdrawn ones.
    Importing them twice into a log with the same episodes does no harm.
    """
    with open_existing(log_path, readonly=True) as log:
        chosen = [log.find(id).id for id in ids]
        if exporting:
            _export(export_remarks(log, only=chosen or None))
            return
        found = [
            each
            for each in standing(log.remarks())
            if (not chosen or each.episode in chosen)
            and (name is None or (each.kind == "label" and each.name == name))
        ]
        if as_json:
            print_json("labels", (_row(log, each) for each in found))
        else:
            _print(log, found, log_path)


def _export(lines: Iterable[bytes]) -> None:
    sys.stdout.buffer.writelines(map(escape_line, lines) if sys.stdout.isatty() else lines)


def _row(log: EventLog, remark: Remark) -> dict[str, Any]:
    return {**to_json_data(remark), "later_events": log.later_events(remark)}


def _print(log: EventLog, found: Sequence[Remark], log_path: str) -> None:
    if not found:
        print_to_stderr(
            f"no labels in {log_path} fit; `refold label ID --name N --value V` adds one"
        )
        return
    listing = new_table(
        ["episode", "step", "name", "value", "by", "at", "note"], right=["step"], spare=["at"]
    )
    for each in found:
        name = {"label": each.name, "tag": f"#{each.name}", "note": ""}[each.kind]
        value = each.value if each.kind == "label" else ""
        note = ", ".join(filter(None, (_grown(log, each), each.note)))
        add_row(listing, each.episode, each.step, name, value, each.author, each.at[:16], note)
    stdout_console().print(listing)


def _grown(log: EventLog, remark: Remark) -> str:
    """Return what has to be said of a remark that is not of the episode as it is now."""
    later = log.later_events(remark)
    if later is None:
        return "refers to events that the episode never had"
    said = "labelled" if remark.kind == "label" else "said"
    return f"{said} before {pluralise(later, 'more event')}" if later else ""
