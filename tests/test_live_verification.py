import os
import shutil
from pathlib import Path

import pytest
import small_envs
from msgspec.structs import replace
from outside import write_env
from shell import Shell

from refold.agents import make_policy, play
from refold.engine import Episode, EventLog
from refold.engine.codec import encode
from refold.engine.stream import Stream
from refold.environments import Worlds
from refold.replays.live import verify_live
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered

GOOD = "gymnasium:small_envs:Small-v0"
FRAIL = """
import pathlib


class Frail(Walk):
    def reset(self, seed=None):
        if not pathlib.Path("mended").exists():
            raise OSError("out of order")
        return super().reset(seed)
"""


def world(kind):
    """Return the name of an environment of this folder."""
    return f"gymnasium:small_envs:{kind}-v0"


def recorded(name, log=None, seed=1):
    """Return the stream of an episode of the world *name*, played at random."""
    episode = Episode.start(load(name), log=log, seed=seed, open_world=Worlds([name]))
    play(episode, make_policy("random", episode.family, seed=seed))
    episode.close()
    return episode.events


def live(name, stream, **more):
    """Return how a fresh world *name* answers *stream*."""
    return verify_live(stream, Worlds([name]), **more)


def test_a_clock_is_found():
    """The first look differs already; the path says where, and that it changes each time."""
    name = world("Clock")
    stream = recorded(name)
    verdict = live(name, stream)
    assert (verdict.verdict, verdict.step) == ("differs", 0)
    assert verdict.difference.path == "$.observation.clock.now"
    assert verdict.changing == ("$.observation.clock.now",)
    assert verdict.again == 1


def test_what_changes_each_time_can_be_left_out():
    """Without the clock, all else is the same, and still compared."""
    name = world("Clock")
    stream = recorded(name)
    verdict = live(name, stream, volatile=["$.observation.clock"])
    assert (verdict.verdict, verdict.again) == ("same", verdict.of)
    assert live(name, stream, volatile=["$.observation.clo"]).verdict == "differs"
    other = recorded(name, seed=2)
    mixed = Stream.read([stream.payloads[0], *other.payloads[1:]], episode="mixed")
    found = live(name, mixed, volatile=["$.observation.clock"])
    assert found.difference.path == "$.observation.dice[0]"


def test_a_reward_by_chance_is_found():
    """It differs in the first step that draws, not before."""
    name = world("Lucky")
    verdict = live(name, recorded(name))
    assert (verdict.verdict, verdict.step, verdict.again) == ("differs", 3, 4)
    assert verdict.difference.path == "$.reward"
    assert verdict.changing == ("$.reward",)


def test_what_leaks_between_episodes_is_found(tmp_path):
    """An episode that depends on those before it differs in a process that has seen none."""
    name = world("Leaking")
    with EventLog(tmp_path / "refold.db") as log:
        small_envs.Leaking.begun = 0
        for seed in range(3):
            recorded(name, log, seed)
        small_envs.Leaking.begun = 0
    shown = Shell(tmp_path)(f"verify --live --world {name} --json", code=1).json["episodes"]
    assert [each["verdict"] for each in shown] == ["differs", "differs", "differs"]
    newest = shown[0]
    assert (newest["step"], newest["path"]) == (0, "$.observation.begun")
    assert (newest["recorded"], newest["now"]) == (3, 1)


@pytest.mark.parametrize(
    ("step", "changed", "path"),
    [
        (1, {"reward": 2.0}, "$.reward"),
        (2, {"reward": None}, "$.reward"),
        (3, {"observation": [0.5, 0.5]}, "$.observation[0]"),
        (4, {"info": {"action": 7}}, "$.info.action"),
        (2, {"observation": "gone"}, "$.observation"),
        (1, {"info": {"action": True}}, "$.info.action"),
    ],
)
def test_an_altered_answer_is_found(step, changed, path):
    """Whoever changes what a world said is found at that step and value, and at none before."""
    stream = recorded(GOOD)
    events = list(stream)
    places = [n for n, each in enumerate(events) if isinstance(each, EnvironmentAnswered)]
    place = places[step - 1]
    events[place] = replace(events[place], **changed)
    forged = Episode.start(load(GOOD), seed=1)
    forged.note(events[1])
    for action, answer in zip(
        [each.action for each in events if hasattr(each, "action")],
        [events[n] for n in places],
        strict=True,
    ):
        forged.step(action, answers=(answer,))
    verdict = live(GOOD, forged.events)
    assert (verdict.verdict, verdict.step, verdict.difference.path) == ("differs", step, path)
    assert verdict.again == step + 1


def test_an_unsound_record_is_not_played():
    """What the chain or the rules do not hold is said to be so, before any world is opened."""
    stream = recorded(GOOD)
    payloads = list(stream.payloads)
    ended = payloads[-1].replace(b'"total":15.0', b'"total":99.0')
    assert ended != payloads[-1]
    forged = Stream.read([*payloads[:-1], ended], episode="forged")
    verdict = verify_live(forged, lambda _: pytest.fail("opened"))
    assert verdict.verdict == "unplayable"
    assert "refold verify" in verdict.reason


def test_rules_of_refold_need_no_world():
    """They are decided again offline; live, that is said."""
    stream = Episode.start(load("workflow/easy")).events
    verdict = verify_live(stream, lambda _: pytest.fail("opened"))
    assert (verdict.verdict, verdict.of) == ("unplayable", 0)
    assert "re-runs its rules" in verdict.reason


def test_a_world_that_may_not_be_opened():
    """The verdict says how to name it."""
    verdict = verify_live(recorded(GOOD), Worlds())
    assert verdict.verdict == "unplayable"
    assert verdict.reason.endswith(f"add --world {GOOD}")


def test_a_world_that_fails_now():
    """It is said at which step it gave no answer, and that the rest was not compared."""
    name = world("Failing")
    good = recorded(GOOD)
    events = list(good)
    scenario = load(name)
    episode = Episode.start(scenario, seed=1)
    episode.note(events[1])
    again = Worlds([name])(scenario.body)
    again.begin(1)
    actions = [each.action for each in events if hasattr(each, "action")]
    for action in actions[:2]:
        episode.step(action, answers=again.act(action))
    episode.step(actions[2], answers=(EnvironmentAnswered(observation=[0.0, 0.0], reward=1.0),))
    verdict = live(name, episode.events)
    assert (verdict.verdict, verdict.step, verdict.again) == ("unplayable", 3, 3)
    assert "ZeroDivisionError: out of order" in verdict.reason


def test_more_than_once(tmp_path):
    """Played several times, the first play that differs counts."""
    name = world("Leaking")
    small_envs.Leaking.begun = 0
    stream = recorded(name)
    small_envs.Leaking.begun = 0
    assert live(name, stream).verdict == "same"
    small_envs.Leaking.begun = 0
    verdict = live(name, stream, times=2)
    assert (verdict.verdict, verdict.difference.path) == ("differs", "$.observation.begun")


def test_releases_are_recorded_but_no_answer():
    """Another version that answers the same is the same."""
    stream = recorded(GOOD)
    began = replace(stream[1], by={"gymnasium": "0.1"})
    payloads = [stream.payloads[0], encode(began), *stream.payloads[2:]]
    assert live(GOOD, Stream.read(payloads, episode="older")).verdict == "same"


def test_the_command_says_it_in_a_line(tmp_path):
    """Each episode has a line, the whole a summary; the exit code is that of the worst."""
    shell = Shell(tmp_path)
    good, bad = "gymnasium:CartPole-v1", world("Lucky")
    shell(f"record {good} {bad} --agent random --name run")
    id, other = shell.ids("--scenario", good), shell.ids("--scenario", bad)
    ran = shell(f"verify --live {id[0]}")
    assert f"{id[0]}  same; " in ran.out
    assert "1 episode replayed: 1 same" in ran.err
    ran = shell(f"verify --live {other[0]} --world {bad}", code=1)
    assert f"{other[0]}  differs at step 3 $.reward: " in ran.out
    assert "changes from play to play: $.reward" in " ".join(ran.out.split())
    shell(f"verify --live {other[0]} --world {bad} --volatile $.reward")
    ran = shell("verify --live", code=1)
    assert "1 same, 1 unplayable" in ran.err
    shell("verify")


def test_nothing_is_compared_where_nothing_was_answered(tmp_path):
    """An attempt that failed as it began is left out once another was played, unless named."""
    write_env(tmp_path, more=FRAIL)
    shell, name = Shell(tmp_path), "python:walk.py:Frail"
    shell(f"record {name} --agent random --name run", code=1)
    (failed,) = shell.ids()
    assert "0 episodes replayed" in shell("verify --live").err
    (tmp_path / "mended").touch()
    shell(f"resume run --failed --world {name}")
    assert "1 episode replayed: 1 same" in shell(f"verify --live --world {name}").err
    ran = shell(f"verify --live {failed} --world {name}", code=1)
    assert "unplayable: it has no answer of an environment" in ran.out


@pytest.mark.slow
def test_another_process_finds_it(tmp_path):
    """Worlds made wrong on purpose are found by a process that did not record them."""
    shell = Shell(tmp_path)
    shutil.copy(Path(small_envs.__file__), tmp_path)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    kinds = ("Small", "Clock", "Leaking", "Lucky")
    words = " ".join(map(world, kinds))
    shell.program(f"record {words} --agent random --epochs 2", env=env)
    words = " ".join(f"--world {world(kind)}" for kind in kinds)
    rows = shell.program(f"verify --live --json {words}", env=env, code=1).json["episodes"]
    id_of = {kind: shell.ids("--scenario", world(kind))[-1] for kind in kinds}
    by_id = {row["id"]: (row["verdict"], row["step"], row["path"]) for row in rows}
    found = {kind: by_id[id] for kind, id in id_of.items()}
    assert found == {
        "Small": ("same", None, None),
        "Clock": ("differs", 0, "$.observation.clock.now"),
        "Leaking": ("differs", 0, "$.observation.begun"),
        "Lucky": ("differs", 3, "$.reward"),
    }
