"""Generated scenarios: solvable by construction, checked, equal in every process, any number."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.generating import COUNTED, generate_mixed
from refold.agents import make_policy, play
from refold.engine import Episode, EventLog, RefoldError
from refold.engine.errors import UnknownName
from refold.generating import SIZES, Recipe, checking, generate
from refold.generating.generator import MOST_REFUSED
from refold.graders import grade
from refold.replays import verify
from refold.scenarios import ScenarioError, load

BOTH = pytest.mark.parametrize("family", COUNTED)
SPLITS = st.sampled_from(("all", "train", "test"))
RECIPES = st.builds(
    lambda family, size, split, number: Recipe(family, size, split, {COUNTED[family]: number}),
    st.sampled_from(sorted(COUNTED)),
    st.sampled_from(SIZES),
    SPLITS,
    st.integers(20, 60),
)


def drawn(scenario, seed=None):
    """Return the event that holds the world of *scenario*, as it is stored."""
    return Episode.start(scenario, seed=seed).events.payloads[1]


@pytest.mark.slow
@settings(max_examples=15)
@given(RECIPES, st.integers(0, 2**63 - 1))
def test_each_loads_and_can_be_solved(recipe, seed):
    """The file is a scenario, its witness scores 1, doing nothing 0, and the rubric is known."""
    (made,) = generate(recipe, seed=seed)
    assert made.scenario == recipe.scenario(seed)
    assert (made.scenario.family, made.scenario.rules) == (recipe.family, 2)
    assert made.scenario.rubric == load(recipe.shipped).rubric
    assert (made.witness, made.idle, made.problems) == (1.0, 0.0, ())
    assert made.steps > 0


@BOTH
def test_a_file_determines_the_world(tmp_path, family):
    """What is read from the file plays the world that was checked, here with its witness."""
    recipe = Recipe(family, "medium", "test", {COUNTED[family]: 40})
    (made,) = generate(recipe, seed=9)
    path = tmp_path / f"{made.scenario.name}.toml"
    path.write_text(made.source)
    mine = load(path)
    assert mine == made.scenario
    assert drawn(mine) == drawn(made.scenario)
    episode = Episode.start(mine)
    play(episode, make_policy("witness", episode.family, seed=0))
    assert grade(episode.events).score == made.witness


@pytest.mark.slow
def test_every_process_generates_the_same():
    """Equal calls give equal bytes, whatever the hashes of the process."""
    code = (
        "from refold.generating import Recipe, generate\n"
        "for family in ('workflow', 'inbox'):\n"
        "    for each in generate(Recipe(family, 'hard', 'train'), seed=3, number=2):\n"
        "        print(each.source, each.steps, each.scenario.body)\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    }
    assert len(printed) == 1
    assert "train" in printed.pop()


@settings(max_examples=15)
@given(RECIPES, st.integers(0, 2**63 - 1))
def test_splits_are_apart(recipe, seed):
    """No two splits have a scenario or a world in common, even of the same seed."""
    splits = [
        Recipe(recipe.family, recipe.size, split, recipe.knobs).scenario(seed)
        for split in ("all", "train", "test")
    ]
    assert len({each.name for each in splits}) == 3
    assert len({each.body for each in splits}) == 3
    assert len({drawn(each) for each in splits}) == 3


@pytest.mark.slow
def test_worlds_of_train_never_come_in_test():
    """Of many small worlds, in which chance would show first, none is in both splits."""
    for family, knobs in (("workflow", {"tasks": 2}), ("inbox", {"threads": 11})):
        recipes = [Recipe(family, "easy", split, knobs) for split in ("train", "test")]
        worlds = [{drawn(each.scenario(seed)) for seed in range(40)} for each in recipes]
        assert worlds[0].isdisjoint(worlds[1])
        assert all(len(each) == 40 for each in worlds)


def test_names_say_what_is_what():
    """Family, size, knobs, split and seed stand in the name, which stays short enough for one."""
    assert Recipe("workflow", "hard").name(7) == "workflow-hard-7"
    assert Recipe("inbox", "easy", "test", {"threads": 60, "late": 0.5}).name(1) == (
        "inbox-easy-threads60-late0.5-test-1"
    )
    many = {"tasks": 1000, "workers": 100, "capacity": 100, "skills": 100, "systems": 6}
    long = Recipe("workflow", "expert", "train", {**many, "slack_horizon": 1000})
    assert long.scenario(2**63 - 1).name.endswith(f"-train-{2**63 - 1}")


@pytest.mark.parametrize("size", SIZES)
@BOTH
def test_the_task_is_told_whatever_the_knobs(family, size):
    """The description is the first sentence of the shipped one, which is true of all sizes."""
    told = {Recipe(family, each).scenario(0).description for each in SIZES}
    (task,) = told
    assert load(f"{family}/{size}@2").description.startswith(task)
    assert task.endswith(".")
    assert task.count(". ") == 0


def test_seeds_go_on_from_the_first():
    """Scenarios come in the order of their seeds."""
    made = generate(Recipe("inbox"), seed=5, number=3)
    assert [each.scenario.seed for each in made] == [5, 6, 7]


def spoil(monkeypatch, score):
    """Let *score* of seed and agent stand in for what scenarios are graded at."""

    def graded(stream):
        agent = "noop" if stream[-1].total == 0 else "witness"
        return SimpleNamespace(score=score(stream.started.seed, agent))

    monkeypatch.setattr(checking, "grade", graded)


def test_what_is_not_clean_is_told_and_drawn_again(monkeypatch):
    """A witness that falls short, or a reward for nothing, costs a seed, and says so."""
    unlike = {(6, "witness"): 0.5, (7, "noop"): 0.2}
    spoil(monkeypatch, lambda seed, agent: unlike.get((seed, agent), float(agent == "witness")))
    refused = []
    made = list(generate(Recipe("workflow"), seed=5, number=2, refused=refused.append))
    assert [each.scenario.seed for each in made] == [5, 8]
    assert [(each.scenario.seed, each.problems) for each in refused] == [
        (6, ("expected 0.9 or more for the witness, got 0.5000",)),
        (7, ("expected 0 for doing nothing, got 0.2000",)),
    ]


@pytest.mark.slow
def test_where_nothing_is_clean_it_stops(monkeypatch):
    """A recipe without a clean scenario is an error, after a bounded number of seeds."""
    spoil(monkeypatch, lambda seed, agent: 0.0)
    refused = []
    with pytest.raises(RefoldError, match=r"workflow-easy-24: expected a clean scenario among 20"):
        list(generate(Recipe("workflow"), seed=5, refused=refused.append))
    assert len(refused) == MOST_REFUSED


@pytest.mark.parametrize(
    ("recipe", "seed", "text"),
    [
        (
            Recipe("inbox", knobs={"threads": 1001}),
            0,
            r"inbox-easy-threads1001-0 \$\.parameters\.draw\.threads: expected 10 to 1000",
        ),
        (
            Recipe("workflow", knobs={"tasks": 5, "mails": 5}),
            0,
            r"draw\.mails: expected one of the keys capacity, .*; got 'mails'",
        ),
        (Recipe("workflow"), 2**63, r"\$\.seed: expected a whole number of at most"),
    ],
)
def test_impossible_recipes(recipe, seed, text):
    """No world is drawn with impossible knobs or seeds; each mistake is named."""
    with pytest.raises(ScenarioError, match=text):
        next(generate(recipe, seed=seed))


def test_unknown_sizes():
    """A size that does not ship is unknown, and the ones that do are named."""
    with pytest.raises(UnknownName, match=r"got 'workflow/huge@2'; did you mean workflow/hard@2"):
        next(generate(Recipe("workflow", "huge")))


@pytest.mark.slow
@BOTH
def test_a_large_world_is_recorded_graded_and_verified(tmp_path, family):
    """It goes the whole way: generated, played by its witness, graded, verified."""
    (made,) = generate(Recipe(family, "hard", "train", {COUNTED[family]: 300}), seed=1)
    assert made.witness == 1
    with EventLog(tmp_path / "big.db") as log:
        episode = Episode.start(made.scenario, log=log, agent="witness")
        play(episode, make_policy("witness", episode.family, seed=0))
        stream = log.events(episode.id)
    assert grade(stream).score == 1
    assert verify(stream) is None


@pytest.mark.slow
def test_mixed_sizes():
    """All of sixteen load and are clean: both families, four sizes, 20 to 1,000 of each."""
    refused = []
    made = list(generate_mixed(16, refused.append))
    assert (len(made), refused) == (16, [])
    assert len({each.scenario.body for each in made}) == 16
    assert {each.witness for each in made} == {1.0}
