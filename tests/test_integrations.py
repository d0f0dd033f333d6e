"""What needs none of the libraries; those are driven by the scripts in ``tests/integrations``."""

import gc
import inspect
from pathlib import Path

import pytest

from refold.engine import EventLog, RefoldError
from refold.engine.events import ActionRefused
from refold.engine.exchanges import ActionForfeited
from refold.engine.registry import all_families, find_family
from refold.graders import grade
from refold.integrations.functions import action_functions
from refold.integrations.rollout import Rollout, instructions, load_decided
from refold.integrations.trl import dataset_rows, environment_factory
from refold.replays import verify
from refold.scenarios import load

FAMILIES = [family.name for family in all_families() if not family.answered]


@pytest.mark.parametrize("name", FAMILIES)
def test_kinds_of_action_are_functions(name):
    """Each has a name, types, and a docstring that describes every argument, in its own section."""

    def act(*received):
        return received

    functions = list(action_functions(find_family(name, 1), act))
    assert functions
    for function in functions:
        signature = inspect.signature(function)
        for field, parameter in signature.parameters.items():
            assert f"\n    {field}: The " in function.__doc__
            assert parameter.annotation == function.__annotations__[field]
            optional = parameter.default is None
            assert parameter.annotation == (str | None if optional else str)
        assert ("Args:" in function.__doc__) == bool(signature.parameters)
        given = dict.fromkeys(signature.parameters, "x")
        assert function(**given) == (function.__name__, given)


def test_functions_of_an_inbox():
    """What a reply must have has no default; what may be left out has one."""
    functions = action_functions(find_family("inbox", 1), print)
    (respond,) = (each for each in functions if each.__name__ == "respond")
    assert str(inspect.signature(respond)) == (
        "(*, email_id: str, content: str, rationale: str | None = None) -> str"
    )
    assert inspect.getdoc(respond) == (
        "Answer the sender of an e-mail; content is the whole reply.\n\n"
        "Args:\n    email_id: The email id.\n    content: The content.\n"
        "    rationale: The rationale.\n\n"
        "Returns:\n    What there is to see then."
    )


def test_a_rollout_takes_calls_and_texts():
    """Both are read as a model's are; what the rules refuse is said first."""
    rollout = Rollout(load("workflow/easy"), log=None, agent="me")
    assert rollout.call("wait", {}).startswith("## Task")
    refused = rollout.say('{"action_type": "synthesize"}')
    assert refused.startswith("Refused: ")
    assert isinstance(rollout.episode.events[-2], ActionRefused)
    assert len(rollout.episode.events) == 1 + 2 + 3
    assert (rollout.replies, rollout.over) == (2, False)


@pytest.mark.parametrize("scenario", ["workflow/easy", "inbox/easy"])
def test_a_rollout_ends_whatever_the_model_does(scenario):
    """Every second reply without an action costs the step, and the stream can be verified."""
    rollout = Rollout(load(scenario), log=None, agent="me")
    replies = 0
    while not rollout.over:
        rollout.call("fly", {"to": float("nan"), "\ud800": []})
        replies += 1
        assert replies < 100
    assert verify(rollout.episode.events) is None
    given_up = [each for each in rollout.episode.events if isinstance(each, ActionForfeited)]
    assert len(given_up) == replies // 2
    before = rollout.episode.events.digest
    assert "The episode has ended" in rollout.call("wait", {})
    assert rollout.episode.events.digest == before


def test_an_environment_for_trl(tmp_path):
    """Its episodes are those of the rows' seeds, recorded to an end, and graded as they stand."""
    path = str(tmp_path / "log.db")
    environment = environment_factory("workflow/easy", log=path, run="grpo")
    assert environment.__name__ == "WorkflowEasyEnvironment"
    tools = {name for name in vars(environment) if not name.startswith("_")}
    assert tools == {"delegate", "retry", "wait", "synthesize", "abort"}
    rows = dataset_rows("workflow/easy", 3)
    assert [row["seed"] for row in rows] == [42, 43, 44]
    assert rows[0]["prompt"][0]["content"] == instructions(load("workflow/easy"))
    one, other = environment(), environment()
    for row in rows:
        assert one.reset(**row) == other.reset(**row)
        assert one.wait() != other.delegate(subtask_id="x", agent_name="y")
    rewards = one.get_reward(), other.get_reward()
    with EventLog(path, readonly=True) as log:
        episodes = list(log.episodes(run="grpo"))
        assert [episode.seed for episode in episodes] == [42, 42, 43, 43, 44, 44]
        assert {episode.reason for episode in episodes} == {"stopped"}
        last = [grade(log.events(episode.id)).score for episode in episodes[-2:]]
        assert tuple(last) == rewards
    del environment, one, other
    gc.collect()  # here, not in a thread of another test
    assert not Path(f"{path}-wal").exists()


def test_before_a_reset():
    """An environment that has not begun says what to do."""
    environment = environment_factory("inbox/easy")()
    with pytest.raises(RefoldError, match="expected reset before anything else"):
        environment.get_reward()


def test_a_world_outside_is_refused():
    """It is no scenario with actions that are known before it is opened."""
    with pytest.raises(RefoldError, match="refold's own families, got an external environment"):
        load_decided("python:tests/worlds.py:make")
