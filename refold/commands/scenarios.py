"""``refold scenarios``."""

import click

from refold.commands.shared.options import format_examples, json_option, scenario_argument
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    safe_lines,
    safe_text,
    stdout_console,
    to_json_data,
)
from refold.scenarios import Criterion, Scenario, load, scenario_names, scenario_source
from refold.scenarios.strict import plain as parameters_of


@click.command(
    "scenarios",
    epilog=format_examples(
        "refold scenarios",
        "refold scenarios workflow/hard",
        "refold scenarios ./mine.toml",
        "refold scenarios workflow/hard --toml > mine.toml",
    ),
)
@scenario_argument("name")
@click.option(
    "--toml", "as_toml", is_flag=True, help="Print NAME's TOML file, as a start for your own."
)
@json_option
def scenarios_command(name: str | None, as_toml: bool, as_json: bool) -> None:
    """List the built-in scenarios, or show NAME: one of them, or a TOML file."""
    if as_toml:
        if name is None:
            raise click.UsageError("--toml: expected a NAME, got none")
        click.echo(safe_lines(scenario_source(name)), nl=False)
        return
    chosen = [load(each) for each in ([name] if name else scenario_names())]
    if as_json:
        print_json("scenarios", map(to_json_data, chosen))
    elif name:
        _print_scenario(chosen[0])
    else:
        listing = new_table(
            ["scenario", "title", "rules", "seed", "rubric"],
            right=["rules", "seed"],
            spare=["rubric", "rules"],
        )
        for each in chosen:
            rubric = f"{each.rubric.name} v{each.rubric.version}"
            add_row(listing, each.name, each.title, each.rules, each.seed, rubric)
        stdout_console().print(listing)


def _print_scenario(scenario: Scenario) -> None:
    out = stdout_console()
    out.print(safe_text(f"{scenario.name}: {scenario.title}"), style="bold")
    out.print(safe_text(f"family {scenario.family}, rules {scenario.rules}, seed {scenario.seed}"))
    out.print(safe_lines(f"\n{scenario.description}\n"))
    tables = {}
    for key, value in parameters_of(scenario.parameters).items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            tables[key] = list(value)
        elif value not in (None, [], ()):
            out.print(safe_text(f"{key}: {_cell_text(value)}"))
    for key, rows in tables.items():
        _print_list_parameter(key, rows)
    rubric = new_table(["criterion", "weight", "measure", "gate"], title="rubric", right=["weight"])
    for criterion in scenario.rubric.criteria:
        add_row(rubric, criterion.name, criterion.weight, _measure_text(criterion), criterion.gate)
    out.print()
    out.print(rubric)


def _print_list_parameter(title: str, rows: list[dict[str, object]]) -> None:
    # Long texts would fold every row; --toml shows them.
    columns = [key for key in rows[0] if key not in ("description", "output", "body")]
    listing = new_table(columns, title=title)
    for row in rows:
        add_row(listing, *(_cell_text(row.get(key)) for key in columns))
    out = stdout_console()
    out.print()
    out.print(listing)


def _cell_text(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _measure_text(criterion: Criterion) -> str:
    if criterion.parts:
        return " + ".join(f"{part.weight:g} {part.name}" for part in criterion.parts)
    params = ", ".join(f"{name}={value}" for name, value in criterion.params.items())
    return f"{criterion.measure}({params})"
