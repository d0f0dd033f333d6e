"""Scenario files: found by name or by path, and what is said of a file that is none."""

from pathlib import Path

import pytest
from worlds import shipped, write

from refold.engine import Episode, RefoldError
from refold.engine.errors import UnknownName
from refold.graders import grade
from refold.scenarios import ScenarioError, load, scenario_names, scenario_source

SHIPPED = [
    *("inbox/easy", "inbox/medium", "inbox/hard"),
    *("inbox/easy@2", "inbox/medium@2", "inbox/hard@2", "inbox/expert@2"),
    *("workflow/easy", "workflow/medium", "workflow/hard", "workflow/expert"),
    *("workflow/easy@2", "workflow/medium@2", "workflow/hard@2", "workflow/expert@2"),
]
HUGE = f"0x{'f' * 5_000}"
DEEP = 20_000
NESTED = f"{{ x{'.x' * 99} = " * 30 + "1" + " }" * 30


def text_of(name: str) -> str:
    return scenario_source(name)


def test_scenario_names() -> None:
    """Fifteen ship, by family and rules, easiest first; their rubrics are called as they are."""
    assert scenario_names() == SHIPPED
    for name in SHIPPED:
        scenario = load(name)
        assert (scenario.name, scenario.rubric.name, scenario.rubric.version) == (name, name, 1)
        assert scenario.title
        assert scenario.description


def test_what_was_loaded_is_ones_own() -> None:
    """Whoever changes it changes nothing that is loaded later."""
    before, after = load("workflow/easy"), load("workflow/easy")
    assert before == after
    values = [each for criterion in before.rubric.criteria for each in criterion.params.values()]
    lists = [each for each in values if isinstance(each, list)]
    assert lists
    for each in lists:
        each.clear()
    assert after == load("workflow/easy") != before


@pytest.mark.parametrize("name", SHIPPED)
def test_copied_file(tmp_path: Path, name: str) -> None:
    """A copied file is the same world under its own name, and can be played and graded."""
    path = tmp_path / "mine.toml"
    path.write_text(text_of(name))
    mine, theirs = load(path), load(name)
    assert mine.name == load(str(path)).name == "mine"
    assert (mine.parameters, mine.rubric, mine.seed) == (
        theirs.parameters,
        theirs.rubric,
        theirs.seed,
    )
    episode = Episode.start(mine)
    episode.step(episode.legal_actions[0])
    assert grade(episode.events).scenario == "mine"


def test_changed_file(tmp_path: Path) -> None:
    """What is changed in a copy changes the episode."""
    path = tmp_path / "short.toml"
    path.write_text(text_of("workflow/easy").replace("time_budget = 15", "time_budget = 2"))
    episode = Episode.start(load(path))
    episode.step({"action_type": "wait"})
    assert episode.step({"action_type": "wait"}).truncated


def test_body_is_the_scenario(tmp_path: Path) -> None:
    """Equal scenarios have equal bodies, wherever they were read; a changed word changes it."""
    first, second = tmp_path / "a" / "mine.toml", tmp_path / "b" / "mine.toml"
    for path in (first, second):
        path.parent.mkdir()
        write(path, shipped("workflow/hard"))
    assert load(first).body == load(second).body
    write(second, {**shipped("workflow/hard"), "title": "Another"})
    assert load(first).body != load(second).body


@pytest.mark.parametrize(
    ("name", "near"),
    [("workflow/hrd", "workflow/hard"), ("inbox/easier", "inbox/easy"), ("expert", "workflow/exp")],
)
def test_unknown_name(name: str, near: str) -> None:
    """An unknown name is an error that offers the nearest ones."""
    with pytest.raises(
        UnknownName, match=rf"^scenario: expected .* did you mean .*{near}"
    ) as error:
        load(name)
    assert error.value.name == name
    assert error.value.known == sorted(SHIPPED)


@pytest.mark.parametrize(
    "name",
    ["", ".", "/", "no/such/file.toml", "a\0b", "\ud800", "x" * 5_000, "x/" * 3_000],
    ids=["empty", "here", "root", "absent", "null", "surrogate", "long", "long path"],
)
def test_no_such_file(name: str) -> None:
    """What is neither a name nor a file is an unknown scenario, however odd it is."""
    with pytest.raises(UnknownName, match=r"^scenario: expected .*; a file is named by its path$"):
        load(name)


def test_folder(tmp_path: Path) -> None:
    """A folder is no scenario, nor is what lies below a file."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "below.toml"):
        with pytest.raises(UnknownName, match=r"^scenario: expected "):
            load(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"family = workflow", "expected TOML, got Invalid value"),
        (b"a = 1\na = 2", "expected TOML, got Cannot overwrite a value"),
        (b"family = '\xff'", "expected TOML, got 'utf-8' codec can't decode"),
        (b"x = " + b"[" * DEEP + b"]" * DEEP, "expected TOML, got "),
        (b"seed = " + b"9" * 5_000, "expected TOML, got "),
        (b"seed = 2020-02-31", "expected TOML, got Invalid date"),
        (b"#" * (4 * 2**20 + 1), "expected at most 4194304 bytes, got more"),
    ],
    ids=["bare word", "key twice", "no UTF-8", "deep", "5,000 digits", "no such date", "huge"],
)
def test_no_toml(tmp_path: Path, content: bytes, said: str) -> None:
    """What is no TOML, or too much of it, is one error in one line."""
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(RefoldError, match=rf"^{path}: ") as error:
        load(path)
    assert str(error.value).startswith(f"{path}: {said}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("seed = 44", "seed = 2020-02-02", "$.seed"),
        ("seed = 44", f"seed = {HUGE}", "$.seed"),
        ("rules = 1", f"rules = {HUGE}", "$."),
        ("time_budget = 22", f"time_budget = {HUGE}", "$.parameters.time_budget"),
        ("speed = 1", f"speed = {HUGE}", "$.parameters.workers[0].speed"),
        ("cost_budget = 40.0", f"cost_budget = {'9' * 400}", "$.parameters.cost_budget"),
        ("cost_budget = 40.0", "cost_budget = 12:00:00", "$.parameters.cost_budget"),
        ("each = 0.3", "each = 2020-02-02T00:00:00Z", "$.rubric.criteria[10].params.each"),
        ("each = 0.3", f"each = {HUGE}", "$.rubric.criteria[10].params.each"),
        ('title = "Production incident"', f"title = {NESTED}", "$.title"),
        ("rate = 2.0", f"rate = {NESTED}", "$.rubric.criteria[11].params.rate"),
    ],
    ids=lambda value: value[:24],
)
def test_odd_values(tmp_path: Path, before: str, after: str, path: str) -> None:
    """Dates, huge numbers and deep tables are mistakes like any other, at their paths."""
    file = tmp_path / "mine.toml"
    file.write_text(text_of("workflow/hard").replace(before, after, 1))
    with pytest.raises(ScenarioError, match=rf"^{file} \$") as error:
        load(file)
    assert any(each.startswith(path) for each, _ in error.value.problems)


@pytest.mark.parametrize("stem", ["x" * 101, "a\tb", "a\nb", "\x1b[31m"])
def test_file_name(tmp_path: Path, stem: str) -> None:
    """The file's name becomes the scenario's: a printable one of at most 100 letters."""
    path = tmp_path / f"{stem}.toml"
    path.write_text(text_of("inbox/easy"))
    with pytest.raises(ScenarioError, match=r"file name: expected 1 to 100 printable letters$"):
        load(path)


@pytest.mark.parametrize(
    ("name", "before", "after", "path"),
    [
        ("workflow/easy", '"technical_design"', '""', "$.parameters.subtasks[0].id"),
        ("workflow/easy", '"technical_design"', f'"{"x" * 201}"', "$.parameters.subtasks[0].id"),
        ("workflow/easy", '"tech_lead"', '""', "$.parameters.workers[0].name"),
        ("workflow/easy", '"tech_lead"', f'"{"x" * 201}"', "$.parameters.workers[0].name"),
        ("inbox/easy", '"e1"', '""', "$.parameters.emails[0].id"),
        ("inbox/easy", '"e1"', f'"{"x" * 196}"', "$.parameters.emails[0].id"),
    ],
)
def test_names_that_no_action_can_name(
    tmp_path: Path, name: str, before: str, after: str, path: str
) -> None:
    """Ids and names are 1 to 200 letters, as in actions; an e-mail's id with its number."""
    file = tmp_path / "mine.toml"
    file.write_text(text_of(name).replace(before, after))
    with pytest.raises(ScenarioError, match=r"expected 1 to \d+ ") as error:
        load(file)
    assert path in dict(error.value.problems)


def test_costs_that_add_up_to_infinity(tmp_path: Path) -> None:
    """A cost that no log could hold is refused."""
    file = tmp_path / "mine.toml"
    file.write_text(
        text_of("workflow/hard").replace("cost_per_step = 1.0", "cost_per_step = 1e308")
    )
    with pytest.raises(ScenarioError, match=r"cost_per_step: expected 0 to .*, got 1e\+308"):
        load(file)
