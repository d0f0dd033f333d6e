"""``refold generate``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from refold.commands.shared.files import STDOUT, output_file
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.input_types import OneOf, WholeNumber
from refold.commands.shared.options import format_examples, json_option
from refold.commands.shared.output import print_json, print_to_stderr
from refold.commands.shared.progress import show_progress
from refold.engine import RefoldError
from refold.engine.episode import LARGEST_SEED
from refold.generating import FAMILIES, SIZES, SPLITS, Generated, Recipe, Split, generate

_MOST = 100_000


def _read_knobs(
    _context: click.Context, _parameter: click.Parameter, given: Sequence[str]
) -> dict[str, float]:
    """Return the knobs of KNOB=NUMBER; their names and values are checked with the scenario."""
    knobs: dict[str, float] = {}
    for each in given:
        name, _, value = each.partition("=")
        if name in ("size", "split"):
            raise click.UsageError(f"--set: expected --{name} for that, got {each!r}")
        if name in knobs:
            raise click.UsageError(f"--set: expected each knob once, got {name} twice")
        try:
            knobs[name] = int(value) if value.lstrip("+-").isdecimal() else float(value)
        except ValueError:
            raise click.UsageError(
                f"--set: expected KNOB=NUMBER, such as tasks=60, got {each!r}"
            ) from None
    return knobs


@click.command(
    "generate",
    epilog=format_examples(
        "refold generate workflow --size hard > mine.toml",
        "refold generate workflow --size hard --split train --count 100 -o train/",
        "refold generate inbox --set threads=60 --set injected=8 --seed 7 -o big.toml",
    ),
)
@click.argument("family", type=OneOf(FAMILIES))
@click.option(
    "--size",
    type=OneOf(SIZES),
    default="easy",
    show_default=True,
    help="Size and difficulty: those of the built-in scenario of this name.",
)
@click.option(
    "--set",
    "knobs",
    metavar="KNOB=NUMBER",
    multiple=True,
    callback=_read_knobs,
    help="Change a knob of that size, such as tasks of a workflow or threads of an inbox, both up "
    "to 1000. May be given several times.",
)
@click.option(
    "--split",
    type=OneOf(SPLITS),
    default="all",
    show_default=True,
    help="Draw from this split; train and test have no scenario in common.",
)
@click.option(
    "--seed",
    type=WholeNumber(0, LARGEST_SEED),
    default=0,
    show_default=True,
    help="First seed; the others count up from it.",
)
@click.option(
    "--count", type=WholeNumber(1, _MOST), default=1, show_default=True, help="Number of scenarios."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER",
    default=STDOUT,
    help="Where to write; stdout if not given.",
)
@json_option
def generate_command(
    family: str,
    size: str,
    knobs: dict[str, float],
    split: Split,
    seed: int,
    count: int,
    output: str,
    as_json: bool,
) -> None:
    """
    Generate scenarios of version 2: small files that hold a size, knobs and a seed.

    Each scenario is drawn around a plan that scores 1, and played before it is written: if that
    plan fails, or doing nothing earns anything, it is reported and skipped, and the next seed
    takes its place. One scenario goes to the file that --output names, or to stdout; several go
    into the folder. Nothing is written until all are ready.
    """
    if output == STDOUT and (count > 1 or as_json):
        given = "--count" if count > 1 else "--json"
        raise click.UsageError(f"{given}: expected --output with it, got none; name a folder")
    refused: list[Generated] = []

    def tell(each: Generated) -> None:
        refused.append(each)
        print_to_stderr(f"left out: {each.scenario.name}: {'; '.join(each.problems)}")

    recipe = Recipe(family, size, split, knobs)
    making = generate(recipe, seed=seed, number=count, refused=tell)
    made = list(show_progress(making, total=count, label="generating"))
    paths = _write(made, output)
    if as_json:
        rows = (_row(each, recipe, path) for each, path in zip(made, paths, strict=True))
        print_json("generated", rows, left_out=len(refused))
    elif output != STDOUT:
        seeds = f"seed {made[0].scenario.seed}"
        if count > 1:
            seeds += f" to {made[-1].scenario.seed}"
        text = f"{output}: {pluralise(count, 'scenario')} like {recipe.shipped}, {seeds}"
        print_to_stderr(f"{text}; {len(refused)} left out")


def _write(made: Sequence[Generated], output: str) -> list[str]:
    """Write the files of *made*, and return their paths."""
    folder = Path(output)
    if len(made) == 1 and not (folder.is_dir() or output.endswith("/")):
        files = {output: made[0]}
    else:
        files = {str(folder / f"{each.scenario.name}.toml"): each for each in made}
        _prepare(folder, files)
    for path, each in files.items():
        with output_file(path) as file:
            file.write(each.source.encode())
    return list(files)


def _prepare(folder: Path, files: Mapping[str, Generated]) -> None:
    """
    Make *folder*, unless there is one.

    Raises:
        RefoldError: It cannot be made, or one of *files* is there and holds anything else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefoldError(f"{folder}: expected a folder, got {error.strerror}") from None
    for path, each in files.items():
        if Path(path).is_file() and Path(path).read_bytes() != each.source.encode():
            raise RefoldError(
                f"{path}: expected no file yet, or an equal one, got another; name another folder"
            )


def _row(each: Generated, recipe: Recipe, path: str) -> dict[str, Any]:
    return {
        "scenario": Path(path).stem,
        "file": path,
        "family": recipe.family,
        "size": recipe.size,
        "split": recipe.split,
        "knobs": recipe.knobs,
        "seed": each.scenario.seed,
        "witness": each.witness,
        "idle": each.idle,
        "steps": each.steps,
    }
