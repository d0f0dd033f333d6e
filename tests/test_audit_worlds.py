"""Audits of worlds outside: each planted fault is found by its check, and by no other."""

import planted_worlds
import pytest
import small_envs
from openenv_worlds import counting
from shell import Shell
from sizes import first_fast

from refold.audits.running import run_audit
from refold.audits.worlds import WorldTarget
from refold.audits.worlds.moves import MESSAGE, OfferMoves
from refold.engine import EventLog
from refold.environments import Worlds
from refold.graders import grade
from refold.replays.live import verify_live
from refold.scenarios import load
from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.offer import OfferedActions

FILE = planted_worlds.__file__
READER = f"{FILE}:Reader"

FAULTS = {
    "Showing": "semantic.no_solution_leakage",
    "Telling": "semantic.no_solution_leakage",
    "Seedless": "seeds.effect",
    "Unseeded": "runtime.seed_control",
    "Lucky": "runtime.episode_determinism",
    "Clock": "semantic.replayability",
    "Labelled": "semantic.replayability",
    "Leaking": "runtime.episode_isolation",
    "Shared": "runtime.episode_isolation",
    "Praised": "rewards.praise",
    "Generous": "rewards.for_nothing",
    "Lying": "runtime.tool_declaration_accuracy",
    "Fixed": "observations.fixed",
    "Broken": "runtime.reward_well_formed",
    "Shut": "semantic.oracle_max",
    "Lenient": "grader.mutation",
}
"""The check that finds the fault of a world, by the world's class."""

OPENED = """
{ name = "opened", weight = WEIGHT, measure = "observation", \
params = { path = "$.open", equals = true } }
"""
FREE = """
{ name = "quiet", weight = 0.2, measure = "observation", \
params = { path = "$.alarm", equals = false, of = "last" } }
"""
VACUOUS = """
{ name = "patient", weight = 0.2, measure = "tool_never_called", \
params = { name = "open", arguments = { code = "0000" } } }
"""
DEAD = """
{ name = "fire", weight = -0.2, measure = "observation", \
params = { path = "$.fire", equals = true } }
"""
CRITERIA = {
    "criteria.free": [OPENED.replace("WEIGHT", "0.8"), FREE.strip()],
    "criteria.dead": [OPENED.replace("WEIGHT", "1.0"), DEAD.strip()],
}
"""Criteria of a rubric that has one fault, by the check that finds it."""


def answers(name, *, oracle=READER, named=(), only=(), seeds=2):
    """Return what the checks of the world *name* answer."""
    scenario = load(name)
    target = WorldTarget(scenario, scenario.seed, seeds, (name, *named), oracle)
    (found,) = run_audit([target], only=only, seconds=120)
    return found


def failed(found):
    """Return the ids of the checks that fail in *found*; each could be run."""
    assert [each.problem for each in found if each.problem] == []
    return {each.check.id for each in found if each.check.verdict(each.measured) == "fail"}


def planted(kind):
    """Return the name of a world of planted_worlds."""
    return f"python:{FILE}:{kind}"


def scored_by(folder, criteria, *, kind="Vault"):
    """Return the path of a scenario of a world of planted_worlds, scored by *criteria*."""
    text = f"""
family = "answered"
rules = 1
title = "Vault"
description = "Open the vault."
seed = 0
parameters = {{ environment = "python", name = "planted_worlds.py:{kind}" }}
rubric = {{ name = "vault", version = 1, criteria = [{", ".join(criteria)}] }}
"""
    path = folder / "vault.toml"
    path.write_text(text)
    return str(path)


def test_a_world_without_a_fault():
    """No check fails, and all that can be measured with an oracle is."""
    found = answers(planted("Vault"))
    assert failed(found) == set()
    skipped = {each.check.id for each in found if each.check.verdict(each.measured) == "skip"}
    assert skipped == {
        "criteria.constant",
        "criteria.dead",
        "criteria.discrimination",
        "criteria.duplicate",
        "criteria.free",
        "criteria.vacuous",
        "runtime.reward_well_formed",
    }


@pytest.mark.parametrize(("kind", "check"), first_fast(FAULTS.items(), 2))
def test_a_planted_fault(kind, check):
    """It is found by its check, by no other, and an episode of it is shown."""
    found = answers(planted(kind))
    assert failed(found) == {check}
    shown = [each.measured for each in found if each.check.verdict(each.measured) == "fail"]
    assert all(each.episode is not None for each in shown)


@pytest.mark.parametrize(("check", "criteria"), CRITERIA.items())
def test_a_planted_criterion(tmp_path, check, criteria):
    """A criterion that is free, or dead, is found by its check, and by no other."""
    found = answers(scored_by(tmp_path, criteria), named=[planted("Vault")])
    assert failed(found) == {check}


def test_a_criterion_that_pays_where_there_was_nothing(tmp_path):
    """It is found as such, and as what else it is: free, constant, and telling nobody apart."""
    path = scored_by(tmp_path, [OPENED.replace("WEIGHT", "0.8"), VACUOUS.strip()])
    found = answers(path, named=[planted("Vault")])
    kinds = ("constant", "discrimination", "free", "vacuous")
    assert failed(found) == {f"criteria.{kind}" for kind in kinds}


def test_rewards_against_the_score(tmp_path):
    """Rewards that say the opposite of the score are found by their check, and by no other."""
    name = scored_by(tmp_path, [OPENED.replace("WEIGHT", "1.0")], kind="Backwards")
    found = answers(name, named=[planted("Backwards")])
    assert failed(found) == {"rewards.order"}


@pytest.mark.parametrize(("kind", "score"), [("Path", 1.0), ("LongPath", 0.0)])
def test_taking_what_pays_most(kind, score):
    """Who tries each action and takes the best is led to the end where each step pays at once."""
    name = planted(kind)
    (found,) = answers(name, oracle=None, only=["statistical.gameability_gap"])
    assert found.measured.value == 1 - score
    assert found.measured.episode.agent == "greedy by reward"
    stream = found.measured.episode.stream
    assert grade(stream).score == score
    assert verify_live(stream, Worlds([name])).verdict == "same"


def test_what_differs_is_told():
    """The first value that differs is named, with both of its values."""
    (about,) = [
        each.measured.about for each in answers(planted("Clock"), only=["semantic.replayability"])
    ]
    assert about.startswith("at the beginning, $.observation.at.nanoseconds is ")
    (about,) = [
        each.measured.about
        for each in answers(planted("Lucky"), only=["runtime.episode_determinism"])
    ]
    assert about.startswith("after 1 actions, $.observation.number is ")


def test_a_call_that_the_world_refuses():
    """A known solution that names what there is not is found, with the call and the error."""
    (found,) = answers(
        planted("Vault"), oracle=f"{FILE}:Clumsy", only=["runtime.task_declaration_accuracy"]
    )
    assert found.measured.value == 2  # one in each world
    assert 'look({"shelf":"upper"}): there is no tool look' in found.measured.about
    found = answers(
        planted("Vault"), oracle=f"{FILE}:Clumsy", only=["runtime.tool_declaration_accuracy"]
    )
    assert found[1].measured.value == 2


def test_a_sum_outside_of_the_declared_range(tmp_path):
    """A scenario file declares the range of the sum of rewards; whoever leaves it is found."""
    narrow = (
        '{ name = "paid", weight = 1.0, measure = "reward", params = { low = 0.0, high = 0.5 } }'
    )
    found = answers(scored_by(tmp_path, [narrow]), named=[planted("Vault")])
    assert failed(found) == {"runtime.reward_well_formed"}


def test_without_an_oracle():
    """What needs one is skipped, and says how to name one; all else is measured."""
    found = answers(planted("Vault"), oracle=None)
    skipped = {each.check.id for each in found if "--oracle" in each.measured.about}
    assert {"semantic.oracle_max", "semantic.no_solution_leakage"} <= skipped
    assert "semantic.oracle_max" not in failed(found)


def test_a_world_that_says_nothing_of_its_actions(tmp_path, monkeypatch):
    """Nothing of the panel can be played; the command says so, and how to go on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mute.py").write_text(
        "class Mute:\n"
        "    def reset(self, seed=None):\n        return seed\n"
        "    def step(self, action):\n        return action, 0.0, True, False, {}\n"
    )
    found = answers("python:mute.py:Mute", oracle=None)
    problems = {each.check.id: each.problem for each in found if each.problem}
    assert "--oracle AGENT names an agent that knows" in problems["runtime.seed_control"]
    told = {each.check.id: each.measured.about for each in found}
    assert told["statistical.adversarial_floor"] == "the environment does not declare its actions"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "checks"),
    [
        ("Small", {"semantic.floor_gap", "statistical.adversarial_floor", "rewards.for_nothing"}),
        ("Clock", {"semantic.replayability"}),
        ("Leaking", {"runtime.episode_isolation"}),
        ("Lucky", {"runtime.episode_determinism"}),
    ],
)
def test_gymnasium(kind, checks):
    """Registered environments are audited by their spaces alone."""
    name = f"gymnasium:{small_envs.__name__}:{kind}-v0"
    found = answers(name, oracle=None, only=["runtime", "semantic.replayability"])
    assert failed(found) >= checks & {each.check.id for each in found}


@pytest.mark.slow
def test_openenv():
    """A server is audited over its sessions; this one counts, whatever the seed."""
    with counting() as url:
        found = answers(f"openenv:{url}", oracle=None)
        assert {"statistical.adversarial_floor", "semantic.floor_gap"} & failed(found)
        passed = {each.check.id for each in found if each.check.verdict(each.measured) == "pass"}
    assert {"runtime.episode_determinism", "runtime.episode_isolation"} <= passed


@pytest.mark.slow
def test_the_command(tmp_path):
    """It records what shows a finding, names the command, and exits with 1."""
    shell = Shell(tmp_path)
    name = planted("Praised")
    ran = shell(f"audit {name} --oracle {READER} --seeds 2 --json", code=1)
    (found,) = [each for each in ran.json["findings"] if each["verdict"] == "fail"]
    assert (found["check"], found["value"], found["bound"]) == ("rewards.praise", 0.2, 0)
    with EventLog(tmp_path / "refold.db") as log:
        stream = log.events(found["episode"])
        assert verify_live(stream, Worlds([name])).verdict == "same"
        assert log.find(found["episode"]).run == "audit"
    assert "excellent" in shell(f"replay {found['episode']} --step 1").out
    again = shell(f"audit {name} --oracle {READER} --seeds 2 --json", code=1)
    assert again.json == ran.json


@pytest.mark.slow
def test_equal_audits_are_equal_bytes(tmp_path):
    """Markdown and JUnit of the same world, audited again, hold the same bytes."""
    shell = Shell(tmp_path)
    words = f"audit {planted('Vault')} --oracle {READER} --seeds 2 --log a.db"
    for name in ("one", "other"):
        shell(f"{words} --markdown {name}.md --junit {name}.xml")
    for end in ("md", "xml"):
        assert (tmp_path / f"one.{end}").read_bytes() == (tmp_path / f"other.{end}").read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("workflow/easy --oracle gold", "--oracle gold: expected an environment to audit"),
        ("gymnasium:Nothing-v0", "expected a registered id, got 'Nothing-v0'"),
        ("NAME --oracle nobody", "agent: expected a known name, got 'nobody'"),
        ("NAME --oracle openai:some-model", "--oracle: expected an agent that asks no model"),
        ("NAME --oracle none.py:solve", "expected a Python file"),
    ],
)
def test_bad_input(tmp_path, words, told):
    """What cannot be audited is told in one line, with code 2, and nothing is recorded."""
    ran = Shell(tmp_path)(f"audit {words.replace('NAME', planted('Vault'))}", code=2)
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert not list(tmp_path.glob("*.db"))


def moves(**offer):
    """Return what can be done where this is on offer."""
    return OfferMoves(OfferedActions(Offer(**offer)))


def test_the_moves_of_an_offer():
    """Tools, actions that can be counted, and words are kinds; texts go where any text fits."""
    found = moves(tools=planted_worlds.Vault.tools)
    assert found.kinds == ["look", "open"]
    assert found.writing == ["open"]
    (call,) = found.written("open", "hm")["tool_calls"]
    assert call == {"name": "open", "arguments": {"code": "hm", "remark": "hm"}}
    assert found.of_kind("look") == found.of_kind("look")
    spoken = moves(tools=planted_worlds.Vault.tools, text=True)
    assert spoken.writing == [MESSAGE]
    many = moves(schema={"type": "integer", "minimum": 0, "maximum": 99})
    assert (many.kinds[0], many.kinds[-1], len(many.kinds)) == ("0", "99", 8)
    assert many.writing == []
    assert moves(schema={"type": "string"}).written("text", "hm") == "hm"
    assert moves().kinds == []
