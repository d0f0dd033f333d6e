"""What the documents have to cover is covered: commands, keys, measures, events, links, figures."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import attrs
import click
import msgspec
import pytest

import cli
from agents import AGENTS, make_policy, play
from engine import ActionTaken, Episode
from engine.events import SHARED_EVENTS
from engine.exchanges import EXCHANGE_EVENTS
from engine.family import all_families, find_family
from graders import grade
from replays.golden import FOLDER, read_golden
from scenarios import Criterion, Rubric, load, scenario_names
from scenarios.rubric import find_criteria

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CHANGELOG.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]
COMMAND = click.Context(cli.refold)
TEST_COMMAND = "pip install -q -e '.[dev]' && pytest"
SECTIONS = {"workflow": "### Measures for workflows", "inbox": "### Measures for inboxes"}


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """Return the text of *name* under *heading*, up to the next one as high or higher."""
    level = heading.split(maxsplit=1)[0]
    _, found, rest = f"\n{page(name)}".partition(f"\n{heading}\n")
    assert found, f"{name} has no {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the tables in *text*: the cells of each row by the names in its first cell."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells[1:])
    return found


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def classes(kind: Any) -> Iterator[type]:
    """Yield the attrs classes that data of *kind* is made of."""
    if attrs.has(kind):
        yield kind
        for field in attrs.fields(kind):
            yield from classes(field.type)
    else:
        for inner in get_args(kind):
            yield from classes(inner)


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
    assert {name for name in table if name[0] != "-"} == set(AGENTS)


def json_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Return what a command prints with ``--json``."""
    capsys.readouterr()
    cli.run([*words, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_json_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command's JSON has exactly the keys that the page on the command line lists."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    recorded = json_of(capsys, "record", "inbox/easy", "--agent", "random", "--epochs", "2", "--name", "x")
    ids = [each["id"] for each in recorded["episodes"]]
    cli.run(["export", "-o", "all.jsonl"])
    table = rows(section("docs/cli.md", "## JSON"))
    episode = set(names(table["record"][1]))
    expected = {
        command: ({*names(cells[0])}, {*names(cells[1])}) for command, cells in table.items()
    }
    expected["show"] = (expected["show"][0], episode | {"grade"})
    expected["import"] = (expected["import"][0], episode - {"score", "scores"})
    expected["replay"][1].remove("--step")
    answers = {
        "record": recorded,
        "resume": json_of(capsys, "resume", "last"),
        "scenarios": json_of(capsys, "scenarios"),
        "episodes": json_of(capsys, "episodes"),
        "show": json_of(capsys, "show", "last"),
        "import": json_of(capsys, "import", "all.jsonl", "--log", "other.db"),
        "replay": json_of(capsys, "replay", "last", "--step", "1"),
        "grade": json_of(capsys, "grade"),
        "verify": json_of(capsys, "verify"),
        "diff": json_of(capsys, "diff", *ids),
        "runs": json_of(capsys, "runs"),
        "report": json_of(capsys, "report", "x"),
        "compare": json_of(capsys, "compare", "x", "x"),
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
    """The page on scenarios has a row for every key that a file of the family may have."""
    table = rows(section("docs/writing-a-scenario.md", f"## {family.capitalize()}"))
    cells = json.dumps(table)
    for kind in classes(find_family(family, 1).parameters):
        for field in attrs.fields(kind):
            assert field.name in table or f"`{field.name}`" in cells, (
                f"{kind.__name__}.{field.name}"
            )


def test_rubric_keys() -> None:
    """The page on scenarios has a row for every key of a rubric and of a criterion."""
    table = rows(section("docs/writing-a-scenario.md", "## The rubric"))
    for kind in (Rubric, Criterion):
        assert {field.name for field in attrs.fields(kind)} <= set(table)


@pytest.mark.parametrize("family", SECTIONS)
def test_measures(family: str) -> None:
    """The page on scenarios names exactly the measures that there are, with their parameters."""
    table = rows(section("docs/writing-a-scenario.md", SECTIONS[family]))
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
        if event.__module__.split(".")[0] in ("engine", "scenarios")
    }


def anchors(name: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of *name*."""
    headings = re.findall(r"^#+ (.+)$", page(name), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links(name: str) -> None:
    """Every link to a file or heading of the project leads somewhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            found = (ROOT / name).parent / path if path else ROOT / name
            assert found.exists(), f"{name}: {target}"
            assert not anchor or anchor in anchors(str(found.resolve().relative_to(ROOT))), target


def test_readme_is_short_and_its_test_command_is_that_of_ci() -> None:
    """The README has at most 140 lines, and CI ends with the very command that it gives."""
    assert len(page("README.md").splitlines()) <= 140
    line = f"python3 -m venv .venv && . .venv/bin/activate && {TEST_COMMAND}"
    assert line in page("README.md").splitlines()
    assert page(".ci/run").splitlines()[-1] == TEST_COMMAND
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_changelog_begins_with_this_release() -> None:
    """The newest entry is that of the version in pyproject.toml; Scoring stands first in one."""
    version = tomllib.loads(page("pyproject.toml"))["project"]["version"]
    entries = re.split(r"^## ", page("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    assert entries[0].startswith(f"{version}\n")
    for entry in entries:
        headings = re.findall(r"^### (\w+)", entry, flags=re.MULTILINE)
        assert "Scoring" not in headings[1:]


def test_reference_scores() -> None:
    """The table of reference scores in the README is what the agents score now."""
    table = section("README.md", "## Reference scores").splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if "0." in line]
    shown = {row[0]: row[1:] for row in cells if len(row) == 5}
    levels = {"workflow": ("easy", "medium", "hard", "expert"), "inbox": ("easy", "medium", "hard")}
    for family, agent in (("workflow", "noop"), ("workflow", "greedy"), ("inbox", "baseline")):
        given = []
        for level in levels[family]:
            episode = Episode.start(load(f"{family}/{level}"))
            play(episode, make_policy(agent, episode.family, seed=0))
            given.append(f"{grade(episode.events).score:.4f}")
        assert [cell for cell in shown[f"{family}, `{agent}`"] if cell] == given
    example = read_golden(FOLDER / "workflow-hard-worked-example.jsonl")
    assert shown["workflow, worked example"] == ["", "", f"{grade(example).score:.4f}", ""]
    assert {name.split("/")[0] for name in scenario_names()} == set(levels)
