import asyncio
import copy
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import small_envs
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import ClipReward, RecordEpisodeStatistics, TimeLimit

import refold
from refold.engine import Episode, EventLog, RefoldError
from refold.engine.values import to_json_value
from refold.environments import Worlds
from refold.environments.gymnasium.vector_recorder import info_at
from refold.replays import verify
from refold.replays.live import verify_live
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan

NAMED = Worlds(["gymnasium:small_envs:Small-v0"])


@pytest.fixture
def path(tmp_path):
    """Return the path of a log that is not there yet."""
    return tmp_path / "runs.db"


def make(name, **options):
    """Return an environment of Gymnasium, its actions drawn by dice of seed 3."""
    env = gymnasium.make(name, **options)
    env.action_space.seed(3)
    return env


def loop(env, resets=(5, None, None), steps=60):
    """Return all that a training loop of its own sees of *env*; it resets with each of *resets*."""
    seen = []
    for seed in resets:
        seen.append(env.reset(seed=seed))
        for _ in range(steps):
            seen.append(env.step(env.action_space.sample()))
            if seen[-1][2] or seen[-1][3]:
                break
    return json.loads(json.dumps(to_json_value(seen)))


def infos(path):
    """Return the episodes of the log at *path*, oldest first."""
    with EventLog(path, readonly=True) as log:
        return list(log.episodes())


def streams(path):
    """Return the streams of the log at *path*, oldest first."""
    with EventLog(path, readonly=True) as log:
        return [log.events(each.id) for each in log.episodes()]


def seen_in(path):
    """Return what a loop saw, as the log at *path* tells it."""
    seen = []
    for stream in streams(path):
        for each in stream:
            if isinstance(each, EnvironmentBegan):
                seen.append([each.observation, each.info])
            if isinstance(each, EnvironmentAnswered):
                ends = [each.terminated, each.truncated]
                seen.append([each.observation, each.reward, *ends, each.info])
    return seen


def verdicts(path, worlds=NAMED):
    """Return how fresh worlds answer the episodes of the log at *path*, the newest first."""
    return [verify_live(each, worlds).verdict for each in reversed(streams(path))]


@pytest.mark.parametrize("batch", [1, 50])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CartPole-v1", {}),
        ("FrozenLake-v1", {"is_slippery": False, "map_name": "8x8"}),
        ("Taxi-v4", {}),
        ("Pendulum-v1", {"max_episode_steps": 30}),
        ("Picture-v0", {}),
        ("Machine-v0", {}),
    ],
)
def test_recording_changes_nothing(name, options, batch, path):
    """A loop sees the same with and without; all of it is in the log, and can be played again."""
    alone = loop(make(name, **options), resets=(5, 6))
    env = refold.record(make(name, **options), log=path, batch=batch, agent="me", run="mine")
    assert loop(env, resets=(5, 6)) == alone
    loop(env, resets=(None,))
    env.close()
    assert seen_in(path)[: len(alone)] == alone
    rows = infos(path)
    assert {(each.agent, each.run) for each in rows} == {("me", "mine")}
    assert {each.scenario.partition("?")[0] for each in rows} == {f"gymnasium:{name}"}
    assert [(each.seed, each.epoch) for each in rows] == [(5, 0), (6, 1), (0, 2)]
    assert [verify(each) for each in streams(path)] == [None] * 3
    assert verdicts(path, Worlds()) == ["same"] * 3
    with EventLog(path, readonly=True) as log:
        parameters = json.loads(log.events("last").scenario)["parameters"]
    assert parameters["options"] == options


def test_a_reset_without_a_seed_can_be_begun_again(path):
    """Each episode after the first goes on with the dice of the one before: state, not seed."""
    env = refold.record(make("Small-v0"), log=path)
    loop(env, resets=(None, None, 7, None))
    env.close()
    kinds = [stream[1].generator is None for stream in streams(path)]
    assert kinds == [False, False, True, False]
    assert len({json.dumps(stream[1].observation) for stream in streams(path)}) == 4
    assert verdicts(path) == ["same"] * 4


def test_a_recorded_loop_is_forked(path):
    """A fork of an episode without a seed begins from its dice, and goes on in a live world."""
    env = refold.record(make("Small-v0"), log=path)
    env.reset()
    for action in (0, 1, -1, 0, 1):
        env.step(action)
    env.close()
    (stream,) = streams(path)
    fork = Episode.fork(stream, 3, open_world=NAMED)
    for action in (0, 1):
        fork.step(action)
    fork.close()
    assert fork.events.digest == stream.digest


def test_options_of_reset_are_put_again(path):
    """What reset was given beside the seed is recorded, and given to a fresh world."""
    env = refold.record(make("CartPole-v1"), log=path)
    env.reset(seed=1, options={"low": -0.01, "high": 0.01})
    env.step(1)
    env.reset(options={"low": -0.02, "high": 0.02})
    env.close()
    assert streams(path)[0][1].arguments == {"options": {"low": -0.01, "high": 0.01}}
    assert verdicts(path, Worlds()) == ["same", "same"]


def test_a_seed_too_large_for_a_log(path):
    """Gymnasium takes it, so recording does; the episode cannot be begun again, and says why."""
    env = refold.record(make("Small-v0"), log=path)
    alone = make("Small-v0").reset(seed=2**70)[0]
    assert np.array_equal(env.reset(seed=2**70)[0], alone)
    env.close()
    verdict = verify_live(streams(path)[0], NAMED)
    assert verdict.verdict == "unplayable"
    assert "seed 1180591620717411303424 is above" in verdict.reason


def test_it_is_an_environment_of_gymnasium(path):
    """Checks of types, wrappers, attributes and the spec go on as if nothing was around it."""
    bare = small_envs.Small()
    env = refold.record(bare, log=path)
    assert isinstance(env, gymnasium.Env)
    assert env.unwrapped is bare
    env.steps = 3
    assert (bare.steps, env.steps) == (3, 3)
    with pytest.raises(AttributeError, match="no attribute 'stepz'"):
        _ = env.stepz
    made = gymnasium.make("CartPole-v1")
    recorded = refold.record(made, log=path)
    assert recorded.spec == made.spec
    gymnasium.make(recorded.spec).close()
    outer = ClipReward(TimeLimit(recorded, 4), max_reward=0.5)
    looks = loop(outer, resets=(1,))
    outer.close()
    assert len(looks) == 5
    assert [each.reason for each in infos(path)] == ["closed"]
    assert [each.reward for each in streams(path)[0] if hasattr(each, "terminated")] == [1.0] * 4


def test_wrappers_inside_cannot_be_made_again(path):
    """They are part of the scenario, and live verification says that no name makes them."""
    env = refold.record(RecordEpisodeStatistics(make("CartPole-v1")), log=path)
    loop(env, resets=(1,))
    env.close()
    (row,) = infos(path)
    assert row.scenario == "gymnasium:CartPole-v1+RecordEpisodeStatistics"
    verdict = verify_live(streams(path)[0], Worlds())
    assert verdict.verdict == "unplayable"
    assert "RecordEpisodeStatistics, which no name makes again" in verdict.reason


def test_options_are_found_out(path):
    """Those that differ from what is registered: of the environment, and of its limit of steps."""
    for options in (
        {"max_episode_steps": 20},
        {"sutton_barto_reward": True, "render_mode": "rgb_array"},
    ):
        env = refold.record(gymnasium.make("CartPole-v1", **options), log=path)
        loop(env, resets=(1,))
        env.close()
    bare = refold.record(gymnasium.make("CartPole-v1").unwrapped, log=path)
    loop(bare, resets=(1,))
    bare.close()
    told = [json.loads(each.scenario)["parameters"]["options"] for each in streams(path)]
    assert told == [
        {"max_episode_steps": 20},
        {"sutton_barto_reward": True},
        {"max_episode_steps": -1},
    ]
    assert verdicts(path, Worlds()) == ["same"] * 3


def test_actions_of_any_type(path):
    """An array of another type, or out of bounds, is put to a fresh world as it was."""
    env = refold.record(gymnasium.make("Pendulum-v1", disable_env_checker=True), log=path)
    env.reset(seed=1)
    for action in ([0.3], np.array([0.3]), np.float32([0.3]), np.array([70.1]), np.array([1])):
        env.step(action)
    env.close()
    assert verdicts(path, Worlds()) == ["same"]


@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("batch", [1, 1000])
def test_several_in_step(mode, batch, path):
    """Each environment's episodes are its own, whenever they are reset; the loop sees the same."""

    def several():
        makers = [lambda: gymnasium.make("CartPole-v1", max_episode_steps=12)] * 3
        env = SyncVectorEnv(makers, autoreset_mode=mode)
        env.action_space.seed(3)
        return env

    def play(env):
        seen = [env.reset(seed=4)]
        for _ in range(40):
            seen.append(env.step(env.action_space.sample()))
            over = seen[-1][2] | seen[-1][3]
            if mode is AutoresetMode.DISABLED and over.any():
                seen.append(env.reset(options={"reset_mask": over}))
        return json.loads(json.dumps(to_json_value(seen)))

    env = refold.record(several(), log=path, batch=batch)
    assert isinstance(env, gymnasium.vector.VectorEnv)
    assert play(env) == play(several())
    env.close()
    rows = infos(path)
    assert sorted(each.seed for each in rows)[-3:] == [4, 5, 6]
    ended = [each for each in rows if each.reason == "world"]
    assert len(ended) > 6
    assert [each.reason for each in rows if each not in ended] == ["closed"] * 3
    assert sum(each.steps for each in rows) == 120 - (
        len(rows) - 3 if mode is AutoresetMode.NEXT_STEP else 0
    )
    for stream in streams(path):
        assert verify(stream) is None
        verdict = verify_live(stream, Worlds())
        if mode is AutoresetMode.SAME_STEP and stream.started.seed == 0:
            assert "reset in the step that ended" in verdict.reason
        else:
            assert verdict.verdict == "same"


def test_several_in_step_with_infos(path):
    """The info of each is its own again, whatever its values are made of."""
    env = refold.record(SyncVectorEnv([small_envs.Machine] * 2), log=path)
    env.reset(seed=1)
    env.action_space.seed(3)
    for _ in range(5):
        env.step(env.action_space.sample())
    env.close()
    assert len(infos(path)) == 2
    worlds = Worlds(["python:small_envs:Machine"])
    assert verdicts(path, worlds) == ["same", "same"]


def test_infos_of_several():
    """Gymnasium's form, with a mask for each value, is undone."""
    told = {
        "a": np.array([1, 0]),
        "_a": np.array([True, False]),
        "b": {"c": np.array([0.5, 0.25]), "_c": np.array([True, True])},
        "_b": np.array([True, True]),
    }
    assert info_at(told, 0) == {"a": 1, "b": {"c": 0.5}}
    assert info_at(told, 1) == {"b": {"c": 0.25}}


def test_environments_that_share_their_dice(path):
    """What steps all at once with one generator is recorded, but cannot be begun again."""
    env = refold.record(gymnasium.make_vec("CartPole-v1", num_envs=2), log=path)
    env.reset(seed=1)
    env.action_space.seed(3)
    for _ in range(30):
        env.step(env.action_space.sample())
    env.close()
    assert {each.scenario for each in infos(path)} == {"gymnasium:CartPole-v1"}
    reasons = {verify_live(each, Worlds()).reason for each in streams(path)}
    assert len(reasons) == 1
    assert "one for all environments" in reasons.pop()


@pytest.mark.slow
def test_several_processes(path):
    """Environments in processes of their own are recorded by the one that steps them."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="async")
    env = refold.record(env, log=path)
    env.action_space.seed(3)
    env.reset(seed=1)
    for _ in range(60):
        env.step(env.action_space.sample())
    env.close()
    assert set(verdicts(path, Worlds())) == {"same"}


class Echo:
    """A client of some server: says what it was told; fails when told to."""

    action_schema = {"type": "string"}  # noqa: RUF012 - as users write it
    closed = False

    def reset(self, seed=None, *, task="any"):
        """Return the seed and the task."""
        return {"observation": [seed, task], "done": False}

    def step(self, action, *, timeout=1):
        """Return the action; its length is the reward."""
        assert timeout
        if action == "fail":
            raise OSError("unplugged")
        return {"observation": action, "reward": len(action), "done": action == "end"}

    def close(self):
        """Note it."""
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class AsyncEcho(Echo):
    """The same, of coroutines."""

    async def reset(self, seed=None, *, task="any"):
        """Return the seed and the task."""
        await asyncio.sleep(0)
        return super().reset(seed, task=task)

    async def step(self, action, *, timeout=1):
        """Return the action; its length is the reward."""
        await asyncio.sleep(0 if timeout else 1)
        return super().step(action)

    async def close(self):
        """Note it."""
        super().close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self.close()


def test_any_object(path):
    """Whatever has reset and step is recorded; what it returns is returned, all else is its own."""
    echo = Echo()
    with refold.record(echo, log=path, scenario="echo") as env:
        assert env.reset(3, task="a")["observation"] == [3, "a"]
        assert env.step("go", timeout=2) == {"observation": "go", "reward": 2, "done": False}
        assert env.step(action="end")["done"]
        env.mood = "good"
    assert (echo.closed, echo.mood) == (True, "good")
    (stream,) = streams(path)
    assert [each.action for each in stream if hasattr(each, "action")] == ["go", "end"]
    assert (stream.started.seed, stream[1].arguments) == (3, {"task": "a"})
    assert stream[1].offer.schema == {"type": "string"}
    (row,) = infos(path)
    assert (row.scenario, row.ended, row.total) == ("echo", "terminated", 5)
    assert verdicts(path, Worlds(["python:test_recorder:Echo"])) == ["same"]


def test_coroutines(path):
    """They are awaited by the loop that awaits them, and recorded then."""

    async def play():
        echo = AsyncEcho()
        async with refold.record(echo, log=path) as env:
            pending = env.reset(seed=1)
            assert infos(path) == []
            await pending
            for word in ("go", "on"):
                assert (await env.step(word))["observation"] == word
            with pytest.raises(OSError, match="unplugged"):
                await env.step("fail")
        assert echo.closed

    asyncio.run(play())
    (row,) = infos(path)
    assert (row.steps, row.reason) == (3, "instrument_failed")
    assert verdicts(path, Worlds(["python:test_recorder:AsyncEcho"])) == ["same"]


def test_errors_are_recorded_and_raised_unchanged(path):
    """The error is the environment's own; its episode ends as a failure, the next one begins."""
    env = refold.record(make("Failing-v0"), log=path)
    for _ in range(2):
        env.reset(seed=1)
        env.step(0)
        env.step(0)
        with pytest.raises(ZeroDivisionError, match="out of order"):
            env.step(0)
    env.close()
    assert [(each.steps, each.reason) for each in infos(path)] == [(3, "instrument_failed")] * 2
    assert "ZeroDivisionError: out of order" in streams(path)[0][-3].fault


def test_a_reset_that_fails(path):
    """It is an episode that did not begin."""

    class Broken(small_envs.Small):
        def reset(self, **_):
            raise KeyError("no map")

    env = refold.record(Broken(), log=path)
    with pytest.raises(KeyError, match="no map"):
        env.reset()
    with pytest.raises(KeyError, match="no map"):
        refold.record(SyncVectorEnv([Broken, Broken]), log=path).reset()
    env.close()
    assert {each.reason for each in infos(path)} == {"instrument_failed"}
    assert len(infos(path)) == 3


def test_a_reward_that_is_no_number_is_handed_on(path):
    """The loop sees it; the record says that it ended there."""
    env = refold.record(make("NoNumber-v0"), log=path)
    env.reset(seed=1)
    rewards = [env.step(0)[1] for _ in range(4)]
    env.close()
    assert np.isnan(rewards[1])
    assert [(each.steps, each.reason) for each in infos(path)] == [(2, "instrument_failed")]


def test_ends_that_the_world_does_not_know(path):
    """A reset before the end, and a close, truncate it; steps after an end are not recorded."""
    env = refold.record(make("Small-v0"), log=path)
    env.reset(seed=1)
    env.step(0)
    env.reset(seed=2)
    for _ in range(5):
        env.step(0)
    env.unwrapped.step(0)
    env.reset(seed=3)
    env.close()
    env.close()
    assert [(each.steps, each.ended, each.reason) for each in infos(path)] == [
        (1, "truncated", "reset"),
        (5, "terminated", "world"),
        (0, "truncated", "closed"),
    ]
    env.reset(seed=4)
    env.close()
    assert len(infos(path)) == 4
    assert set(verdicts(path)) == {"same"}


def test_a_copy_has_a_future_of_its_own(path):
    """Search copies environments: the copy is not recorded until it is reset."""
    env = refold.record(make("Small-v0"), log=path)
    env.reset(seed=1)
    env.step(0)
    copied = copy.deepcopy(env)
    assert copied.step(1)[1] == 2
    assert env.step(0)[1] == 2
    copied.reset(seed=2)
    copied.step(1)
    env.step(0)
    env.close()
    assert [(each.seed, each.steps) for each in infos(path)] == [(1, 3), (2, 1)]
    assert verdicts(path) == ["same", "same"]


def test_two_in_one_log(path):
    """Environments of one process share a log, by path or open; it is whole when all are closed."""
    with EventLog(path) as log:
        env = refold.record(make("Small-v0"), log=log)
        env.reset(seed=1)
        env.close()
        assert log.count() == 1
    one, two = (refold.record(make("Small-v0"), log=path) for _ in range(2))
    for env in (one, two):
        env.reset(seed=2)
        env.step(0)
    one.close()
    two.step(0)
    two.close()
    assert not Path(f"{path}-wal").exists()
    assert [each.steps for each in infos(path)] == [0, 1, 2]


def test_scenarios_by_name(path):
    """A name that load takes says how the world is made; any other is a name for lists."""
    env = refold.record(small_envs.Small(), log=path, scenario="gymnasium:small_envs:Small-v0")
    loop(env, resets=(1,))
    env.close()
    assert verdicts(path) == ["same"]
    scenario = load("gymnasium:Small-v0")
    refold.record(Echo(), log=path, scenario=scenario).reset()
    refold.record(small_envs.Small(), log=path).reset()
    assert [each.scenario for each in infos(path)] == [
        "gymnasium:small_envs:Small-v0",
        "gymnasium:Small-v0",
        "python:small_envs:Small",
    ]


@pytest.mark.parametrize(
    ("env", "options", "problem"),
    [
        (object(), {}, "expected an object with methods reset and step, got a object without"),
        (Echo(), {"batch": 0}, "batch: expected a number of steps, 1 or more, got 0"),
        (Echo(), {"batch": True}, "batch: expected"),
        (Echo(), {"scenario": "gymnasium:Nope-v0"}, "expected a registered id"),
        (Echo(), {"scenario": load("workflow/easy")}, "expected an external environment"),
        (Echo(), {"log": "/"}, "expected"),
    ],
)
def test_what_cannot_be_recorded(env, options, problem, path):
    """It is refused at once, in one line."""
    with pytest.raises(RefoldError, match=problem):
        refold.record(env, **{"log": path, **options})


@pytest.mark.slow
def test_gymnasium_is_not_needed():
    """An object of one's own is recorded without loading Gymnasium."""
    script = """
        import sys, tempfile, refold
        class Env:
            def reset(self): return 0
            def step(self, action): return action, 1.0, action, {}
        env = refold.record(Env(), log=tempfile.mkdtemp() + "/x.db")
        env.reset(); env.step(None); env.close()
        assert "gymnasium" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, timeout=60)


LOOP = """
    import sys, os, gymnasium, refold
    path, batch, end = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    env = refold.record(gymnasium.make("Pendulum-v1"), log=path, batch=batch)
    env.reset(seed=1)
    for step in range(53):
        env.step(env.action_space.sample())
    if end == "kill":
        os.kill(os.getpid(), 9)
    if end == "fork":
        if not os.fork():
            env.step(env.action_space.sample())
            env.reset(seed=9)
            env.step(env.action_space.sample())
            env.close()
            sys.exit()
        os.wait()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch", "end", "steps"),
    [
        (1, "kill", [53]),
        (10, "kill", [49]),
        (1, "leave", [53]),
        (1000, "leave", [53]),
        (10, "fork", [1, 53]),
    ],
)
def test_how_a_process_ends(batch, end, steps, path):
    """A kill loses what waits, no more; a program that ends stores it; a fork records its own."""
    command = [sys.executable, "-c", textwrap.dedent(LOOP), str(path), str(batch), end]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == (-signal.SIGKILL if end == "kill" else 0), ran.stderr
    assert ran.stderr == ""
    assert sorted(each.steps for each in infos(path)) == steps
    assert [verify(each) for each in streams(path)] == [None] * len(steps)
    assert set(verdicts(path, Worlds())) == {"same"}


@pytest.mark.slow
def test_a_class_of_a_script(tmp_path):
    """The scenario names the script, by which whoever has it can play the episode again."""
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
        import refold

        class Counter:
            def reset(self):
                self.total = 0
                return 0

            def step(self, action):
                self.total += action
                return self.total, float(action), self.total > 3, False, {}

        if __name__ == "__main__":
            env = refold.record(Counter(), log="refold.db")
            env.reset()
            for action in (1, 2, 3):
                env.step(action)
            env.close()
        """)
    )
    subprocess.run([sys.executable, "train.py"], cwd=tmp_path, check=True, timeout=60)
    command = [sys.executable, "-m", "refold", "verify", "--live"]
    named = [*command, "--world", "python:train.py:Counter"]
    done = subprocess.run(named, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 same" in done.stderr, done
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    assert os.listdir(tmp_path).count("train.py") == 1


def test_spaces_that_no_one_knows(path):
    """A space of one's own has no schema; its actions are recorded as they are."""

    class Odd(spaces.Space):
        def sample(self, *_, **__):
            return "odd"

        def contains(self, x):
            return x == "odd"

    class Env(small_envs.Small):
        action_space = Odd()

    env = refold.record(Env(), log=path)
    loop(env, resets=(1,))
    env.close()
    (stream,) = streams(path)
    assert stream[1].offer.schema == {}
    assert stream[2].action == "odd"
