"""``refold golden``: recorded episodes as text files, to be reviewed and tested against."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from refold.commands.shared.options import (
    episode_argument,
    examples,
    json_option,
    log_option,
    open_existing,
)
from refold.commands.shared.output import SHORT, counted, print_json, safe, words
from refold.engine import EpisodeInfo, RefoldError, Stream
from refold.engine.codec import header_of
from refold.graders import grade
from refold.replays import verify
from refold.replays.golden import find_goldens, golden_text, read_golden

FOLDER = "goldens"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@click.group("golden", epilog=examples("refold golden add last", "refold golden check"))
def golden_command() -> None:
    """Keep recorded episodes as text files, one event a line, and check them."""


def _folder_option(command: Any) -> Any:
    return click.option(
        "--folder",
        metavar="FOLDER",
        default=FOLDER,
        show_default=True,
        help="Where the goldens are.",
    )(command)


@golden_command.command(
    "add",
    epilog=examples(
        "refold golden add last",
        "refold golden add 3f2a --name two-retries --folder tests/goldens",
    ),
)
@episode_argument("id")
@click.option("--name", help="Name of the golden; scenario and agent if none is given.")
@_folder_option
@log_option
@json_option
def add_command(id: str, name: str | None, folder: str, log: str, as_json: bool) -> None:
    """
    Write the episode ID as a golden: its stored events, byte for byte.

    Only an episode that its rules make again is taken, and nothing is overwritten.
    """
    with open_existing(log, readonly=True) as opened:
        info = opened.find(id)
        stream = opened.events(info.id)
    text = _checked(stream, info)
    path = _write(Path(folder), _default_name(info) if name is None else name, text)
    if as_json:
        print_json("goldens", [_row(path, stream)])
    else:
        size = counted(len(stream), "event")
        words(f"{path}: {size} of {info.scenario}, digest {stream.digest[:SHORT]}")


@golden_command.command(
    "check", epilog=examples("refold golden check", "refold golden check --folder tests/goldens")
)
@_folder_option
@json_option
def check_command(folder: str, as_json: bool) -> int:
    """
    Decide every golden of a folder again, and compare byte for byte.

    Exits with 1 if the rules no longer make one of them.
    """
    if not Path(folder).is_dir():
        raise RefoldError(f"--folder {folder}: expected a folder of goldens, got none")
    verdicts = list(_verdicts(Path(folder)))
    wrong = sum(problem is not None for _, problem in verdicts)
    if as_json:
        rows = (
            {"golden": name, "ok": not problem, "problem": problem} for name, problem in verdicts
        )
        print_json("verdicts", rows)
    else:
        for name, problem in verdicts:
            click.echo(safe(f"{name}  {problem or 'ok'}"))
        words(f"{counted(len(verdicts), 'golden')} checked, {wrong} wrong")
    return 1 if wrong else 0


def _checked(stream: Stream, info: EpisodeInfo) -> str:
    """Return the text of a golden that holds, or raise RefoldError."""
    found = verify(stream)
    text = golden_text(stream)
    again = Stream.read(text.encode().splitlines(), episode=info.id)
    if found is not None or again.digest != stream.digest:
        place = found.seq if found else 0
        raise RefoldError(
            f"episode {info.id}: expected one that its rules make again, got another event "
            f"{place}; `refold verify {info.id}` shows it"
        )
    return text


def _default_name(info: EpisodeInfo) -> str:
    words_ = re.findall(r"[A-Za-z0-9._]+", f"{info.scenario} {info.agent}")
    return "-".join(words_)[:100]


def _write(folder: Path, name: str, text: str) -> Path:
    if not _NAME.fullmatch(name):
        raise RefoldError(
            f"--name: expected 1 to 100 letters, digits, dots, dashes or underscores, got {name!r}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise RefoldError(
            f"{path}: expected a new name, got that of a golden; remove it, or give --name"
        ) from None
    return path


def _row(path: Path, stream: Stream) -> dict[str, Any]:
    return {
        "name": path.stem,
        "path": str(path),
        "scenario": header_of(stream.scenario).name,
        "events": len(stream),
        "digest": stream.digest,
        "score": grade(stream).score,
    }


def _verdicts(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield the name of each golden of *folder*, and what is wrong with it."""
    for path in find_goldens(folder):
        name = path.name.removesuffix(".jsonl")
        try:
            found = verify(read_golden(path))
        except RefoldError as error:
            yield name, str(error)
        else:
            yield name, None if found is None else f"event {found.seq}: the rules make another"
