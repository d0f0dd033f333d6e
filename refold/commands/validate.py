"""``refold validate``."""

from collections.abc import Mapping, Sequence

import click
from attrs import asdict

from refold.commands.shared.agreement_text import agreement_data
from refold.commands.shared.input_types import Number
from refold.commands.shared.judge_options import JudgeChoice, with_judge_options
from refold.commands.shared.label_choice import read_labels, values_of, verdicts
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    json_option,
    logs_option,
    open_existing,
    pass_at_option,
)
from refold.commands.shared.output import print_json
from refold.commands.shared.score_source import RECORDED, read_scores
from refold.commands.shared.validation_words import Labelled, print_validation
from refold.engine import RefoldError
from refold.labels.drawing import QUEUE
from refold.reports.agreement import Agreement, author_pairs, kappa, measure, pairs_of
from refold.reports.labelled import LabelledUnit
from refold.reports.validation import Judged, Validation, validate


@click.command(
    "validate",
    epilog=format_examples(
        "refold validate --label correct",
        "refold validate --label correct strict.toml",
        "refold validate --label correct mine.py:careful --at-least 0.9 --json",
    ),
)
@click.argument("by", required=False, default=RECORDED, metavar="[BY]")
@click.option("--label", "name", required=True, metavar="NAME", help="Name of the label.")
@filter_options
@pass_at_option
@click.option(
    "--at-least",
    type=Number(0, 1),
    default=0.8,
    show_default=True,
    help="Lowest precision, recall and specificity of a trusted grader.",
)
@with_judge_options
@logs_option
@json_option
def validate_command(
    by: str,
    name: str,
    scenario: str | None,
    agent: str | None,
    run: str | None,
    pass_at: float,
    at_least: float,
    judge_choice: JudgeChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Compare a grader with people's labels before you trust its scores.

    BY is a rubric's TOML file, FILE.py:FUNCTION, the name of saved grades, or `recorded`: the
    rubric that each episode was recorded with. The first value of the label means good, the
    second bad; other values are left out, and so are ties.

    A grader is trusted if the lower ends of the intervals of its precision, recall and specificity
    reach --at-least, with at least 30 labels of each value. Exits with 1 if the upper end of one
    does not reach it; anything in between is `cannot tell`.
    """
    with telling_left_out() as left_out, open_existing(log_path, readonly=True) as log:
        values = values_of(log, name)
        units = read_labels(log, name, scenario=scenario, agent=agent, run=run)
        said = verdicts(units, values)
        ids = list(said.good)
        scores = read_scores(log, by, ids, judge_choice, left_out, pass_at=pass_at) if ids else {}
        if missing := len(ids) - len(scores):
            said.left_out["without a score"] += missing
        judged = [
            Judged(unit.episode, unit.scenario, scores[unit.episode], said.good[unit.episode])
            for unit in said.units
            if unit.episode in scores
        ]
        if not judged:
            why = ", ".join(f"{count} {what}" for what, count in said.left_out.items()) or "none"
            raise RefoldError(
                f"label {name!r}: expected episodes that people call {values[0]} or {values[1]} "
                f"and {by} scores, got {why}"
            )
    found = validate(judged, pass_at=pass_at, at_least=at_least)
    labelled = Labelled(name, by, tuple(values), said.left_out, *_drawn(said.units))
    people = _people([unit for unit in units if unit.step is None], values[:2])
    if as_json:
        _print_json(labelled, found, people)
    else:
        print_validation(labelled, found, people)
    return 1 if found.word == "not trusted" else 0


def _drawn(units: Sequence[LabelledUnit]) -> tuple[int, int]:
    """Return how many labels were drawn at random, and how many given to episodes chosen."""
    ways = [drawn.split(" ")[0] for unit in units for drawn in unit.drawn.values()]
    return ways.count(QUEUE), len(ways) - ways.count(QUEUE)


def _people(units: Sequence[LabelledUnit], values: Sequence[str]) -> dict[str, Agreement]:
    """Return how far each two people agree on good and bad, by their names."""
    decided = [
        {author: value for author, value in unit.values.items() if value in values}
        for unit in units
    ]
    scenarios = [unit.scenario for unit in units]
    found = {}
    for one, other in author_pairs(decided):
        both = [
            (scenario, pair)
            for scenario, unit in zip(scenarios, decided, strict=True)
            for pair in pairs_of([unit], one, other)
        ]
        found[f"{one} - {other}"] = measure(
            [pair for _, pair in both], [scenario for scenario, _ in both], kappa
        )
    return found


def _print_json(labelled: Labelled, found: Validation, people: Mapping[str, Agreement]) -> None:
    told = asdict(found)
    told["kappa"] = agreement_data(found.kappa)
    told["marks"] = [{"pass_at": mark, "kappa": value} for mark, value in found.marks]
    told["table"] = [
        {"passes": passes, "good": good, "episodes": count}
        for (passes, good), count in found.table.items()
    ]
    wrong = [*told.pop("false_passes"), *told.pop("false_failures")]
    between = {names: agreement_data(each) for names, each in people.items()}
    print_json("wrong", wrong, **asdict(labelled), **told, people=between)
