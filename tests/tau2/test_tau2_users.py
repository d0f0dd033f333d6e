import json
import re

import pytest
from fault_server import FaultServer, refuses, says
from shell import Shell

from refold.engine import EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.environments.tau2.users import ModelUser
from refold.scenarios.answered.events import EnvironmentAnswered

PHONE = (
    "tau2:telecom/[mobile_data_issue]airplane_mode_on|user_abroad_roaming_enabled_off[PERSONA:None]"
)
TURNS = [
    {"content": "Who are you?"},
    {"content": "Please turn off the airplane mode."},
    {"content": "Is there anything else?"},
]
KEY = "sk-secret-0123456789"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell with a key for the API, and a script of an agent's turns."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    lines = "\n".join(map(json.dumps, TURNS))
    (tmp_path / "turns.jsonl").write_text(f"{lines}\n")
    return Shell(tmp_path)


def record(shell, server, *more, code=0):
    """Record the agent's turns with a user behind *server*."""
    options = ("--user", "openai:U", "--base-url", server.base_url, "--max-retries", "0", *more)
    return shell("record", PHONE, "--agent", "script:turns.jsonl", *options, code=code)


def conversation():
    """Return what the user's model says: words, a call of a tool of its own, and the end."""
    return [
        says("My data is gone."),
        says("John Smith."),
        says(None, ("toggle_airplane_mode", "{}")),
        says("I did that."),
        says("No, thanks. ###STOP###"),
    ]


def answers(shell):
    """Return the world's answers in the newest episode of the log."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        events = log.events("last")
    return events, [event for event in events if isinstance(event, EnvironmentAnswered)]


def test_model_plays_the_user(shell):
    """A model is told what tau2 tells it, and what it does is recorded, its own calls aside."""
    with FaultServer(*conversation()) as server:
        record(shell, server)
    first, last = server.requests[0], server.requests[-1]
    assert first["model"] == "U"
    assert "<scenario>" in first["messages"][0]["content"]
    assert "John Smith" in first["messages"][0]["content"]
    assert "toggle_airplane_mode" in [tool["function"]["name"] for tool in first["tools"]]
    roles = [message["role"] for message in last["messages"]]
    assert roles == [
        *("system", "user", "assistant", "user", "assistant"),
        *("user", "assistant", "tool", "assistant", "user"),
    ]
    events, said = answers(shell)
    assert said[1].observation == {"messages": [{"role": "user", "content": "I did that."}]}
    own, result = said[1].info["user"]["messages"]
    assert own["tool_calls"] == [{"name": "toggle_airplane_mode", "arguments": {}}]
    assert "OFF" in result["content"]
    assert said[1].info["user"]["usage"] == {"input": 11, "output": 7}
    assert said[2].terminated
    assert said[2].info["termination_reason"] == "user_stop"
    assert KEY.encode() not in b"".join(events.payloads)
    assert server.base_url.encode() not in b"".join(events.payloads)


def test_verify_asks_nobody(shell):
    """Played again, the user's words come from the record, but what their calls do is compared."""
    with FaultServer(*conversation()) as server:
        record(shell, server)
    ran = shell("verify --live")
    assert "same; 0 of 4 answers compared" in ran.out


def test_resume(shell):
    """An episode goes on where it stopped: the user remembers what was said."""
    with FaultServer(*conversation()[:2], refuses(500)) as server:
        record(shell, server, code=1)
    with FaultServer(*conversation()) as server:
        ran = shell("resume last --failed --base-url", server.base_url)
    _, said = answers(shell)
    assert said[-1].info["termination_reason"] == "user_stop", ran


def test_fork(shell):
    """A fork takes the first words from the record and asks only for the rest."""
    with FaultServer(*conversation()) as server:
        record(shell, server)
    with FaultServer(says("No. ###STOP###")) as server:
        shell("fork last --at 2 --agent script:turns.jsonl --base-url", server.base_url)
    assert len(server.requests) == 1
    assert server.requests[0]["messages"][-2]["content"] == "I did that."


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([refuses(401)], "got none \\(auth\\)"),
        ([refuses(500)], "got none \\(server_error\\)"),
        ([says("")] * 4, "got none in 4 tries"),
        ([says(None, ("toggle_data", "{"))] * 4, "got none in 4 tries"),
    ],
)
def test_no_words(shell, sent, words):
    """Where no words come, the instrument failed, in words that name no address."""
    with FaultServer(*sent) as server:
        ran = record(shell, server, code=1)
    events, _ = answers(shell)
    assert events[-1].reason == INSTRUMENT_FAILED
    assert server.base_url.encode() not in b"".join(events.payloads)
    assert re.search(words, ran.err)


def test_temperature_refused():
    """A model that takes no temperature is asked without one."""
    refusal = refuses(400, "Unsupported parameter: 'temperature' is not supported.")
    with FaultServer(refusal, says("Hello")) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", server.base_url)
        patch.setenv("OPENAI_API_KEY", KEY)
        user = ModelUser("U", "You are a customer.", [])
        user.hear("Hi")
        assert user.speak().text == "Hello"
        user.close()
    assert "temperature" in server.requests[0]
    assert "temperature" not in server.requests[1]
    assert "tools" not in server.requests[1]


def test_offline(shell):
    """With ``--offline`` no user is asked."""
    with FaultServer() as server:
        record(shell, server, "--offline", code=2)
    assert server.requests == []


def test_two_models(shell):
    """Agent and user are models behind one API; episodes at once do not mix their users."""

    def agent_or_user(request):
        last = request["messages"][-1]
        if request["model"] == "U":
            scenario = request["messages"][0]["content"]
            name = "Noah" if "Noah" in scenario else "somebody"
            return says("###STOP###" if "Hello" in last["content"] else f"I am {name}.")
        heard = next(each["content"] for each in request["messages"] if each["role"] == "user")
        if last["role"] == "tool":
            return says(f"Hello, {heard}")
        return says(None, ("get_user_details", json.dumps({"user_id": "noah_muller_9847"})))

    with FaultServer(then=agent_or_user) as server:
        ran = shell(
            "record tau2:airline/3 tau2:airline/4 tau2:airline/5 --parallel 3 --agent openai:A "
            "--user openai:U --json --base-url",
            server.base_url,
        )
    played = ran.json["episodes"]
    assert [each["steps"] for each in played] == [2, 2, 2]
    assert "3 same" in shell("verify --live").err
