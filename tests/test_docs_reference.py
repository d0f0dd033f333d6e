"""What the documents have to cover is covered: commands, keys, measures, events, tables."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import click
import msgspec
import pytest
from pages import names, rows, section

from refold import cli
from refold.agents import known_agents
from refold.engine import ActionTaken, EventLog
from refold.engine.events import SHARED_EVENTS
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.registry import all_families, find_family
from refold.scenarios import Criterion, Rubric
from refold.scenarios.criteria import find_criteria
from refold.scenarios.inbox.parameters import EmailParameters, InboxParameters
from refold.scenarios.workflow.parameters import (
    SubtaskParameters,
    WorkerParameters,
    WorkflowParameters,
)

COMMAND = click.Context(cli.refold)
TABLES = {
    WorkflowParameters: "| key of `[parameters]`",
    SubtaskParameters: "| key of a subtask",
    WorkerParameters: "| key of a worker",
    InboxParameters: "| key of `[parameters]`",
    EmailParameters: "| key of an e-mail",
}
SECTIONS = {
    "workflow": ("docs/writing-a-scenario.md", "### Measures for workflows"),
    "inbox": ("docs/writing-a-scenario.md", "### Measures for inboxes"),
    "answered": ("docs/environments.md", "## What rubrics measure"),
}
"""Where the measures of each family stand."""


def inner_class(kind: Any) -> Any:
    """Return the attrs class that data of *kind*, such as a list of it, is made of, or None."""
    return kind if attrs.has(kind) else next(filter(None, map(inner_class, get_args(kind))), None)


def undocumented(kind: Any, tables: dict[str, dict[str, list[str]]]) -> Iterator[str]:
    """Yield the keys of *kind* that have no row in its table, nor are named in that of theirs."""
    table = tables[TABLES[kind]]
    for field in attrs.fields(kind):
        if field.name not in table:
            yield f"{kind.__name__}.{field.name}"
        elif (inner := inner_class(field.type)) in TABLES:
            yield from undocumented(inner, tables)
        elif inner is not None:
            named = names(" ".join(table[field.name]))
            yield from (each.name for each in attrs.fields(inner) if each.name not in named)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_command(name: str) -> None:
    """A section of the page on the command line names each argument and option of a command."""
    command = cli.refold.get_command(COMMAND, name)
    assert command is not None
    text = section("docs/cli.md", f"## {name}")
    assert f"`refold {name}" in text
    text += section("docs/cli.md", "## Models") if "(#models)" in text else ""
    for parameter in command.params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert option in text, f"{name} {option}"


def test_agents_are_documented() -> None:
    """The page on the command line names exactly the agents that there are."""
    table = rows(section("docs/cli.md", "## record"))
    assert {name for name in table if name[0] != "-"} == set(known_agents())


def json_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Return what a command prints with ``--json``."""
    capsys.readouterr()
    cli.run([*words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.slow
def test_json_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command's JSON has exactly the keys that the page on the command line lists."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    recorded = json_of(
        capsys, "record", "inbox/easy", "--agent", "random", "--epochs", "2", "--name", "x"
    )
    ids = [each["id"] for each in recorded["episodes"]]
    for agent in ("random", "baseline"):
        words = f"record inbox/easy --agent {agent} --epochs 3 --same-seed --log group.db"
        cli.run(words.split())
    for who, value in (("anna", "no"), ("ben", "yes")):
        cli.run(f"label last --name right --value {value} --by {who} --log group.db".split())
    cli.run(
        ["label", "last", "--name", "poor", "--value", "no", "--by", "ann", "--log", "group.db"]
    )
    cli.run(["export", "-o", "all.jsonl"])
    (tmp_path / "half.py").write_text("def half(events):\n    return 0.5\n")
    table = rows(section("docs/cli.md", "## JSON"))
    episode = set(names(table["record"][1]))
    expected = {
        command: ({*names(cells[0])}, {*names(cells[1])}) for command, cells in table.items()
    }
    beside = {"grade", "lineage", "optimum", "origin", "verdict"}
    expected["show"] = (expected["show"][0], episode | beside)
    used = {"input_tokens", "output_tokens", "cost", "verdict"}
    expected["episodes"] = (expected["episodes"][0], episode | used)
    expected["import"] = (expected["import"][0], (episode | {"given"}) - {"score", "scores"})
    expected["replay"][1].remove("--step")
    del expected["judge-check"]  # which needs a judge: its own tests look
    answers = {
        "record": recorded,
        "resume": json_of(capsys, "resume", "last"),
        "scenarios": json_of(capsys, "scenarios"),
        "episodes": json_of(capsys, "episodes"),
        "index": json_of(capsys, "index"),
        "show": json_of(capsys, "show", "last"),
        "fork": json_of(capsys, "fork", "last", "--at", "1", "--agent", "random", "--new-id", "f"),
        "solve": json_of(capsys, "solve", "inbox/easy"),
        "what-if": json_of(capsys, "what-if", ids[0], "--at", "2", "--agent", "baseline"),
        "import": json_of(capsys, "import", "all.jsonl", "--log", "other.db"),
        "replay": json_of(capsys, "replay", "last", "--step", "1"),
        "grade": json_of(capsys, "grade"),
        "regrade": json_of(capsys, "regrade", "--grader", "half.py:half"),
        "golden add": json_of(capsys, "golden", "add", ids[0]),
        "golden check": json_of(capsys, "golden", "check"),
        "verify": json_of(capsys, "verify"),
        "merge": json_of(capsys, "merge", "refold.db", "-o", "merged.db"),
        "diff": json_of(capsys, "diff", *ids),
        "runs": json_of(capsys, "runs"),
        "report": json_of(capsys, "report", "x"),
        "compare": json_of(capsys, "compare", "x", "x"),
        "labels": json_of(capsys, "labels", "--log", "group.db"),
        "agree": json_of(capsys, "agree", "--name", "right", "--log", "group.db"),
        "validate": json_of(capsys, "validate", "--label", "poor", "--log", "group.db"),
        "generate": json_of(capsys, "generate", "inbox", "-o", "made.toml"),
        "group": json_of(capsys, "group", "inbox/easy", "--log", "group.db"),
        "leaderboard": json_of(capsys, "leaderboard"),
        "baseline": json_of(capsys, "baseline", "--seeds", "1"),
    }
    assert answers.keys() == expected.keys()
    for command, (keys, items) in expected.items():
        (key,) = keys
        answer = answers[command]
        assert set(answer[key][0]) == items, command
        beside = section("docs/cli.md", "## JSON").partition("Beside the list")[2]
        assert set(answer) - keys <= set(names(beside)), command


@pytest.mark.parametrize("family", ["workflow", "inbox"])
def test_scenario_keys(family: str) -> None:
    """The page on scenarios says what every key is that a file of the family may have."""
    text = section("docs/writing-a-scenario.md", f"## {family.capitalize()}")
    tables = {each.partition(" | ")[0]: rows(each) for each in text.strip().split("\n\n")}
    assert not list(undocumented(find_family(family, 1).parameters, tables))


def test_rubric_keys() -> None:
    """The page on scenarios has a row for every key of a rubric and of a criterion."""
    table = rows(section("docs/writing-a-scenario.md", "## The rubric"))
    for kind in (Rubric, Criterion):
        assert {field.name for field in attrs.fields(kind)} <= set(table)


@pytest.mark.parametrize("family", SECTIONS)
def test_measures(family: str) -> None:
    """The page on them names exactly the measures that there are, with their parameters."""
    table = rows(section(*SECTIONS[family]))
    measures = find_criteria(family, 1).measures
    documented = {
        name: sorted(names(cells[1])) if len(cells) > 1 else [] for name, cells in table.items()
    }
    assert documented == {
        name: sorted(field.name for field in attrs.fields(measure.params))
        for name, measure in measures.items()
    }


def test_events() -> None:
    """The page on the log names exactly the events that there are, with their fields."""
    events = {*SHARED_EVENTS, *EXCHANGE_EVENTS, ActionTaken}
    events |= {event for family in all_families() for event in family.events}
    table = rows(section("docs/log-format.md", "## Events"))
    assert {name: names(cells[0]) for name, cells in table.items()} == {
        str(event.__struct_config__.tag): [field.name for field in msgspec.structs.fields(event)]
        for event in events
        if event.__module__.startswith("refold.")
    }


def test_tables_and_views(tmp_path: Path) -> None:
    """The pages on them name exactly the tables and views of a log, and their columns."""
    documented = rows(section("docs/log-format.md", "## Tables"))
    documented |= rows(section("docs/query.md", "## Views"))
    EventLog(tmp_path / "log.db").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "log.db")) as log:
        columns = log.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
            " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE '\\_%' ESCAPE '\\'"
        ).fetchall()
    made: dict[str, list[str]] = {}
    for table, column in columns:
        made.setdefault(table, []).append(column)
    assert {name: names(cells[-1]) for name, cells in documented.items()} == made
