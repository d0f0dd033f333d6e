"""Every mistake in a scenario file is said at once, each with its path."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from worlds import Data, shipped, write

from refold.scenarios import ScenarioError, load


class Mistake(NamedTuple):
    """At *place* of workflow/hard, *value* is a mistake; *path* is that place unless given."""

    place: str
    value: Any
    text: str
    path: str = ""


NAN, INF = float("nan"), float("inf")
EXTRA = {"id": "extra", "type": "magic"}
SLOWDOWN = {"step": 1, "event": "degradation", "worker": "monitor"}
LEAVES = {"step": 1, "event": "dropout", "worker": "deployer"}
SLA, OVERRIDE = "parameters.sla_milestones", "parameters.reliability_overrides.0"
SCHEDULE, CRITERIA = "parameters.scheduled_events", "rubric.criteria"
SUBTASKS, WORKERS = "parameters.subtasks", "parameters.workers"
MISTAKES = [
    Mistake("planet", "Mars", "expected one of the keys description, family, "),
    Mistake("title", 3, "expected a text, got 3"),
    Mistake("seed", -1, "expected 0 to 9223372036854775807, got -1"),
    Mistake("parameters.speed", 3, "expected one of the keys capacity_limit, "),
    Mistake("parameters.capacity_limit", True, "expected a whole number, got True"),
    Mistake("parameters.cost_budget", "3", "expected a number, got '3'"),
    Mistake(
        f"{SUBTASKS}.0.dependencies", ["monitor_recovery"], "expected no cycle, got ", SUBTASKS
    ),
    Mistake(f"{SUBTASKS}.1.dependencies.1", "ghost", "expected a known subtask, got 'ghost'"),
    Mistake(f"{SUBTASKS}.10", EXTRA, "expected a type that some worker", f"{SUBTASKS}.10.type"),
    Mistake(f"{WORKERS}.0.speed", 0, "expected at least 1, got 0"),
    Mistake(f"{WORKERS}.1.reliability", NAN, "expected 0 to 1, got nan"),
    Mistake(f"{WORKERS}.2.cost_per_step", INF, "expected 0 to 1e+12, got inf"),
    Mistake(f"{WORKERS}.3.capabilities.3", "magics", "expected a known subtask type, got 'magics'"),
    Mistake(f"{WORKERS}.4.speed", 1.0, "expected a whole number, got 1.0"),
    Mistake(
        "parameters.communication_subtasks.0", "ghost", "expected a known subtask, got 'ghost'"
    ),
    Mistake(f"{SLA}.0.subtask", "ghost", "expected a known subtask, got 'ghost'"),
    Mistake(f"{SLA}.1.deadline", -1, "expected at least 0, got -1"),
    Mistake(f"{OVERRIDE}.worker", "nobody", "expected a known worker, got 'nobody'"),
    Mistake(f"{OVERRIDE}.reliability", [], "expected at least 1 chance, got 0"),
    Mistake(f"{SCHEDULE}.0.event", "party", "expected one of degradation, dropout; got 'party'"),
    Mistake(f"{SCHEDULE}.0.step", 22, "expected 0 to 21 (the last step), got 22"),
    Mistake(f"{SCHEDULE}.1", SLOWDOWN, "expected at least 1 for a degr", f"{SCHEDULE}.1.speed"),
    Mistake("rubric.ceiling", 0.0, "expected 0 <= floor < ceiling <= 1", "rubric"),
    Mistake(f"{CRITERIA}.0.weight", 0.3, "expected weights above 0 that add up to 1", CRITERIA),
    Mistake(f"{CRITERIA}.1.params.subtasks", ["ghost"], "expected a known subtask, got 'ghost'"),
    Mistake(f"{CRITERIA}.2.params.each", "1", "expected a number, got '1'"),
    Mistake(f"{CRITERIA}.3.params.error", "boredom", "expected one of agent_busy, "),
    Mistake(f"{CRITERIA}.5.gate", 0, "expected a number above 0, got 0"),
    Mistake(f"{CRITERIA}.6.params.befor", "x", "expected one of the keys before, subtasks; got "),
    Mistake(f"{CRITERIA}.7.measure", "milestone_met", "expected a known measure (milestones_met"),
    Mistake(f"{CRITERIA}.8.params.waits", 0, "expected at least 1, got 0"),
    Mistake(f"{CRITERIA}.9.measure", "", "expected either a measure or parts", f"{CRITERIA}.9"),
]
REPLACED = [
    Mistake(f"{SCHEDULE}.1", LEAVES, "expected one dropout for each", f"{SCHEDULE}.1.worker"),
    Mistake(SUBTASKS, [], "expected 1 to 10000, got 0"),
    Mistake(SUBTASKS, {"id": "a"}, "expected a list, got {'id': 'a'}"),
    Mistake(WORKERS, [], "expected at least 1, got 0"),
    Mistake(f"{WORKERS}.0.name", "monitor", "expected each name once, got 'monitor' 2 t", WORKERS),
    Mistake("parameters.time_budget", 0, "expected 1 to 1000000, got 0"),
    Mistake("parameters.cost_budget", NAN, "expected a number above 0, got nan"),
    Mistake("rubric.floor", True, "expected a number, got True"),
    Mistake(f"{SCHEDULE}.0.speed", 1, "expected none for a dropout, got 1"),
    Mistake("parameters", 3, "expected a table, got 3"),
    Mistake("rubric", "mine", "expected a table, got 'mine'"),
    Mistake(CRITERIA, [], "expected weights above 0 that add up to 1, got 0"),
    Mistake(f"{CRITERIA}.0.weight", INF, "expected a finite number, got inf"),
    Mistake(f"{CRITERIA}.0.name", "recovery", "expected each name once, got 'recovery'", CRITERIA),
    Mistake(f"{CRITERIA}.1.params.subtasks", [], "expected at least 1 subtask, got none"),
    Mistake("rules", 3, "family and rules version: expected a known name, got 'workf", "family"),
    Mistake("family", "workflo", "family and rules version: expected a known name, got 'workflo.1'"
            "; did you mean workflow.1, workflow.2?"),
]  # fmt: skip


def keys(place: str) -> list[Any]:
    return [int(key) if key.isdigit() else key for key in place.split(".")]


def path_of(place: str) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys(place))


def spoil(data: Data, mistake: Mistake) -> None:
    """Put the mistake into *data*; an index that is one too high adds to a list."""
    *way, last = keys(mistake.place)
    inner: Any = data
    for key in way:
        inner = inner[key]
    if isinstance(last, int) and last == len(inner):
        inner.append(mistake.value)
    else:
        inner[last] = mistake.value


def problems_of(path: Path, data: Data) -> list[tuple[str, str]]:
    write(path, data)
    with pytest.raises(ScenarioError, match=str(path)) as error:
        load(path)
    lines = [f"{path} {place}: {text}" for place, text in error.value.problems]
    assert str(error.value).split("\n") == lines
    return error.value.problems


def among(mistake: Mistake, found: list[tuple[str, str]]) -> bool:
    wanted = path_of(mistake.path or mistake.place)
    return any(path == wanted and text.startswith(mistake.text) for path, text in found)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.place)
def test_one_mistake(tmp_path: Path, mistake: Mistake) -> None:
    """A mistake is reported with its path and in words, and draws no others after it."""
    data = shipped("workflow/hard")
    spoil(data, mistake)
    found = problems_of(tmp_path / "mine.toml", data)
    assert among(mistake, found), found
    assert len(found) == 1


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """All mistakes of a file are in one error, each with its path; nothing else is."""
    data = shipped("workflow/hard")
    for mistake in MISTAKES:
        spoil(data, mistake)
    found = problems_of(tmp_path / "mine.toml", data)
    assert [each for each in MISTAKES if not among(each, found)] == []
    assert len(found) == len(MISTAKES)


@pytest.mark.parametrize("mistake", REPLACED, ids=lambda mistake: mistake.place)
def test_replaced(tmp_path: Path, mistake: Mistake) -> None:
    """What is empty, doubled or of another kind altogether is reported too."""
    data = shipped("workflow/hard")
    spoil(data, mistake)
    found = problems_of(tmp_path / "mine.toml", data)
    assert among(mistake, found), found


@pytest.mark.parametrize(
    "place",
    [
        "family",
        "seed",
        "rubric",
        "parameters.time_budget",
        f"{SUBTASKS}.3.type",
        f"{CRITERIA}.1.weight",
        f"{CRITERIA}.11.params.rate",
    ],
)
def test_missing_key(tmp_path: Path, place: str) -> None:
    """A required key that is not there is a mistake like any other, once, beside the others."""
    data = shipped("workflow/hard")
    others = [each for each in MISTAKES if each.place in ("planet", f"{SUBTASKS}.0.dependencies")]
    for mistake in others:
        spoil(data, mistake)
    *way, last = keys(place)
    inner: Any = data
    for key in way:
        inner = inner[key]
    del inner[last]
    found = problems_of(tmp_path / "mine.toml", data)
    assert [text for path, text in found if path == path_of(place)] == [
        "expected a value, got none"
    ]
    assert all(among(each, found) for each in (others if place != "family" else others[:1])), found


INBOX = [
    Mistake("parameters.max_steps", 0, "expected 1 to 1000000, got 0"),
    Mistake("parameters.emails.0.keywords.second_candidates", [], "expected at least 1 word, got "),
    Mistake("parameters.emails.0.keywords.third", "x", "expected one of the keys first, second_"),
    Mistake("parameters.emails.1.body", "{token}", "expected no {token} without keywords, got one"),
    Mistake("parameters.emails.2.body", "none", "expected {token} where the drawn keyword belongs"),
    Mistake("parameters.emails.2.keywords.first", " ", "expected words, got ' '",
            "parameters.emails.2.keywords"),
    Mistake("parameters.emails.2.id", "e1", "expected each id once, got 'e1' 2 times",
            "parameters.emails"),
    Mistake(f"{CRITERIA}.0.measure", "correctnes", "expected a known measure (correctness"),
    Mistake(f"{CRITERIA}.2.params", {"x": 1}, "expected one of the keys ; got 'x'",
            f"{CRITERIA}.2.params.x"),
]  # fmt: skip


def test_mistakes_in_an_inbox(tmp_path: Path) -> None:
    """An inbox file is read as strictly, and all of its mistakes are reported at once."""
    data = shipped("inbox/easy")
    for mistake in INBOX:
        spoil(data, mistake)
    found = problems_of(tmp_path / "mine.toml", data)
    assert [each for each in INBOX if not among(each, found)] == []
    assert len(found) == len(INBOX)
