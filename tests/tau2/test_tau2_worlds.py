import gc
import subprocess
import sys

import pytest
from tau2.data_model.message import ToolCall
from tau2.registry import registry
from tau2_grading import given_score, gold_actions, play

from refold.engine import ActionTaken, Episode
from refold.environments import Worlds
from refold.replays.live import verify_live
from refold.scenarios import load, world_names
from refold.scenarios.answered.events import EnvironmentAnswered

TELECOM = world_names("tau2:telecom")[0]
DONE = {"tool_calls": [{"name": "done", "arguments": {}}]}


def call(name, **arguments):
    """Return a tool call."""
    return {"name": name, "arguments": arguments}


def calls(*made):
    """Return the action of several tool calls."""
    return {"tool_calls": list(made)}


def started(name):
    """Return a new episode of the task *name*."""
    return Episode.start(load(name), open_world=Worlds())


@pytest.mark.parametrize(("domain", "count"), [("airline", 50), ("retail", 114), ("telecom", 114)])
def test_names(domain, count):
    """A domain stands for the tasks of tau2's split ``base``, in its order."""
    tasks = registry.get_tasks_loader(domain)("base")
    names = world_names(f"tau2:{domain}")
    assert len(names) == count
    assert names == [f"tau2:{domain}/{task.id}" for task in tasks]
    assert world_names(f"tau2:{domain}?user=openai:M")[3] == f"{names[3]}?user=openai:M"


def test_unknown_task():
    """A task that there is not is refused, with one that there is."""
    with pytest.raises(Exception, match="expected one of its tasks, such as tau2:airline/0, got"):
        load("tau2:airline/50")


@pytest.mark.parametrize("name", ["tau2:airline/3", "tau2:retail/3", TELECOM])
def test_offer(name):
    """The agent is offered tau2's tools and policy, word for word; solo, those of both sides."""
    episode = started(name)
    first = episode.observation["messages"]
    solo = name == TELECOM
    domain = episode.state.parameters.name
    theirs = registry.get_env_constructor(domain)(solo_mode=solo)
    tools = [*theirs.get_tools(), *(theirs.get_user_tools() if solo else [])]
    offer = episode.state.offer
    assert list(offer.tools[:-1]) == [tool.openai_schema["function"] for tool in tools]
    assert offer.tools[-1]["name"] == "done"
    assert offer.instructions == theirs.policy
    assert offer.text is not solo
    assert [message["role"] for message in first] == ["user"]
    known = "John Smith" if solo else "You are "
    assert known in first[0]["content"]
    episode.close()


def test_several_calls_are_one_action():
    """Results are tau2's own texts, errors too, in the order of the calls, under fixed ids."""
    episode = started("tau2:airline/0")
    made = [
        call("calculate", expression="2 + 2.5"),
        call("get_user_details", user_id="nobody"),
        call("get_user_details", wrong=1),
        call("list_all_airports"),
    ]
    episode.step(calls(*made))
    theirs = registry.get_env_constructor("airline")()
    for place, (each, message) in enumerate(
        zip(made, episode.observation["messages"], strict=True), start=1
    ):
        wanted = theirs.get_response(ToolCall(id="x", **each))
        assert message["content"] == wanted.content
        assert message.get("error", False) == wanted.error
        assert (message["tool_call_id"], message["name"]) == (f"call_{place}", each["name"])
    episode.step(calls(call("calculate", expression="1")))
    assert episode.observation["messages"][0]["tool_call_id"] == "call_5"
    episode.close()


def test_words():
    """What is said to a user whom nobody plays is answered with the same sentence each time."""
    episode = started("tau2:retail/0")
    first = episode.observation
    answers = []
    for text in ("Who are you?", "Why?"):
        episode.step({"content": text})
        answers.append(episode.observation)
    assert answers[0] == answers[1] != first
    assert not episode.over
    episode.close()


def test_done_ends():
    """``done`` ends the episode; as in tau2, nothing else of that turn is done."""
    episode = started("tau2:airline/0")
    result = episode.step(calls(call("calculate", expression="1"), call("done")))
    assert result.terminated
    assert result.observation == {"messages": []}
    assert result.reward == given_score(episode).value


@pytest.mark.parametrize(
    "action",
    [
        {},
        7,
        "hello",
        {"content": "  "},
        {"tool_calls": []},
        {"tool_calls": {"name": "done"}},
        {"tool_calls": [{"arguments": {}}]},
        {"tool_calls": [{"name": "done", "arguments": "{}"}]},
        {"tool_calls": ["done"]},
    ],
)
def test_no_turn(action):
    """An action that is no turn is answered with what was expected, and the episode goes on."""
    episode = started("tau2:airline/0")
    episode.step(action)
    (message,) = episode.observation["messages"]
    assert message["content"].startswith("Error: expected ")
    assert not episode.over
    episode.close()


def test_too_many_errors():
    """After ten tool calls that fail, tau2 ends the episode, and its reward is 0."""
    episode = started("tau2:airline/0")
    for _ in range(9):
        assert not episode.step(calls(call("nope"))).truncated
    assert episode.step(calls(call("nope"))).truncated
    score = given_score(episode)
    assert (score.value, score.explanation) == (0.0, "ended early: too_many_errors")


def test_too_many_messages():
    """After 200 messages, tau2 ends the episode, and its reward is 0."""
    episode = started("tau2:retail/0")
    while not episode.over:
        episode.step(calls(call("calculate", expression="1")))
    assert len(actions_of(episode)) == 100
    assert given_score(episode).explanation == "ended early: max_steps"


def actions_of(episode):
    """Return the actions of *episode*."""
    return [event for event in episode.events if isinstance(event, ActionTaken)]


def test_solo_takes_no_words():
    """In telecom without a user, words end the episode without a reward, as in tau2's solo mode."""
    episode = started(TELECOM)
    assert episode.step({"content": "Hello?"}).truncated
    assert given_score(episode).explanation == "ended early: agent_error"


def test_new_bills_repeat():
    """Bills that tau2 gives random ids have the same ids in each play."""
    line = {"customer_id": "C1002", "line_id": "L1004"}
    actions = [
        calls(call("refuel_data", **line, gb_amount=1.0)),
        calls(call("get_customer_by_id", customer_id="C1002")),
        DONE,
    ]
    episode = play(TELECOM, actions)
    answers = [event for event in episode.events if isinstance(event, EnvironmentAnswered)]
    assert "error" not in answers[0].observation["messages"][0], answers[0]
    assert '"B0' in answers[1].observation["messages"][0]["content"]
    assert verify_live(episode.events, Worlds()).verdict == "same"


def test_episodes_share_nothing():
    """What one episode changes, no other one sees: the same actions give the same bytes."""
    name = "tau2:airline/8"
    one = play(name)
    play(name, leave_out=0)
    assert play(name).events.digest == one.events.digest


def test_recorded_actions_stay():
    """tau2's tools keep and change what they are given; what is recorded stays as it was said."""
    name = "tau2:airline/8"
    taken = [event.action for event in actions_of(play(name))]
    assert taken == gold_actions(load(name))


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(on):
    """It pauses while an environment is made, and no longer; who switched it off finds it off."""
    if not on:
        gc.disable()
    try:
        started("tau2:airline/0").close()
        assert gc.isenabled() is on
    finally:
        gc.enable()


def test_import_has_no_side_effects():
    """tau2's import puts a .env file into the environment and logs; here it does neither."""
    code = (
        "import os, sys, dotenv\n"
        "dotenv.load_dotenv = lambda: bool(os.environ.update(LEAKED='key'))\n"
        "from refold.environments.tau2.installed import find_domain\n"
        "find_domain('airline').open('0', user=None, volatile=()).begin(0)\n"
        "assert 'tau2.evaluator.evaluator_action' in sys.modules\n"
        "print('LEAKED' in os.environ, 'litellm' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert (ran.stdout, ran.stderr) == ("False False\n", "")
