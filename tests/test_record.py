import json

import pytest
from shell import Shell
from worlds import action, shipped, write

from refold.engine import ActionTaken, EventLog

GREEDY_START = ("delegate technical_design tech_lead", "wait", "wait")
ARCHIVE = {"type": "archive", "rationale": "seen\u2028read"}


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def rows(ran):
    """Return scenario, seed and epoch of each episode in the JSON of *ran*."""
    return [(each["scenario"], each["seed"], each["epoch"]) for each in ran.json["episodes"]]


def script(shell, *actions, name="script.jsonl"):
    """Write *actions* as a script and return the agent that plays it."""
    if name.endswith(".toml"):
        write(shell.at / name, {"actions": actions})
    else:
        lines = [json.dumps(each, ensure_ascii=False) for each in actions]
        (shell.at / name).write_text("\n\n".join(lines), encoding="utf-8")
    return f"script:{name}"


def actions(shell):
    """Return the actions of the newest episode."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        return [event.action for event in log.events("last") if isinstance(event, ActionTaken)]


def test_an_episode_and_its_grade_are_recorded(shell):
    """The episode stands in the log under the run's name, with the score that was shown."""
    ran = shell("record workflow/hard --agent greedy --name first --json")
    (shown,) = ran.json["episodes"]
    assert ran.json["run"] == shown["run"] == "first"
    assert ran.err == ""
    assert (shown["agent"], shown["seed"], shown["steps"]) == ("greedy", 44, 22)
    assert (shown["ended"], shown["reason"]) == ("truncated", "time_budget")
    assert shown["score"] == 0.0176
    (listed,) = shell("episodes --json").json["episodes"]
    assert shown.items() <= listed.items()


def test_what_people_see(shell):
    """A table names the episode, its score and how it ended."""
    ran = shell("record inbox/hard --agent baseline --name mail")
    head, row, figures = (" ".join(line.split()) for line in ran.out.splitlines())
    assert head == "episode scenario agent seed steps reward score ended run"
    id = shell.ids()[0][:8]
    assert row == f"{id} inbox/hard baseline 1 5 +2.2 0.824 terminated: inbox_empty mail"
    assert figures.startswith("mail: 1 episode, score 0.824, passed, ")
    assert ran.err == f"next: refold show {id}\n      refold replay {id}\n"


def test_a_family_means_all_its_scenarios(shell):
    """Families and names expand in order, each scenario once."""
    ran = shell("record workflow/hard workflow inbox --agent random --json")
    families = ["workflow/" + name for name in ("hard", "easy", "medium", "expert")]
    assert [name for name, _, _ in rows(ran)] == [
        *families,
        *("inbox/" + name for name in ("easy", "medium", "hard")),
    ]


@pytest.mark.parametrize(
    ("options", "seeds"),
    [
        ("", [44]),
        ("--epochs 3", [44, 45, 46]),
        ("--epochs 3 --seed 7", [7, 8, 9]),
        ("--epochs 3 --same-seed", [44, 44, 44]),
        ("--epochs 2 --same-seed --seed 0", [0, 0]),
        (f"--seed {2**63 - 1}", [2**63 - 1]),
    ],
)
def test_the_seeds_of_epochs(shell, options, seeds):
    """The first epoch plays the scenario's own world or --seed, the later ones derived seeds."""
    for agent in ("greedy", "noop"):
        ran = shell(f"record workflow/hard --agent {agent} {options} --json")
        assert rows(ran) == [("workflow/hard", seed, epoch) for epoch, seed in enumerate(seeds)]


def test_equal_epochs_are_equal_episodes(shell):
    """The same agent, seed and epoch give the same digest; a random agent varies by epoch."""
    runs = [
        shell("record workflow/hard --agent random --epochs 3 --same-seed --json").json["episodes"]
        for _ in range(2)
    ]
    digests = [[each["digest"] for each in run] for run in runs]
    assert digests[0] == digests[1]
    assert len(set(digests[0])) == 3


def test_a_name_is_given_once(shell):
    """A run cannot be added to; without a name each run gets one of its own."""
    shell("record inbox/easy --agent random --name mine")
    taken = r"run 'mine': expected a new name, got one that the log holds already"
    shell.refuses("record inbox/easy --agent random --name mine", match=taken)
    made = {shell("record inbox/easy --agent random --json").json["run"] for _ in range(5)}
    assert len(made) == 5
    assert all(name.startswith("random-") for name in made)


def test_a_scenario_file(shell):
    """A file named by its path plays under the file's name, from then on without the file."""
    mine = write(shell.at / "mine.toml", {**shipped("inbox/easy"), "seed": 5})
    assert rows(shell("record ./mine.toml --agent baseline --json")) == [("mine", 5, 0)]
    score = shell("grade last --json").json["grades"][0]["score"]
    mine.unlink()
    assert shell("grade last --json").json["grades"][0]["score"] == score
    shell("verify last")


@pytest.mark.parametrize("name", ["script.jsonl", "script.toml"])
def test_a_script_that_ends_early(shell, name):
    """Its actions are played in order; the episode stays open, which is said."""
    agent = script(shell, *map(action, GREEDY_START), name=name)
    ran = shell("record workflow/easy --agent", agent)
    assert "1 episode not ended" in ran.err
    assert "running" in ran.out
    (shown,) = shell("episodes --json").json["episodes"]
    assert (shown["steps"], shown["ended"], shown["ended_at"]) == (3, None, None)
    given = [(each.action_type, each.subtask_id, each.agent_name) for each in actions(shell)]
    assert given == [("delegate", "technical_design", "tech_lead"), *2 * [("wait", None, None)]]
    shell("verify last")


def test_a_script_longer_than_the_episode(shell):
    """What is left of a script when the episode ends is not played."""
    agent = script(shell, *[ARCHIVE] * 9)
    ran = shell("record inbox/easy --agent", agent, "--json")
    assert ran.json["episodes"][0]["steps"] == 3
    assert ran.err == ""
    assert [each.rationale for each in actions(shell)] == [ARCHIVE["rationale"]] * 3


def test_many_episodes_are_summed_up(shell):
    """People see a line for each scenario in place of a long list; --json has every episode."""
    ran = shell("record inbox/easy inbox/hard --agent random --epochs 30")
    assert [line.split()[:2] for line in ran.out.splitlines()[:-2]] == [
        ["scenario", "episodes"],
        ["inbox/easy", "30"],
        ["inbox/hard", "30"],
    ]
    assert len(shell.ids()) == 60


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("nope --agent greedy", r"got 'nope'; `refold scenarios` lists them"),
        ("workflow/hrd --agent greedy", r"got 'workflow/hrd'; did you mean workflow/hard"),
        ("./missing.toml --agent greedy", r"'./missing.toml'.*a file is named by its path"),
        ("workflow/hard --agent gredy", r"agent: .*got 'gredy'; did you mean greedy"),
        ("workflow/hard --agent baseline", r"'baseline': expected a scenario of family 'inbox'"),
        (
            "workflow/easy inbox/easy --agent greedy",
            r"expected a scenario of family .* or 'workflow'",
        ),
        ("inbox/easy --agent noop", r"'noop': expected a family with an action that does nothing"),
        (f"workflow/hard --agent noop --seed {2**63 - 1} --epochs 2", r"expected room for epoch 1"),
        ("workflow/hard --agent script:missing.jsonl", r"missing.jsonl: expected a script, got No"),
        ("workflow/hard --agent script:", r"expected a script, got Is a directory"),
    ],
)
def test_what_cannot_be_played(shell, words, match):
    """It is refused before anything begins: no log is made."""
    shell.refuses(f"record {words}", match=match)
    assert shell.files() == {}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", r"script.jsonl: expected at least one action, got none; write one a line"),
        ("\n \n", r"expected at least one action"),
        ('{"action_type":"wait"}\n{"action_type":', r"script.jsonl line 2: expected JSON, got "),
        ('\n\n{"action_type":"sleep"}', r"line 3: action: expected one of family workflow, got "),
        ('{"action_type":"wait","note":1}', r"line 1: .*unknown field `note`"),
        ('{"action_type":"abort","subtask_id":7}', r"line 1: .*`\$.subtask_id`"),
        ("[]", r"line 1: action: expected one of family workflow"),
        ("[" * 100_000, r"line 1: expected JSON"),
        ('"\\ud800"', r"line 1: "),
        ('{"type":"archive"}', r"line 1: action: expected one of family workflow"),
        ("\udcff", r"script.jsonl: expected text in UTF-8, got other bytes"),
    ],
    ids=range(11),
)
def test_a_script_with_a_mistake(shell, text, match):
    """The mistake is named by its line before anything begins."""
    (shell.at / "script.jsonl").write_text(text, encoding="utf-8", errors="surrogateescape")
    shell.refuses("record workflow/easy --agent script:script.jsonl", match=match)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("actions = 3", r"script.toml: expected a list 'actions', got none"),
        ("actions = [", r"script.toml: expected TOML, got "),
        ("actions = []", r"script.toml: expected at least one action"),
        (
            'actions = [{action_type = "wait"}, {action_type = 1}]',
            r"script.toml \$.actions\[1\]: action: expected one of family workflow",
        ),
    ],
)
def test_a_toml_script_with_a_mistake(shell, text, match):
    """The mistake is named by its path before anything begins."""
    (shell.at / "script.toml").write_text(text)
    shell.refuses("record workflow/easy --agent script:script.toml", match=match)


def test_all_mistakes_of_a_scenario_file_at_once(shell):
    """Each mistake is a line with the file and the path of what is wrong."""
    data = shipped("workflow/easy")
    data["surprise"] = 1
    data["seed"] = "3"
    data["parameters"]["time_budget"] = 0
    data["parameters"]["subtasks"][0]["dependencies"] = ["review_and_merge", "nothing"]
    data["parameters"]["workers"][1]["capabilities"] = ["flying"]
    data["rubric"]["criteria"][0] |= {"weight": 0.5, "measure": "share_complete"}
    write(shell.at / "mine.toml", data)
    ran = shell("record mine.toml --agent greedy", code=2)
    lines = ran.err.splitlines()
    assert lines[0].startswith("refold: mine.toml ")
    paths = {line.removeprefix("refold: ").split()[1].rstrip(":") for line in lines}
    assert paths >= {
        "$.surprise",
        "$.seed",
        "$.parameters.time_budget",
        "$.rubric.criteria",
        "$.rubric.criteria[0].measure",
    }
    assert any("nothing" in line for line in lines)
    assert any("flying" in line for line in lines)
    assert any("cycle" in line for line in lines)
    assert ran.out == ""
    assert shell.files().keys() == {"mine.toml"}
    assert shell("scenarios mine.toml", code=2).err == ran.err
