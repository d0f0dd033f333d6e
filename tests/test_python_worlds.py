import sys
import textwrap

import gymnasium
import pytest
from shell import Shell

from refold.agents import make_policy, play
from refold.engine import Episode, InvalidAction, RefoldError
from refold.engine.errors import NoWorld
from refold.environments import Worlds
from refold.environments.python.results import read_reset, read_step
from refold.replays import verify
from refold.replays.live import verify_live
from refold.scenarios import load

COUNTER = """
    class Counter:
        action_schema = {"type": "integer", "minimum": 1, "maximum": 3}

        def __init__(self, goal=5, **more):
            self.goal, self.more = goal, more

        def reset(self, seed=None):
            self.total = 0
            return {"total": 0, "seed": seed}

        def step(self, action):
            self.total += action
            return {"total": self.total}, float(action), self.total >= self.goal, False, self.more

    def make(goal=5):
        return Counter(goal)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return what writes a Python file into the current folder, all that it loads forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(text, name="counter.py"):
        (tmp_path / name).write_text(textwrap.dedent(text))
        return f"python:{name}"

    yield write
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    for name, file in files.items():
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def begun(name):
    """Return an episode of the world *name* that has begun."""
    episode = Episode.start(load(name), seed=4, open_world=Worlds([name]))
    episode.begin()
    return episode


def fault(name):
    """Return why the world *name* did not begin."""
    return begun(name).events[1].fault


def test_an_object_is_a_world(place):
    """Its resets and steps are recorded, played by any agent, and verified live."""
    name = place(COUNTER) + ":make"
    episode = begun(name)
    assert episode.observation == {"total": 0, "seed": 4}
    play(episode, make_policy("random", episode.family, seed=1))
    assert episode.end.how == "terminated"
    assert episode.state.total >= 5
    assert verify(episode.events) is None
    assert verify_live(episode.events, Worlds([name])).verdict == "same"
    assert list(episode.events[1].by) == ["counter.py"]


def test_a_class_with_options(place):
    """A class is a function that makes objects; what it takes is given as options."""
    episode = begun(place(COUNTER) + ":Counter?goal=2&easy=true")
    result = episode.step(2)
    assert result.terminated
    assert result.events[1].info == {"easy": True}


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("counter.py:make?size=3", r"expected options that fit \(goal=5\), got size"),
        ("counter.py:made", "expected a function 'made', got none; it has Counter, make"),
        ("counter.py:textwrap", "expected a function 'textwrap'"),
        ("broken.py:make", r"expected Python that runs, got ZeroDivisionError.*broken.py line 1"),
        ("leaves.py:make", "expected Python that runs, got SystemExit: 3"),
        ("no_such_module:make", "expected Python that runs, got ModuleNotFoundError"),
    ],
)
def test_code_that_cannot_be_used(place, address, problem):
    """A line says what was expected of it; it is the user's mistake, not a failure of a world."""
    place(COUNTER)
    place("1 / 0", "broken.py")
    place("raise SystemExit(3)", "leaves.py")
    name = f"python:{address}"
    with pytest.raises(RefoldError, match=problem):
        begun(name)
    assert not {"broken", "leaves"} & set(sys.modules)


@pytest.mark.parametrize(
    "address", ["counter.py", "counter.py:", ":make", "counter.py:a-b", "a b:make", "gone.py:make"]
)
def test_addresses_that_are_none(place, address):
    """They are refused before anything is begun."""
    place(COUNTER)
    with pytest.raises(RefoldError, match=r"python:.* expected .*\.py|expected a Python file"):
        load(f"python:{address}")


def test_what_is_no_world(place):
    """An object without reset and step does not begin, and it is said what it lacks."""
    name = place("class Half:\n    def reset(self): pass\nmake = dict")
    assert fault(f"{name}:Half").endswith("got a Half without step")
    assert fault(f"{name}:make").endswith("got a dict without reset and step")


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ("tools = [{'parameters': {}}]", "tools: expected a list of objects with a name"),
        ("tools = {'name': 'x'}", "tools: expected a list of objects with a name"),
        ("action_schema = 'integer'", "action_schema: expected a JSON schema, got 'integer'"),
    ],
)
def test_an_offer_that_is_none(place, attribute, problem):
    """What an object says it takes is checked as the world begins."""
    name = place(f"class Odd:\n    {attribute}\n    def reset(self): pass\n    step = reset")
    assert fault(f"{name}:Odd").startswith(problem)


def test_only_what_the_user_names_is_run(place):
    """A log that names a file of this folder does not have it run."""
    name = place("raise AssertionError('run')") + ":make"
    scenario = load(name).body
    for named in ([], ["python:other.py:make"], ["python:counter.py:other"]):
        with pytest.raises(NoWorld, match=r"add --world python:counter\.py:make"):
            Worlds(named)(scenario)
    assert "counter" not in sys.modules


def test_a_module_of_this_folder(place):
    """A module is found here too, as in the script that recorded it; installed ones come first."""
    place(COUNTER)
    place("raise AssertionError('run')", "json.py")
    name = "python:counter:Counter?goal=2"
    episode = begun(name)
    assert episode.step(2).terminated
    assert verify_live(episode.events, Worlds([name])).verdict == "same"
    with pytest.raises(RefoldError, match="expected a function 'Counter', got none; it has dump"):
        begun("python:json:Counter")


def test_a_module_of_this_folder_registers_an_id(place):
    """As with Python's own `-m`, wherever the program that imports it is installed."""
    place(
        """
        import gymnasium, small_envs
        gymnasium.register("Here-v0", entry_point=small_envs.Small, disable_env_checker=True)
        """,
        "registers_here.py",
    )
    try:
        assert begun("gymnasium:registers_here:Here-v0").events[1].fault is None
    finally:
        gymnasium.registry.pop("Here-v0", None)


def test_a_file_hides_no_module(place):
    """A file called as a module of the library is loaded beside it."""
    import json  # noqa: PLC0415 - what must stay what it is

    for stem in ("json", "wave", "refold"):
        episode = begun(place(COUNTER, f"{stem}.py") + ":make")
        assert episode.observation["total"] == 0
    assert sys.modules["json"] is json
    import wave  # noqa: PLC0415 - not loaded before the file of its name

    assert hasattr(wave, "open")
    assert not sys.path[0].startswith(str(place))


def test_files_of_one_name(place, tmp_path):
    """Two files of one name in two folders are two modules."""
    for folder, goal in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        place(f"{textwrap.dedent(COUNTER)}\ngoal = {goal}", f"{folder}/counter.py")
    place("def make():\n    import neighbour\n    return neighbour.Counter()", "two/front.py")
    place(COUNTER, "two/neighbour.py")
    first, second = (begun(f"python:{folder}/counter.py:make") for folder in ("one", "two"))
    assert not first.step(3).terminated
    assert first.events[1].by != second.events[1].by
    assert begun("python:two/front.py:make").observation["total"] == 0


def test_a_file_is_run_once(place):
    """As a module is: what it holds lives on from episode to episode, until it is changed."""
    text = "begun = 0\nclass Env:\n    def reset(self):\n        global begun\n        begun += 1"
    name = place(f"{text}\n        return begun\n    def step(self, action): return 0")
    assert [begun(f"{name}:Env").observation for _ in range(3)] == [1, 2, 3]
    place(f"{text}\n        return -begun\n    def step(self, action): return 0")
    assert begun(f"{name}:Env").observation == -1


def test_coroutines(place):
    """reset, step and close may be coroutines, all run in one loop."""
    name = place("""
        import asyncio

        class Slow:
            closed = False

            async def reset(self):
                self.loop = asyncio.get_running_loop()
                return "begun"

            async def step(self, action):
                await asyncio.sleep(0)
                assert asyncio.get_running_loop() is self.loop
                if action == "fail":
                    raise OSError("unplugged")
                return {"observation": action, "reward": 1, "done": action == "end"}

            async def close(self):
                Slow.closed = True
    """)
    episode = begun(f"{name}:Slow")
    assert episode.world.waits
    assert episode.step("on").observation == "on"
    assert episode.step("end").terminated
    world = sys.modules["counter"].Slow
    assert not world.closed
    episode.close()
    assert world.closed
    assert verify_live(episode.events, Worlds([f"{name}:Slow"])).verdict == "same"
    failed = begun(f"{name}:Slow")
    assert failed.step("fail").events[1].fault.startswith("OSError: unplugged (counter.py line")
    failed.close()


def test_coroutines_are_played_by_the_command(place, tmp_path):
    """Several at once, beside the command's own loop."""
    name = place("""
        import asyncio

        class Slow:
            action_schema = {"enum": ["a", "b"]}
            steps = 0

            async def reset(self, seed):
                return seed

            async def step(self, action):
                await asyncio.sleep(0.001)
                self.steps += 1
                return action, 1.0, self.steps == 3, False, {}
    """)
    shell = Shell(tmp_path)
    shell(f"record {name}:Slow --agent random --epochs 4 --parallel 4")
    shell(f"verify --live --world {name}:Slow")


def test_a_close_that_fails(place, tmp_path):
    """What an object raises when it is closed changes no episode, and stops no run."""
    sticky = """
    class Sticky(Counter):
        closed = 0

        def close(self):
            Sticky.closed += 1
            raise OSError("stuck")
    """
    name = f"{place(COUNTER + sticky, 'half.py')}:Sticky"
    shell = Shell(tmp_path)
    shell(f"record {name} --agent random --epochs 2")
    shell(f"verify --live --world {name}")
    assert sys.modules["half"].Sticky.closed == 4


def test_a_space_of_gymnasium(place):
    """An object that is no environment of Gymnasium may have its spaces all the same."""
    name = place("""
        import numpy as np
        from gymnasium import spaces

        class Knob:
            action_space = spaces.Box(-1, 1, (2,), np.float32)

            def reset(self):
                return 0

            def step(self, action):
                return str(action.dtype), action.sum(), False, False, {}
    """)
    episode = begun(f"{name}:Knob")
    assert episode.state.offer.schema["minItems"] == 2
    result = episode.step([0.5, 0.25])
    assert (result.observation, result.reward) == ("float32", 0.75)
    with pytest.raises(InvalidAction, match="expected one of Box"):
        episode.step([0.5, 2])


class Said:
    """What a client of OpenEnv gives."""

    observation, reward, done = {"a": 1}, 0.5, True


class TimeStep(tuple):
    """What dm_env gives: a tuple with names."""

    reward, discount, observation = 1.0, 0.0, [1]

    def last(self):
        """Return whether it is the last."""
        return self[0] == 2


GYM = {"terminated": False, "truncated": False, "info": None}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ((1, 2.0, True, False, {}), (1, 2.0, True, False, {})),
        ((1, 2.0, True, {}), (1, 2.0, True, False, {})),
        ((1, 2.0, True, {"TimeLimit.truncated": True}), (1, 2.0, False, True, ...)),
        ((1, 2.0, False, {"TimeLimit.truncated": True}), (1, 2.0, False, False, ...)),
        (Said(), ({"a": 1}, 0.5, True, False, None)),
        ({"observation": 1, "reward": 2}, (1, 2, False, False, None)),
        ({"observation": 1, "done": 1, "info": {"x": 1}}, (1, None, True, False, {"x": 1})),
        ({"observation": 1, "score": 7}, (1, None, False, False, {"score": 7})),
        ({"observation": 1, "truncated": True, "info": "x", "y": 2}, (1, None, False, True, "x")),
        (TimeStep((2, 1.0, 0.0, [1])), ([1], 1.0, True, False, None)),
        (TimeStep((1, 1.0, 0.0, [1])), ([1], 1.0, False, False, None)),
        ({"x": 1}, ({"x": 1}, None, False, False, None)),
        ((1, 2), ((1, 2), None, False, False, None)),
        (None, (None, None, False, False, None)),
    ],
)
def test_what_step_returns(given, read):
    """Each form that environments have for it is understood, and nothing of it dropped."""
    found = read_step(given)
    names = ("observation", "reward", "terminated", "truncated", "info")
    for name, value in zip(names, read, strict=True):
        assert value is ... or found.get(name, GYM.get(name)) == value


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ((1, {"a": 2}), (1, {"a": 2})),
        (({"observation": 1, "goal": 2}, {}), ({"observation": 1, "goal": 2}, {})),
        ((1, 2), ((1, 2), None)),
        (Said(), ({"a": 1}, None)),
        ({"observation": 1, "info": 2}, (1, 2)),
        ("text", ("text", None)),
    ],
)
def test_what_reset_returns(given, read):
    """As for step."""
    assert read_reset(given) == read
