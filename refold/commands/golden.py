"""``refold golden``: recorded episodes as text files, to be reviewed and tested against."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from refold.commands.shared.files import new_file_beside, output_file, publish
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.options import (
    episode_argument,
    format_examples,
    json_option,
    logs_option,
    open_existing,
)
from refold.commands.shared.output import SHORT_ID_LENGTH, print_json, print_to_stderr, safe_text
from refold.engine import EpisodeInfo, RefoldError, Stream
from refold.engine.definition import header_of
from refold.graders import grade
from refold.replays import verify
from refold.replays.golden import find_goldens, golden_text, has_ended, read_golden

FOLDER = "goldens"

# The name becomes a file's: no separators, no leading dot, nothing that a shell would expand.
_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@click.group("golden", epilog=format_examples("refold golden add last", "refold golden check"))
def golden_command() -> None:
    """Keep recorded episodes as text files, one event a line, and check them."""


def _folder_option(command: Any) -> Any:
    return click.option(
        "--folder",
        metavar="FOLDER",
        default=FOLDER,
        show_default=True,
        help="Folder of the goldens.",
    )(command)


@golden_command.command(
    "add",
    epilog=format_examples(
        "refold golden add last",
        "refold golden add 3f2a --name two-retries --folder tests/goldens",
    ),
)
@episode_argument("id")
@click.option("--name", help="Name of the golden; scenario and agent if not given.")
@_folder_option
@logs_option
@json_option
def add_command(id: str, name: str | None, folder: str, log_path: str, as_json: bool) -> None:
    """
    Write the episode ID as a golden: its stored events, byte for byte.

    The episode must have ended, and its rules must still produce the same events. Nothing is
    overwritten.
    """
    with open_existing(log_path, readonly=True) as log:
        info = log.find(id)
        stream = log.events(info.id)
    text = _verified_text(stream, info)
    path = _write_golden(Path(folder), _default_name(info) if name is None else name, text)
    if as_json:
        print_json("goldens", [_golden_row(path, stream)])
    else:
        size = pluralise(len(stream), "event")
        print_to_stderr(
            f"{path}: {size} of {info.scenario}, digest {stream.digest[:SHORT_ID_LENGTH]}"
        )


@golden_command.command(
    "check",
    epilog=format_examples("refold golden check", "refold golden check --folder tests/goldens"),
)
@_folder_option
@json_option
def check_command(folder: str, as_json: bool) -> int:
    """
    Re-run the rules on every golden of a folder, and compare the events.

    Exits with 1 if the rules no longer produce the same events.
    """
    if not Path(folder).is_dir():
        raise RefoldError(f"--folder {folder}: expected a folder of goldens, got none")
    verdicts = list(check_goldens(Path(folder)))
    wrong = sum(problem is not None for _, problem in verdicts)
    if as_json:
        rows = (
            {"golden": name, "ok": not problem, "problem": problem} for name, problem in verdicts
        )
        print_json("verdicts", rows)
    else:
        for name, problem in verdicts:
            click.echo(safe_text(f"{name}  {problem or 'ok'}"))
        print_to_stderr(f"{pluralise(len(verdicts), 'golden')} checked, {wrong} wrong")
    return 1 if wrong else 0


def _verified_text(stream: Stream, info: EpisodeInfo) -> str:
    """
    Return the text of *stream* as a golden, checked.

    Raises:
        RefoldError: The rules no longer produce the episode, so its golden would fail at once.
    """
    if not has_ended(stream):
        raise RefoldError(
            f"episode {info.id}: expected one that has ended, got one that has not; "
            f"`refold resume {info.id}` plays the rest"
        )
    found = verify(stream)
    text = golden_text(stream)
    # Read back as a test will read it: line ends or an old format must not change the digest.
    again = Stream.read(text.encode().splitlines(), episode=info.id)
    if found is not None or again.digest != stream.digest:
        place = found.seq if found else 0
        raise RefoldError(
            f"episode {info.id}: expected one that its rules make again, got another event "
            f"{place}; `refold verify {info.id}` shows it"
        )
    return text


def _default_name(info: EpisodeInfo) -> str:
    parts = re.findall(r"[A-Za-z0-9._]+", f"{info.scenario} {info.agent}")
    return "-".join(parts)[:100]


def _write_golden(folder: Path, name: str, text: str) -> Path:
    """Write a new golden and return its path; an existing file is never overwritten."""
    if not _NAME_PATTERN.fullmatch(name):
        raise RefoldError(
            f"--name: expected 1 to 100 letters, digits, dots, dashes or underscores, got {name!r}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    if path.exists():
        raise RefoldError(
            f"{path}: expected a new name, got that of a golden; remove it, or give --name"
        )
    with new_file_beside(path) as temporary:
        with output_file(str(temporary)) as file:
            file.write(text.encode())
        publish(temporary, path)
    return path


def _golden_row(path: Path, stream: Stream) -> dict[str, Any]:
    return {
        "name": path.stem,
        "path": str(path),
        "scenario": header_of(stream.scenario).name,
        "events": len(stream),
        "digest": stream.digest,
        "score": grade(stream).score,
    }


def check_goldens(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield the name of each golden in *folder*, and its problem; None if it has none."""
    for path in find_goldens(folder):
        name = path.name.removesuffix(".jsonl")
        try:
            found = verify(read_golden(path))
        except RefoldError as error:
            yield name, str(error)
        else:
            yield name, None if found is None else f"event {found.seq}: the rules make another"
