"""``refold group``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.input_types import WholeNumber
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    complete_runs,
    format_examples,
    json_option,
    logs_option,
    pass_at_option,
    scenario_argument,
)
from refold.commands.shared.output import (
    SHORT_ID_LENGTH,
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.commands.shared.progress import show_progress
from refold.engine import EventLog, RefoldError, open_to_read
from refold.engine.log.left_out import LeftOut
from refold.reports import find_run
from refold.reports.grouping import (
    Choice,
    EventShare,
    Path,
    Split,
    event_shares,
    find_splits,
    path_of,
)
from refold.reports.outcomes import read_outcomes

if TYPE_CHECKING:  # slow to import, and JSON needs none
    from rich.console import Console


_SPLITS_SHOWN = 3
_EVENTS_SHOWN = 8
_AGENTS_SHOWN = 3
_WIDEST_BAR = 20


@click.command(
    "group",
    epilog=format_examples(
        "refold group workflow/expert",
        "refold group inbox/hard --seed 3 --run main --run candidate",
        "refold group inbox/hard --pass-at 0.9 --json",
    ),
)
@scenario_argument("scenario")
@click.option("--seed", type=WholeNumber(0), metavar="N", help="Only episodes with this seed.")
@click.option(
    "--run",
    "runs",
    multiple=True,
    shell_complete=complete_runs,
    help="Only this run. May be given several times.",
)
@pass_at_option
@logs_option
@json_option
def group_command(
    scenario: str | None,
    seed: int | None,
    runs: Sequence[str],
    pass_at: float,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Show where passing and failing episodes of a scenario diverge, and what only one side has.

    Episodes in the same state, however they got there, are compared by their next action. A choice
    is listed only if it separates passes from failures better than shuffled results would.

    Exits with 1 if an episode cannot be read; it is reported and not counted.
    """
    if scenario is None:
        raise RefoldError("group: expected the name of a scenario; `refold episodes` lists some")
    with telling_left_out() as left_out, open_to_read(log_path) as log:
        paths, excluded = _read_paths(log, scenario, seed, runs, pass_at, left_out)
    if not paths:
        raise RefoldError(
            f"group {scenario}: expected episodes that count, got none in {log_path}; "
            "`refold record` makes some"
        )
    splits, shares = find_splits(paths), event_shares(paths)
    if as_json:
        head = {"scenario": scenario, "threshold": pass_at, **_counts(paths), "excluded": excluded}
        print_json("splits", map(_split_row, splits), **head, events=to_json_data(shares))
    else:
        out = stdout_console()
        counts = f"{pluralise(len(paths), 'episode')} by {pluralise(_agents(paths), 'agent')}"
        passed = f"{sum(path.passed for path in paths)} pass (score >= {pass_at:g})"
        out.print(safe_text(f"{scenario}: {counts}, {passed}"), style="bold")
        _print_splits(out, splits)
        _print_shares(out, shares, paths)
    if excluded:
        print_to_stderr(f"{pluralise(excluded, 'episode')} excluded: cut off, or without an end")
    return 1 if left_out else 0


def _read_paths(
    log: EventLog,
    scenario: str,
    seed: int | None,
    runs: Sequence[str],
    pass_at: float,
    left_out: LeftOut,
) -> tuple[list[Path], int]:
    """Return the paths of the episodes that count, and the number of those that do not."""
    paths, excluded, names = [], 0, set()
    named: list[str | None] = [find_run(log, each) for each in runs]
    for run in named or [None]:
        found = read_outcomes(log, run=run, scenario=scenario, left_out=left_out)
        for outcome, stream in show_progress(found, total=None, label="reading"):
            if seed is not None and outcome.seed != seed:
                continue
            names.add(outcome.setting.scenario)
            if outcome.excluded:
                excluded += 1
            else:
                paths.append(path_of(outcome, stream, pass_at=pass_at))
    if len(names) > 1:
        told = ", ".join(sorted(names))
        raise RefoldError(f"group {scenario}: expected one scenario, got {told}; name one")
    return paths, excluded


def _agents(paths: Iterable[Path]) -> int:
    return len({path.agent for path in paths})


def _counts(paths: Sequence[Path]) -> dict[str, int]:
    passed = sum(path.passed for path in paths)
    return {"episodes": len(paths), "passed": passed, "agents": _agents(paths)}


def _split_row(split: Split) -> dict[str, Any]:
    return {
        "step": split.position,
        **_counts(split.paths),
        "bits": round(split.bits, 4),
        "of": round(split.total, 4),
        "clear": split.clear,
        "choices": [
            {
                "action": choice.action,
                **_counts(choice.paths),
                "ids": [path.id for path in choice.paths],
            }
            for choice in split.choices
        ],
    }


def _print_splits(out: "Console", splits: Sequence[Split]) -> None:
    clear = [split for split in splits if split.clear][:_SPLITS_SHOWN]
    for split in clear or splits[:1]:
        steps = pluralise(split.position, "step")
        counts = f"{pluralise(len(split.paths), 'episode')}, {_passed(split.paths)} pass"
        bits = f"{split.bits:.1f} of {split.total:.1f} bits"
        chance = "" if split.clear else " (no more than at random)"
        out.print()
        out.print(safe_text(f"after {steps}: {counts}   {bits}{chance}"))
        _print_choices(out, split)
    if not splits:
        out.print()
        out.print(
            "in no state do several episodes choose one action, and others another, "
            "with different results"
        )
        out.print(
            "episodes of different seeds rarely reach the same state: record more with --same-seed"
        )


def _passed(paths: Iterable[Path]) -> int:
    return sum(path.passed for path in paths)


def _print_choices(out: "Console", split: Split) -> None:
    listing = new_table(["passes", "bar", "action", "agents"], right=["passes"])
    listing.show_header = False
    for choice in split.choices:
        add_row(
            listing,
            f"{choice.passed} of {len(choice.paths)} pass",
            _bar(choice),
            _action_text(choice),
            _agents_text(choice.paths) if choice.action is not None else None,
        )
    out.print(listing)
    passes = [path for path in split.choices[0].paths if path.passed]
    failures = [path for path in split.choices[-1].paths if not path.passed]
    if passes and failures:
        ids = " ".join(path.id[:SHORT_ID_LENGTH] for path in (passes[0], failures[0]))
        out.print(safe_text(f"  look: refold diff {ids} --step {split.position + 1}"), style="dim")


def _bar(choice: Choice) -> str:
    width = min(len(choice.paths), _WIDEST_BAR)
    full = round(width * choice.passed / len(choice.paths))
    return "#" * full + "." * (width - full)


def _action_text(choice: Choice) -> str:
    if choice.action is not None:
        return choice.action
    return f"{pluralise(len(choice.paths), 'other action')}, once each"


def _agents_text(paths: Iterable[Path]) -> str:
    names = list(dict.fromkeys(path.agent or "-" for path in paths))
    more = f" and {len(names) - _AGENTS_SHOWN} more" if len(names) > _AGENTS_SHOWN else ""
    return ", ".join(names[:_AGENTS_SHOWN]) + more


def _print_shares(out: "Console", shares: Sequence[EventShare], paths: Sequence[Path]) -> None:
    telling = [each for each in shares if each.difference][:_EVENTS_SHOWN]
    if not telling:
        return
    passes = _passed(paths)
    out.print()
    kinds = pluralise(len(shares), "kind")
    out.print(f"what passes have and failures lack, and the reverse ({kinds} of event looked at)")
    listing = new_table(["passes", "failures", "agents", "event"], right=["passes", "failures"])
    for each in telling:
        add_row(
            listing,
            f"{each.passes} of {passes}",
            f"{each.failures} of {len(paths) - passes}",
            each.agents,
            each.event,
        )
    out.print(listing)
    if any(each.agents == 1 for each in telling):
        out.print("by one agent only: the agent and the event cannot be told apart")
