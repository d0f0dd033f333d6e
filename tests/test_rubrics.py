"""Rubrics as data: read from files, checked, and known by their digests."""

from pathlib import Path
from typing import Any

import pytest
from worlds import Data, play, shipped, subtask, worker, workflow, write

from refold.engine import Episode, RefoldError
from refold.graders import grade
from refold.scenarios import Criterion, Rubric, ScenarioError, load, load_rubric, recorded_rubric


def criterion(name: str, weight: float, measure: str = "share_completed", **more: Any) -> Data:
    return {"name": name, "weight": weight, "measure": measure, **more}


def rubric(*criteria: Data, **more: Any) -> Data:
    return {"rubric": {"name": "mine", "version": 3, "criteria": criteria, **more}}


def read(folder: Path, data: Data, family: str = "workflow") -> Rubric:
    return load_rubric(write(folder / "rubric.toml", data), family, 1)


def problems_of(folder: Path, data: Data, family: str = "workflow") -> list[str]:
    with pytest.raises(ScenarioError, match=r"rubric\.toml \$\.rubric") as error:
        read(folder, data, family)
    return [f"{path}: {text}" for path, text in error.value.problems]


def half_done(folder: Path) -> Episode:
    """Return an episode in which one of two subtasks is completed, after three refused steps."""
    scenario = workflow(
        folder, [subtask("a", "dig"), subtask("b", "dig")], [worker("ann", "dig")], cost_budget=4.0
    )
    episode = Episode.start(scenario)
    play(episode, ["synthesize", "synthesize", "synthesize", "delegate a ann"])
    return episode


def test_rubric_file(tmp_path: Path) -> None:
    """A file needs nothing but the table ``[rubric]``; what is left out has a default."""
    assert read(tmp_path, rubric(criterion("done", 1.0))) == Rubric(
        name="mine", version=3, criteria=(Criterion("done", 1.0, "share_completed"),)
    )


@pytest.mark.parametrize("name", ["workflow/expert", "inbox/hard"])
def test_scenario_file_as_rubric(tmp_path: Path, name: str) -> None:
    """A scenario file serves as a rubric; of its other tables nothing is asked."""
    data = shipped(name)
    data["parameters"] = "none of its business"
    scenario = load(name)
    assert read(tmp_path, data, scenario.family) == scenario.rubric


@pytest.mark.parametrize("name", ["workflow/expert", "inbox/hard"])
def test_recorded_rubric(name: str) -> None:
    """The rubric that a stream carries is the one of the file."""
    scenario = load(name)
    assert recorded_rubric(scenario.body) == scenario.rubric
    assert recorded_rubric(scenario.body).digest == scenario.rubric.digest


def test_no_rubric(tmp_path: Path) -> None:
    """No file, no TOML and no such table are each one clear line."""
    with pytest.raises(RefoldError, match=r"expected a TOML file with a \[rubric\], got no such f"):
        load_rubric(tmp_path / "absent.toml", "workflow", 1)
    with pytest.raises(RefoldError, match=r"expected a TOML file with a \[rubric\], got no such f"):
        load_rubric("x" * 5_000, "workflow", 1)
    with pytest.raises(RefoldError, match=r"rubric\.toml: expected a table \[rubric\], got none$"):
        read(tmp_path, {"rubrics": {}})
    (tmp_path / "broken.toml").write_text("[rubric")
    with pytest.raises(RefoldError, match=r"broken\.toml: expected TOML, got "):
        load_rubric(tmp_path / "broken.toml", "workflow", 1)


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ([criterion("a", 1, "share_complete")], "[0].measure: expected a known measure (share_com"),
        ([criterion("a", 1, "correctness")], "[0].measure: expected a known measure ("),
        ([criterion("a", 1, "zzz")], "[0].measure: expected a known measure (all_completed, avoid"),
        ([criterion("a", 0.5), criterion("a", 0.5)], ": expected each name once, got 'a' 2 times"),
        ([criterion("a", 0.5), criterion("b", -0.5)], ": expected weights above 0 that add up to"),
        ([criterion("a", 0.9999999)], ": expected weights above 0 that add up to 1, got 0.9999999"),
        ([criterion("a", 1, gate=-1)], "[0].gate: expected a number above 0, got -1.0"),
        ([criterion("a", 1, gate=float("inf"))], "[0].gate: expected a number above 0, got inf"),
        ([criterion("a", 1, "fan_out")], "[0].params.subtasks: expected a value, got none"),
        (
            [criterion("a", 1, "cost_saved", params={"full_at": 1})],
            "[0].params.full_at: expected 0",
        ),
        ([criterion("a", 1, "", parts=[criterion("b", 0.5)])], "[0].parts: expected weights above"),
        ([criterion("a", 1, parts=[criterion("b", 1)])], "[0]: expected either a measure or parts"),
        (
            [criterion("a", 1, "", parts=[criterion("b", 1, gate=2)])],
            "[0].parts[0]: expected a part with a weight above 0 and no gate",
        ),
        (
            [criterion("a", 1, "", parts=[criterion("b", 1), criterion("c", -1)])],
            "[0].parts[1]: expected a part with a weight above 0 and no gate",
        ),
        (
            [criterion("a", 1, "", parts=[criterion("b", 1, "", parts=[criterion("c", 1, "no")])])],
            "[0].parts[0].parts[0].measure: expected a known measure (",
        ),
    ],
)
def test_mistake(tmp_path: Path, criteria: list[Data], problem: str) -> None:
    """A mistake in a criterion is reported with its path, near names and what was expected."""
    (found,) = problems_of(tmp_path, rubric(*criteria))
    assert found.startswith(f"$.rubric.criteria{problem}")


@pytest.mark.parametrize(
    ("floor", "ceiling"), [(-0.1, 1.0), (0.0, 1.1), (0.5, 0.5), (0.9, 0.1), (float("nan"), 1.0)]
)
def test_impossible_bounds(tmp_path: Path, floor: float, ceiling: float) -> None:
    """Floor and ceiling lie within 0 and 1, in this order."""
    (found,) = problems_of(tmp_path, rubric(criterion("a", 1.0), floor=floor, ceiling=ceiling))
    assert found.startswith("$.rubric: expected 0 <= floor < ceiling <= 1")


@pytest.mark.parametrize(
    ("criteria", "bounds", "score", "points"),
    [
        ([criterion("a", 1.0)], {}, 0.5, {"a": 0.5}),
        ([criterion("a", 1.0, gate=2)], {}, 0.25, {"a": 0.25}),
        ([criterion("a", 1.0, gate=1)], {}, 0.5, {"a": 0.5}),
        ([criterion("a", 1.0, gate=0.25)], {}, 0.5, {"a": 0.5}),
        ([criterion("a", 1.0)], {"ceiling": 0.4}, 0.4, {"a": 0.5}),
        ([criterion("a", 1.0)], {"floor": 0.6}, 0.6, {"a": 0.5}),
        (
            [
                criterion("a", 0.4),
                criterion("b", 0.6, "cost_saved"),
                criterion("c", -0.2, "refused_actions", params={"each": 0.25}),
            ],
            {},
            0.5,
            {"a": 0.2, "b": 0.45, "c": -0.15},
        ),
        (
            [criterion("a", 1.0), criterion("b", -1.0, "refused_actions", params={"each": 1.0})],
            {"floor": 0.01},
            0.01,
            {"a": 0.5, "b": -1.0},
        ),
        (
            [
                criterion(
                    "a",
                    1.0,
                    "",
                    gate=2,
                    parts=[
                        criterion("b", 0.2),
                        criterion(
                            "c",
                            0.8,
                            "",
                            parts=[criterion("d", 0.5), criterion("e", 0.5, "cost_saved")],
                        ),
                    ],
                )
            ],
            {},
            0.3,
            {"a": 0.3},
        ),
    ],
    ids=[
        "one",
        "gate half open",
        "gate open",
        "gate below one",
        "ceiling",
        "floor",
        "penalty",
        "below the floor",
        "parts of parts",
    ],
)
def test_score(
    tmp_path: Path, criteria: list[Data], bounds: Data, score: float, points: dict[str, float]
) -> None:
    """Points are weight times value times gate; their sum is kept within floor and ceiling."""
    given = grade(half_done(tmp_path).events, rubric=read(tmp_path, rubric(*criteria, **bounds)))
    assert given.score == score
    assert given.breakdown == points
    assert given.rubric.name == "mine"
    assert given.rubric.version == 3


A = criterion("a", 0.5)
B = criterion("b", 0.5, "avoided", params={"error": "capacity", "each": 1.0})


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": 4},
        {"floor": 0.01},
        {"ceiling": 0.99},
        {"criteria": [B, A]},
        {"criteria": [{**A, "name": "c"}, B]},
        {"criteria": [{**A, "gate": 2}, B]},
        {"criteria": [{**A, "measure": "all_completed"}, B]},
        {"criteria": [{**A, "weight": 0.4}, {**B, "weight": 0.6}]},
        {"criteria": [A, {**B, "params": {"error": "capacity", "each": 0.5}}]},
    ],
)
def test_digest_changes_with_content(tmp_path: Path, change: Data) -> None:
    """Whatever can move a grade, or its name, changes the digest."""
    before = read(tmp_path, rubric(A, B))
    after = read(tmp_path, {"rubric": {**rubric(A, B)["rubric"], **change}})
    assert after.digest != before.digest


def test_digest_stays_with_content(tmp_path: Path) -> None:
    """How the same rubric is written makes no difference: spaces, order of keys, defaults."""
    written = """
    # the same
    [rubric]
    version =   3
    floor = 0
    name = 'mine'
    criteria = [
        { weight = 0.5, name = "a", measure = "share_completed", params = {} },
        { params = { each = 1e0, error = "capacity" }, weight=5e-1, measure="avoided", name="b"},
    ]
    """
    path = tmp_path / "other.toml"
    path.write_text(written)
    assert load_rubric(path, "workflow", 1).digest == read(tmp_path, rubric(A, B)).digest
