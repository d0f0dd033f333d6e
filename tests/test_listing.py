import pytest
from attrs import asdict
from shell import Shell, copy_shell
from worlds import shipped, write

from refold.agents.mock.model import MockModel
from refold.engine import EventLog
from refold.engine.exchanges import ModelCalled
from refold.graders import grade
from refold.scenarios import load, scenario_names

HEAD = "episode scenario agent seed steps reward score verdict run"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell whose log holds three runs."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/easy workflow/hard --agent greedy --name first")
    shell("record inbox --agent random --name dice --epochs 2")
    shell("record inbox/hard --agent baseline --name mail")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def cells(text):
    """Return the lines of *text*, with single blanks between words."""
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ("", {"first": 2, "dice": 6, "mail": 1}),
        ("--run dice", {"dice": 6}),
        ("--scenario workflow", {"first": 2}),
        ("--scenario inbox/hard", {"dice": 2, "mail": 1}),
        ("--agent baseline --scenario inbox", {"mail": 1}),
        ("--limit 3", {"mail": 1, "dice": 2}),
        ("--limit 0", {"first": 2, "dice": 6, "mail": 1}),
        ("--run nothing", {}),
    ],
)
def test_episodes(shell, options, runs):
    """Filters narrow the list down, newest first; people and programs get the same rows."""
    listed = shell(f"episodes --json {options}").json["episodes"]
    found = [each["run"] for each in listed]
    assert {run: found.count(run) for run in found} == runs
    assert [each["started_at"] for each in listed] == sorted(
        (each["started_at"] for each in listed), reverse=True
    )
    shown = cells(shell(f"episodes {options}").out)
    if listed:
        assert shown[0] == HEAD
        assert [line.split()[0] for line in shown[1:]] == [each["id"][:8] for each in listed]
    else:
        assert shown == []


def test_each_member_is_what_the_log_holds(tmp_path):
    """Every value of an episode stands under its own name, tokens too, of a fork as well."""
    shell = Shell(tmp_path)
    with MockModel() as model:
        asked = f"--agent openai:mock --base-url {model.base_url} --api-key none"
        shell(f"record inbox/easy {asked} --epochs 2 --name run")
    shell("fork last --at 1 --agent random")
    listed = shell("episodes --json").json["episodes"]
    with EventLog(tmp_path / "refold.db", readonly=True) as log:
        infos = list(log.episodes(newest_first=True))
        assert [{name: row[name] for name in asdict(infos[0])} for row in listed] == [
            asdict(info) for info in infos
        ]
        for row in listed:
            calls = [each for each in log.events(row["id"]) if isinstance(each, ModelCalled)]
            used = [call.reply.usage for call in calls]
            assert row["input_tokens"] == sum(each.input for each in used) > 0
            assert row["output_tokens"] == sum(each.output for each in used) > 0
            assert row["input_tokens"] != row["output_tokens"]
    assert all(info.started_at != info.ended_at for info in infos)


def test_a_list_that_was_cut_says_so(shell):
    """Only where there are more does a word on stderr tell how to see them."""
    assert shell("episodes --limit 3").err == "the first 3; --limit 0 shows all\n"
    assert shell("episodes --limit 9").err == ""
    assert "no episodes in refold.db fit" in shell("episodes --run nothing").err


def test_show(shell):
    """One episode at a glance: who, how long, digest, and the grade from its events."""
    (shown,) = shell("show last --json").json["episodes"]
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        info, stream = log.find("last"), log.events("last")
    assert (shown["id"], shown["digest"], shown["steps"]) == (info.id, stream.digest, 5)
    assert shown["grade"]["score"] == shown["score"] == grade(stream).score == 0.824
    lines = cells(shell("show last").out)
    assert lines[0] == f"inbox/hard {info.id}"
    assert lines[1] == "agent baseline, seed 1, run mail"
    assert lines[2].startswith(
        "0.8240: inbox emptied after 5 steps. A mistake at step 4: h4_2931: "
    )
    assert lines[3].startswith("5 steps, 18 events, terminated (inbox_empty); began 20")
    assert lines[4] == f"digest {stream.digest}"
    assert "score 0.8240 by inbox/hard v1" in lines
    assert lines[-2:] == [
        f"next: refold replay {info.id} --step 4",
        f"refold what-if {info.id} --at 3 --agent baseline",
    ]


def test_show_names_refused_actions(shell):
    """What the rules refused stands out, equal ones together, with its first and last step."""
    id = shell("episodes --scenario workflow/hard --json").json["episodes"][0]["id"]
    shown = shell("show", id).out
    act = "19 × retry enrich_logs with investigator_alpha"
    assert f"  steps 4 to 22: {act}, refused: permanent_failure\n" in shown
    (moment,) = shell("replay --json --step 4", id).json["steps"]
    assert moment["error"] == "permanent_failure"


def test_scenarios(shell):
    """The list has all that ship, easiest first in each family, with rubric and seed."""
    listed = shell("scenarios --json").json["scenarios"]
    assert [each["name"] for each in listed] == scenario_names()
    lines = cells(shell("scenarios").out)
    assert lines[0] == "scenario title rules seed rubric"
    assert "workflow/hard Production incident 1 44 workflow/hard v1" in lines
    assert len(lines) == 1 + len(listed)


@pytest.mark.parametrize("name", scenario_names())
def test_one_scenario(shell, name):
    """A scenario is shown whole: its text, its parameters, its rubric."""
    scenario = load(name)
    (found,) = shell("scenarios --json", name).json["scenarios"]
    assert found["rubric"]["criteria"][0]["weight"] == scenario.rubric.criteria[0].weight
    shown = shell("scenarios", name).out
    text = " ".join(shown.split())
    assert f"{name}: {scenario.title}" in text
    assert " ".join(scenario.description.split()) in text
    for criterion in scenario.rubric.criteria:
        assert f"\n{criterion.name} " in shown
    for key in shipped(name)["parameters"]:
        assert f"\n{key}" in shown


def test_a_scenario_file_is_shown_as_it_would_play(shell):
    """A file is named by its path, and checked on the way."""
    mine = write(shell.at / "mine.toml", {**shipped("workflow/easy"), "seed": 8})
    assert "family workflow, rules 1, seed 8" in shell("scenarios ./mine.toml").out
    write(mine, {**shipped("workflow/easy"), "seed": -8})
    shell.refuses("scenarios ./mine.toml", match=r"mine.toml \$.seed: expected 0 to")


def test_a_scenario_that_ships_can_be_copied(shell):
    """--toml prints the file itself, which plays under its new name; it wants one name."""
    for name in scenario_names():
        (shell.at / "mine.toml").write_text(shell("scenarios --toml", name).out)
        assert load(shell.at / "mine.toml").rubric == load(name).rubric
    (shell.at / "mine.toml").write_text(shell("scenarios --toml workflow/expert").out)
    assert shell("record ./mine.toml --agent greedy --json").json["episodes"][0]["score"] == 0.8003
    shell.refuses("scenarios --toml", match="expected a NAME, got none")
