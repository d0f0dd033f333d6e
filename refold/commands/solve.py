"""``refold solve``."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import click
from attrs import frozen

from refold.commands.record import load_scenarios
from refold.commands.shared.input_types import Number, OneOf, WholeNumber
from refold.commands.shared.options import (
    format_examples,
    json_option,
    log_option,
    scenario_argument,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_text,
    stdout_console,
)
from refold.commands.shared.progress import make_progress_bar
from refold.engine import EventLog
from refold.engine.episode import LARGEST_SEED
from refold.graders import grade, save_grade
from refold.scenarios import Scenario
from refold.scenarios.search import Objective
from refold.solving import Limits, Solution, play_actions, solve

_OBJECTIVES: tuple[Objective, ...] = ("score", "return")
_GIGABYTE = 10**9


@frozen
class _Recorded:
    """A solution, and its episode in the log."""

    solution: Solution
    episode: str


@click.command(
    "solve",
    epilog=format_examples(
        "refold solve workflow/hard",
        "refold solve workflow inbox --objective score --json",
        "refold solve ./mine.toml --time-limit 60",
    ),
)
@scenario_argument("scenario", many=True)
@click.option(
    "--objective",
    type=OneOf(_OBJECTIVES),
    help="What to maximise; if not given, both, one after the other.",
)
@click.option(
    "--seed",
    type=WholeNumber(0, LARGEST_SEED),
    help="Seed to solve; the scenario's own if not given.",
)
@click.option(
    "--time-limit",
    type=Number(0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds for each scenario and objective.",
)
@click.option(
    "--memory-limit",
    type=Number(0, min_open=True),
    default=4,
    show_default=True,
    help="Memory limit of the process, in gigabytes.",
)
@log_option
@json_option
def solve_command(
    scenario: Sequence[str],
    objective: Objective | None,
    seed: int | None,
    time_limit: float,
    memory_limit: float,
    log_path: str,
    as_json: bool,
) -> None:
    """
    Find the best possible score and the largest return of each SCENARIO, with a proof.

    The episode with the best score is recorded in the log under the agent `optimal` if it is proved
    to be the best, otherwise under `best-found`; the one with the largest return under
    `optimal-return` or `best-found-return`. If a limit stops the search, the result comes with a
    bound that no episode exceeds, and the gap to it.
    """
    scenarios = load_scenarios(scenario)
    objectives = _OBJECTIVES if objective is None else (objective,)
    with EventLog(log_path) as log:
        found = [
            _record(log, _solve(each, aim, seed, time_limit, memory_limit))
            for each in scenarios
            for aim in objectives
        ]
    if as_json:
        print_json("solutions", map(_solution_row, found))
    else:
        _print_solutions(found)


def _solve(
    scenario: Scenario, objective: Objective, seed: int | None, seconds: float, gigabytes: float
) -> Solution:
    limits = Limits(seconds, int(gigabytes * _GIGABYTE))
    with make_progress_bar(None) as bar:
        task = bar.add_task(safe_text(f"{scenario.name}: {objective}"), total=None)

        def watch(step: int, width: int, best: float, bound: float) -> None:
            known = f"best {best:.4f}, at most {bound:.4f}" if isfinite(best) else "nothing yet"
            text = f"{scenario.name}: {objective} {known}; step {step + 1}, {width} states"
            bar.update(task, description=safe_text(text))

        return solve(scenario, objective=objective, seed=seed, limits=limits, watch=watch)


def _record(log: EventLog, solution: Solution) -> _Recorded:
    episode = play_actions(
        solution.scenario, solution.seed, solution.actions, log=log, agent=solution.agent
    )
    save_grade(log, episode.id, grade(episode.events))
    return _Recorded(solution, episode.id)


def _solution_row(each: _Recorded) -> dict[str, Any]:
    solution = each.solution
    known = isfinite(solution.bound)
    return {
        "scenario": solution.scenario.name,
        "seed": solution.seed,
        "objective": solution.objective,
        "score": solution.score,
        "total": solution.total,
        "bound": solution.bound if known else None,
        "gap": solution.gap if known else None,
        "proved": solution.proved,
        "states": solution.states,
        "stopped": solution.stopped,
        "agent": solution.agent,
        "episode": each.episode,
    }


def _print_solutions(found: Sequence[_Recorded]) -> None:
    right = ["score", "return", "bound", "states"]
    listing = new_table(["scenario", "best", *right, "", "episode"], right=right, spare=["states"])
    for each in found:
        solution = each.solution
        add_row(
            listing,
            solution.scenario.name,
            solution.objective,
            f"{solution.score:.4f}",
            f"{solution.total:.4f}",
            f"{solution.bound:.4f}" if isfinite(solution.bound) else "none",
            solution.states,
            "proved" if solution.proved else _say_gap(solution),
            each.episode,
        )
    out = stdout_console()
    out.print(listing)
    for line in _remarks([each.solution for each in found]):
        out.print(safe_text(line))


def _say_gap(solution: Solution) -> str:
    gap = f"gap {solution.gap:.4f}" if isfinite(solution.gap) else "no bound"
    return f"{gap}, {solution.stopped}"


def _remarks(solutions: Sequence[Solution]) -> Iterator[str]:
    """Yield what the figures alone do not say."""
    by_scenario: dict[str, dict[Objective, Solution]] = {}
    for each in solutions:
        name = each.scenario.name
        by_scenario.setdefault(name, {})[each.objective] = each
        if each.general and not each.proved and each.objective == "score":
            yield f"{name}: its family or rubric has no search of its own; bound: the ceiling"
    for name, both in by_scenario.items():
        if len(both) == len(_OBJECTIVES) and both["return"].score < both["score"].score:
            lost = both["score"].score - both["return"].score
            yield f"{name}: the largest return found costs {lost:.4f} of the score"
