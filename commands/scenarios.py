"""``refold scenarios``."""

import click

from commands.options import json_option, scenario_argument
from commands.output import add_row, console, plain, print_json, safe, table
from scenarios import Criterion, Scenario, load, scenario_names
from scenarios.strict import plain as parameters_of


@click.command("scenarios")
@scenario_argument("name")
@json_option
def scenarios_command(name: str | None, as_json: bool) -> None:
    r"""
    List the scenarios that ship, or show the one called NAME (or in the file NAME).

    \b
    Examples:
      refold scenarios
      refold scenarios workflow/hard
      refold scenarios ./mine.toml
    """
    chosen = [load(each) for each in ([name] if name else scenario_names())]
    if as_json:
        print_json("scenarios", map(plain, chosen))
    elif name:
        _show(chosen[0])
    else:
        listing = table(["scenario", "title", "rules", "seed", "rubric"], right=["rules", "seed"])
        for each in chosen:
            rubric = f"{each.rubric.name} v{each.rubric.version}"
            add_row(listing, each.name, each.title, each.rules, each.seed, rubric)
        console().print(listing)


def _show(scenario: Scenario) -> None:
    out = console()
    out.print(safe(f"{scenario.name}: {scenario.title}"), style="bold")
    out.print(safe(f"family {scenario.family}, rules {scenario.rules}, seed {scenario.seed}"))
    out.print(safe(f"\n{scenario.description}\n"))
    rows = parameters_of(scenario.parameters)
    for key, value in rows.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            _list_table(key, list(value))
        elif value not in (None, [], ()):
            out.print(safe(f"{key}: {value}"))
    rubric = table(["criterion", "weight", "measure", "gate"], title="rubric", right=["weight"])
    for criterion in scenario.rubric.criteria:
        add_row(rubric, criterion.name, criterion.weight, _measure(criterion), criterion.gate)
    out.print()
    out.print(rubric)


def _list_table(title: str, rows: list[dict[str, object]]) -> None:
    columns = [key for key in rows[0] if key not in ("description", "output", "body")]
    listing = table(columns, title=title)
    for row in rows:
        add_row(listing, *(_cell(row.get(key)) for key in columns))
    out = console()
    out.print()
    out.print(listing)


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _measure(criterion: Criterion) -> str:
    if criterion.parts:
        return " + ".join(f"{part.weight:g} {part.name}" for part in criterion.parts)
    params = ", ".join(f"{name}={value}" for name, value in criterion.params.items())
    return f"{criterion.measure}({params})"
