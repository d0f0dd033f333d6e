"""``refold label``."""

import shlex
import sys
from collections.abc import Sequence

import click
from attrs import frozen

from refold.commands.shared.blind import print_blind
from refold.commands.shared.labelling import (
    author_option,
    declared_values,
    said_words,
    step_option,
    take_back_option,
)
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    log_option,
    open_existing,
)
from refold.commands.shared.output import print_to_stderr
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.labels.drawing import drawn_from, queue
from refold.labels.making import make_label
from refold.labels.values import agreed_values


@frozen
class _Asked:
    """What is asked of whom, and about which episodes."""

    name: str
    author: str
    values: Sequence[str]
    scenario: str | None
    agent: str | None
    run: str | None

    def queue(self, log: EventLog) -> list[EpisodeInfo]:
        """Return the episodes that the author has not labelled, in the order of labelling."""
        found = log.episodes(scenario=self.scenario, agent=self.agent, run=self.run)
        return queue(self.name, self.author, found, log.remarks())

    @property
    def drawn(self) -> str:
        """How a label says that its episode came from this queue."""
        return drawn_from(scenario=self.scenario, agent=self.agent, run=self.run)


def _split_values(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> Sequence[str]:
    return tuple(each.strip() for each in value.split(",")) if value else ()


@click.command(
    "label",
    epilog=format_examples(
        "refold label last --name correct --value yes --by anna",
        "refold label 3f2a --step 7 --name harmful --value no --by anna --note 'asked first'",
        "refold label --next --name correct --by anna",
    ),
)
@click.argument("id", required=False)
@click.option("--name", required=True, metavar="NAME", help="Name of the label.")
@click.option("--value", metavar="VALUE", help="The answer.")
@click.option(
    "--values",
    callback=_split_values,
    metavar="A,B…",
    help="The allowed answers, fixed by the first label of this name; yes,no,unsure if not given.",
)
@click.option("--note", default="", metavar="TEXT", help="The reason for it.")
@step_option
@click.option("--next", "from_queue", is_flag=True, help="The next episode in random order.")
@filter_options
@take_back_option
@author_option
@log_option
def label_command(
    id: str | None,
    name: str,
    value: str | None,
    values: Sequence[str],
    note: str,
    step: int | None,
    from_queue: bool,
    scenario: str | None,
    agent: str | None,
    run: str | None,
    back: bool,
    author: str,
    log_path: str,
) -> int:
    """
    Label an episode, or one of its steps. The log keeps labels beside the events.

    The newest label of each person counts, and all are kept. The first label of a name fixes its
    allowed values: of two or more, the first means good, the second bad.

    With --next and no ID, shows the next episode that you have not labelled, in random order,
    without its agent, score or labels. On a terminal you are asked for the value; otherwise the
    command to give it is printed. With ID, --next records that the episode was drawn this way.
    """
    asked = _Asked(name, author, values, scenario, agent, run)
    if id is None:
        if not from_queue or value is not None or back or step is not None:
            raise click.UsageError("expected ID with --value, or --next alone, got neither")
        return _label_queue(asked, log_path)
    if (value is None) is not back:
        raise click.UsageError("expected --value or --take-back, got neither or both")
    if not from_queue and (scenario or agent or run):
        raise click.UsageError("expected --scenario, --agent and --run with --next only")
    with open_existing(log_path, readonly=False) as log, log.transaction():
        info = log.find(id)
        drawn = _check_next(asked, log, info) if from_queue else ""
        _store(log, info, asked, value, step=step, note=note, drawn=drawn)
    return 0


def _store(
    log: EventLog,
    info: EpisodeInfo,
    asked: _Asked,
    value: str | None,
    *,
    step: int | None = None,
    note: str = "",
    drawn: str = "",
) -> None:
    """Store a label and tell what was stored."""
    remark = make_label(
        info,
        asked.name,
        value,
        author=asked.author,
        choices=_agreed(log, asked, value),
        step=step,
        note=note,
        drawn=drawn,
    )
    log.save_remark(remark)
    print_to_stderr(said_words(remark))


def _agreed(log: EventLog, asked: _Asked, value: str | None) -> tuple[str, ...]:
    remarks, declared = log.remarks(), declared_values()
    return agreed_values(asked.name, remarks, asked.values, value, declared=declared)


def _check_next(asked: _Asked, log: EventLog, info: EpisodeInfo) -> str:
    """Return how the episode was drawn; raises RefoldError if another one is the next."""
    waiting = asked.queue(log)
    if not waiting or waiting[0].id != info.id:
        due = waiting[0].id if waiting else "none"
        raise RefoldError(
            f"--next: expected {due}, the next to label, got {info.id}; leave out --next to label "
            "it all the same"
        )
    return asked.drawn


def _label_queue(asked: _Asked, log_path: str) -> int:
    """Show the next episode, and ask for its label if there is somebody to ask."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    with open_existing(log_path, readonly=not interactive) as log:
        while waiting := asked.queue(log):
            values = _agreed(log, asked, None)
            print_blind(waiting[0], log.events(waiting[0].id), name=asked.name, left=len(waiting))
            if not interactive:
                print_to_stderr(_command_for(asked, waiting[0], values))
                return 0
            value = _ask(values)
            if value is None:
                return 0
            note = click.prompt("note", default="", show_default=False, err=True)
            _store(log, waiting[0], asked, value, note=note, drawn=asked.drawn)
    print_to_stderr(f"nothing left that {asked.author} has not labelled {asked.name!r}")
    return 0


def _ask(values: Sequence[str]) -> str | None:
    """Return the value that the person at the terminal gives; None to stop."""
    offered = ", ".join(f"{number} {value}" for number, value in enumerate(values, 1))
    keys = {**{str(number): value for number, value in enumerate(values, 1)}, "q": None}
    keys |= {value: value for value in values}
    while True:
        given = click.prompt(f"{offered}, q to stop", prompt_suffix=" > ", err=True)
        if given in keys:
            return keys[given]


def _command_for(asked: _Asked, info: EpisodeInfo, values: Sequence[str]) -> str:
    """Return the command that labels the episode as the next."""
    words = ["refold", "label", info.id, "--next", "--name", asked.name]
    given = {"scenario": asked.scenario, "agent": asked.agent, "run": asked.run}
    given |= {"values": ",".join(asked.values), "by": asked.author}
    words += [word for key, value in given.items() if value for word in (f"--{key}", value)]
    return f"to label it: {shlex.join(words)} --value {'|'.join(values)}"
