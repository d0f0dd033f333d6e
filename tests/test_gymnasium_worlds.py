import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import gymnasium
import jsonschema
import numpy as np
import pytest
import small_envs
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from shell import Shell
from sizes import first_fast

from refold.agents import make_policy, play
from refold.agents.schema_values import fill
from refold.engine import Episode, EventLog, InvalidAction, RefoldError, fold_to
from refold.engine.errors import NoWorld, WorldDiffers
from refold.engine.values import to_json_value
from refold.environments import Worlds
from refold.environments.gymnasium.spaces import (
    check_action,
    read_action,
    recordable_action,
    schema_of,
)
from refold.environments.gymnasium.worlds import GYMNASIUM, reward_range
from refold.graders import grade
from refold.replays import verify
from refold.replays.live import verify_live
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan
from refold.scenarios.answered.parameters import AnsweredParameters

SMALL = [f"gymnasium:small_envs:{name}-v0" for name in ("Picture", "Machine")]
EPOCHS = {
    "gymnasium:CartPole-v1": 50,
    "gymnasium:FrozenLake-v1?is_slippery=false": 150,
    "gymnasium:Taxi-v4?is_rainy=true": 6,
    "gymnasium:Pendulum-v1?max_episode_steps=30": 30,
    **dict.fromkeys(SMALL, 100),
}
"""Episodes that take so long that their recorder can be killed before the last."""
WORLDS = list(EPOCHS)
SPACES = [
    spaces.Discrete(3),
    spaces.Discrete(4, start=-2),
    spaces.MultiDiscrete([2, 5, 3]),
    spaces.MultiDiscrete([[2, 3], [4, 5]]),
    spaces.MultiBinary(4),
    spaces.MultiBinary((2, 3)),
    spaces.Box(-1, 1, (2,), np.float32),
    spaces.Box(np.float32([-1, 0.1]), np.float32([1, 0.3])),
    spaces.Box(-np.inf, np.inf, (2, 2), np.float64),
    spaces.Box(0, np.inf, (), np.float32),
    spaces.Box(0, 255, (2, 2, 3), np.uint8),
    spaces.Text(5, min_length=2, charset="abc"),
    spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Dict({"c": spaces.MultiBinary(2)})}),
    spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (2,), np.float32)]),
    spaces.Sequence(spaces.Discrete(3)),
    spaces.Sequence(spaces.Box(0, 1, (2,), np.float32), stack=True),
    spaces.OneOf([spaces.Discrete(2), spaces.Box(0, 1, (2,), np.float32)]),
]


def equal(a, b):
    """Return whether two values of a space are the same, in type and shape too."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return (
        type(a) is type(b)
        and getattr(a, "dtype", 0) == getattr(b, "dtype", 0)
        and bool(np.array_equal(a, b))
    )


@pytest.mark.parametrize("space", first_fast(SPACES, 8), ids=repr)
def test_a_space_as_a_schema(space):
    """Every action of a space fits its schema, and is read from JSON as what it was."""
    space.seed(3)
    schema = schema_of(space)
    for _ in range(20):
        action = space.sample()
        written = json.loads(json.dumps(to_json_value(recordable_action(space, action))))
        jsonschema.validate(written, schema)
        read = read_action(space, written)
        check_action(space, read)
        assert equal(read, action)


@pytest.mark.parametrize(
    "space", [each for each in SPACES if not isinstance(each, spaces.Text)], ids=repr
)
def test_what_fits_a_schema_is_an_action(space):
    """What an agent makes of the schema lies in the space."""
    dice = random.Random(5)
    for _ in range(20):
        check_action(space, read_action(space, fill(schema_of(space), dice, real=True)))


@pytest.mark.parametrize(
    ("space", "action", "problem"),
    [
        (spaces.Discrete(2), 2, r"expected one of Discrete\(2\), got 2$"),
        (spaces.Discrete(2), -1, "got -1$"),
        (spaces.Discrete(2), 0.5, "got 0.5, no whole number"),
        (spaces.Discrete(2), True, "got True, no whole number"),
        (spaces.Discrete(2), "1", "got '1', no whole number"),
        (spaces.Discrete(2), [1], "no whole number"),
        (spaces.Discrete(2), 10**30, "got"),
        (spaces.MultiBinary(2), [0, 2], r"got \[0, 2\]$"),
        (spaces.MultiBinary(2), [0], r"got numbers of the shape \(1,\)"),
        (spaces.Box(0, 1, (2,), np.float32), [0, 1.5], r"got \[0.0, 1.5\]$"),
        (spaces.Box(0, 1, (2,), np.float32), [[0], [1, 2]], "got"),
        (spaces.Box(0, 1, (2,), np.float32), ["0", "1"], "no numbers"),
        (spaces.Box(0, 255, (1,), np.uint8), [256], "uint8 does not hold"),
        (spaces.Box(0, 255, (1,), np.uint8), [1.5], "uint8 does not hold"),
        (spaces.Text(3), "abcd", "got 'abcd'"),
        (spaces.Text(3), 3, "got 3"),
        (spaces.Dict({"a": spaces.Discrete(2)}), {"b": 1}, "got an object with b"),
        (spaces.Dict({"a": spaces.Discrete(2)}), {}, "got an object with nothing"),
        (spaces.Dict({"a": spaces.Discrete(2)}), [1], "no object"),
        (spaces.Tuple([spaces.Discrete(2)]), [1, 1], "got"),
        (spaces.Sequence(spaces.Discrete(2)), 1, "no list"),
        (spaces.OneOf([spaces.Discrete(2)]), [0, 2], "got"),
        (spaces.Discrete(2), {"$type": "os.system"}, "only the class"),
    ],
    ids=repr,
)
def test_what_is_no_action(space, action, problem):
    """It is refused in a line that says what the space takes, and what was given."""
    with pytest.raises((InvalidAction, RefoldError), match=problem) as raised:
        check_action(space, read_action(space, action))
    assert "\n" not in str(raised.value)


def test_arrays_of_another_type_stay_so():
    """A float64 array for a float32 space is given again as float64: a world computes with it."""
    space = spaces.Box(-2, 2, (1,), np.float32)
    for action in (np.array([0.1]), [0.1], np.array([3], np.int64), np.array([[0.5]], np.float32)):
        written = json.loads(json.dumps(to_json_value(recordable_action(space, action))))
        assert equal(read_action(space, written), np.asarray(action))


@pytest.mark.parametrize(
    ("threshold", "steps", "low", "high"),
    [
        (475.0, 500, 0, 475),
        (None, 200, 0, 1),
        (-110.0, 200, -200, -110),
        (-110.0, None, -220, -110),
        (-300.0, 200, -600, -300),
        (0.0, 100, -100, 0),
        (0.0, None, -1, 0),
    ],
)
def test_the_scale_of_rewards(threshold, steps, low, high):
    """From 0, or from what steps at a cost add up to, to the threshold that counts as solved."""
    spec = EnvSpec("Any-v0", reward_threshold=threshold, max_episode_steps=steps)
    assert reward_range(spec) == {"low": low, "high": high}


def test_a_scenario_is_described_without_its_world(monkeypatch):
    """Name, options and rubric come from what is registered."""
    monkeypatch.setattr(gymnasium, "make", None)
    scenario = load("gymnasium:FrozenLake-v1?is_slippery=false&map_name=8x8")
    assert scenario.name == "gymnasium:FrozenLake-v1?is_slippery=false&map_name=8x8"
    assert load(scenario.name) == scenario
    assert scenario.parameters.options == {"is_slippery": False, "map_name": "8x8"}
    assert scenario.rubric.criteria[0].params == {"low": 0.0, "high": 0.7}


def test_a_scenario_file_sets_the_scale(tmp_path):
    """It names the environment, and what sum of rewards is worth 0 and 1."""
    (tmp_path / "cart.toml").write_text("""
        family = "answered"
        rules = 1
        title = "Cart"
        description = "Balance the pole."
        seed = 4
        parameters = { environment = "gymnasium", name = "CartPole-v1", max_steps = 5 }
        [rubric]
        name = "cart"
        version = 1
        criteria = [
            { name = "r", weight = 1.0, measure = "reward", params = { low = 1, high = 9 } },
        ]
    """)
    shell = Shell(tmp_path)
    shell("record cart.toml --agent random")
    (row,) = shell("episodes --json").json["episodes"]
    assert (row["scenario"], row["steps"], row["score"]) == ("cart", 5, 0.5)
    assert row["reason"] == "max_steps"
    shell("verify --live")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("gymnasium:CartPol-v1", "did you mean CartPole-v1, CartPole-v0"),
        ("gymnasium:CartPole", "did you mean CartPole-v1"),
        ("gymnasium:", "expected an id, as in gymnasium:CartPole-v1; .* lists them"),
        ("gymnasium:Zebra-v0", "got 'Zebra-v0'; .* lists them"),
        ("gymnasium:no_such_module:Env-v0", "No module named 'no_such_module'"),
        ("gymnasium:CartPole-v1?x", "expected NAME.key=value"),
    ],
)
def test_names_that_are_none(words, problem, tmp_path):
    """A line says what was expected, and what is near; no log is begun."""
    Shell(tmp_path).refuses(f"record {words} --agent random", match=problem)


def recorded(name, log=None, seed=11, agent="random"):
    """Return an episode of the world *name*, played to its end."""
    episode = Episode.start(load(name), log=log, seed=seed, open_world=Worlds([name]))
    play(episode, make_policy(agent, episode.family, seed=seed, scenario=episode.events.scenario))
    episode.close()
    return episode


def answers(stream):
    """Return the answers of *stream*."""
    return [each for each in stream if isinstance(each, EnvironmentAnswered | EnvironmentBegan)]


def own_loop(name, actions, seed=11):
    """Return what Gymnasium answers to *actions*, JSON data, without refold's world."""
    address, options = name.removeprefix("gymnasium:"), {}
    if "?" in address:
        address, _, told = address.partition("?")
        key, _, value = told.partition("=")
        options = {key: json.loads(value)}
    env = gymnasium.make(address, **options)
    looks = [env.reset(seed=seed)]
    looks += [env.step(read_action(env.action_space, action)) for action in actions]
    env.close()
    return json.loads(json.dumps(to_json_value(looks)))


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_recorded(name):
    """What is recorded is what Gymnasium answers by itself; it is sound, and scored by rewards."""
    episode = recorded(name)
    began, *rest = answers(episode.events)
    looks = own_loop(name, [each.action for each in episode.events if hasattr(each, "action")])
    assert [began.observation, began.info] == looks[0]
    told = [[e.observation, e.reward, e.terminated, e.truncated, e.info] for e in rest]
    assert told == looks[1:]
    assert episode.over
    assert began.by["gymnasium"] == gymnasium.__version__
    assert began.by["numpy"] == np.__version__
    assert verify(episode.events) is None
    low, high = load(name).rubric.criteria[0].params.values()
    share = (sum(each.reward for each in rest) - low) / (high - low)
    assert grade(episode.events).score == pytest.approx(min(1, max(0, share)), abs=1e-4)


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_played_again(name, tmp_path):
    """Verified live, forked and resumed, it answers the same; a fork may go on otherwise."""
    with EventLog(tmp_path / "log.db") as log:
        whole = recorded(name, log)
        stream = log.events(whole.id)
        verdict = verify_live(stream, Worlds([name]), times=2)
        assert (verdict.verdict, verdict.again) == ("same", verdict.of)
        steps = verdict.of - 1
        half = Episode.fork(stream, steps // 2, log=log, open_world=Worlds([name]))
        half.close()
        assert not half.over
        resumed = Episode.resume(log, half.id, open_world=Worlds([name]))
        actions = [each.action for each in stream if hasattr(each, "action")]
        for action in actions[steps // 2 :]:
            resumed.step(action)
        resumed.close()
        assert log.events(half.id).digest == whole.events.digest
        other = Episode.fork(stream, steps // 2, open_world=Worlds([name]))
        play(other, make_policy("random", other.family, seed=99))
        other.close()
        assert verify(other.events) is None
        assert verify_live(other.events, Worlds([name])).verdict == "same"


def test_pictures_are_recorded_as_arrays():
    """They are stored as their bytes, and shown by size and digest."""
    episode = recorded("gymnasium:small_envs:Picture-v0")
    look = episode.observation["$array"]
    assert (look["dtype"], look["shape"]) == ("uint8", [96, 96, 3])
    told = episode.family.view(fold_to(episode.events, 1))["observation"]
    assert told.startswith("uint8 96x96x3, 27648 values, sha256 ")


def test_seeds_are_never_reduced():
    """The largest seed is another world than what any rest of it would be."""
    largest = 2**63 - 1
    seen = {
        json.dumps(recorded("gymnasium:CartPole-v1", seed=seed).events[1].observation)
        for seed in (largest, largest % 2**32, largest % 2**31, 0)
    }
    assert len(seen) == 4
    assert own_loop("gymnasium:CartPole-v1", [], largest)[0][0] == json.loads(
        json.dumps(recorded("gymnasium:CartPole-v1", seed=largest).events[1].observation)
    )


def test_the_agent_is_told_of_the_world():
    """The offer holds the schema, and what the environment's documentation says."""
    offer = recorded("gymnasium:CartPole-v1").events[1].offer
    assert offer.schema == {"type": "integer", "minimum": 0, "maximum": 1}
    assert "Push cart to the left" in offer.instructions
    assert "## Arguments" not in offer.instructions
    assert recorded("gymnasium:small_envs:Small-v0").events[1].offer.instructions.startswith("Ends")


def test_an_action_outside_of_the_space_is_refused():
    """It is the agent's mistake, not the world's failure: nothing is recorded, and play goes on."""
    name = "gymnasium:FrozenLake-v1?is_slippery=false"
    episode = Episode.start(load(name), open_world=Worlds())
    episode.begin()
    before = episode.events.digest
    for action in (4, -1, "left", [1], {"a": 1}, 0.5, {"$array": {"dtype": "O"}}):
        with pytest.raises((InvalidAction, RefoldError), match="expected"):
            episode.step(action)
    assert episode.events.digest == before
    assert episode.step(1).observation == 4
    episode.close()


@pytest.mark.parametrize(
    ("name", "fault", "steps"),
    [
        ("NoNumber", "reward: expected a finite number, got nan", 2),
        ("Failing", "ZeroDivisionError: out of order (small_envs.py line", 3),
    ],
)
def test_a_world_that_fails(name, fault, steps):
    """A reward that is no number, or an error, is a fault: it ends the episode, not counted."""
    name = f"gymnasium:small_envs:{name}-v0"
    stream = recorded(name).events
    assert answers(stream)[-1].fault.startswith(fault)
    assert stream[-2].reason == "instrument_failed"
    assert len(answers(stream)) == steps + 1
    assert verify(stream) is None
    verdict = verify_live(stream, Worlds([name]))
    assert (verdict.verdict, verdict.again) == ("same", steps)


@pytest.mark.parametrize(
    ("address", "options", "problem"),
    [
        ("small_envs:Small-v0", {}, "add --world gymnasium:small_envs:Small-v0"),
        ("os:Small-v0", {}, "add --world gymnasium:os:Small-v0"),
        ("Small-v0", {"file": "/etc/passwd"}, "add --world"),
        ("Small-v0", {"env_id": "evil:Env"}, "add --world"),
        ("Small-v0", {"deep": [["evil:Env"]]}, "add --world"),
        ("Small-v0", {"deep": {"a": 1}}, "add --world"),
        ("Gone-v0", {}, "expected a registered id"),
        ("Small-v0", {"$wrappers": ["Own"]}, "got Own, which no name makes again"),
    ],
)
def test_what_a_log_alone_does_not_open(address, options, problem, monkeypatch):
    """No module is imported, and no option that could name a file or module is passed on."""
    monkeypatch.setattr("importlib.import_module", None)
    parameters = AnsweredParameters(environment="gymnasium", name=address, options=options)
    with pytest.raises((NoWorld, RefoldError), match=problem):
        GYMNASIUM.open(parameters, [])


def test_an_id_that_a_module_registers(tmp_path):
    """The log may know it by its id alone; whoever names the module has it opened."""
    stream = recorded("gymnasium:Small-v0").events
    assert verify_live(stream, Worlds(["gymnasium:small_envs:Small-v0"])).verdict == "same"
    with pytest.raises(NoWorld, match="add --world"):
        Worlds(["gymnasium:CartPole-v1"])(recorded("gymnasium:small_envs:Small-v0").events.scenario)


def test_options_that_do_not_fit():
    """They are the world's failure to begin, in words."""
    stream = recorded("gymnasium:CartPole-v1?no_such=1").events
    assert "no_such" in answers(stream)[-1].fault


def test_a_world_that_answers_otherwise_is_not_played_on(tmp_path):
    """A fork says at which step it parted, and records nothing."""
    name = "gymnasium:small_envs:Lucky-v0"
    with EventLog(tmp_path / "log.db") as log:
        stream = recorded(name, log).events
        with pytest.raises(WorldDiffers, match="step 3"):
            Episode.fork(stream, 4, log=log, open_world=Worlds([name]))
        assert log.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", [WORLDS[0], *SMALL[:1]])
def test_another_process(name, tmp_path):
    """Recorded by one process, killed, resumed by another, verified live by a third: as in this."""
    shell = Shell(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(Path(small_envs.__file__).parent)}
    words = f"record {name} --agent random --epochs {EPOCHS[name]} --name run --seed 3 --log"
    shell(words, "whole.db")
    killed = subprocess.Popen(
        [sys.executable, "-m", "refold", *words.split(), "killed.db"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for_steps(tmp_path / "killed.db", killed)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    shell.program(f"resume run --world {name} --log killed.db", env=env, timeout=200)
    assert digests(tmp_path / "killed.db") == digests(tmp_path / "whole.db")
    ids = list(digests(tmp_path / "whole.db", by="id"))[:3]
    shell.program(f"verify --live --world {name} --log whole.db", *ids, env=env, timeout=200)


def wait_for_steps(path, process):
    """Wait until *process* has recorded the end of an episode in the log at *path*."""
    while process.poll() is None:
        try:
            with EventLog(path, readonly=True) as log:
                if any(each.ended for each in log.episodes()):
                    return
        except RefoldError:  # not there yet
            pass
        time.sleep(0.01)
    raise AssertionError("it ended before it could be killed")


def digests(path, by="epoch"):
    """Return the digest of each episode of the log at *path*."""
    with EventLog(path, readonly=True) as log:
        return {getattr(each, by): each.digest for each in log.episodes()}
