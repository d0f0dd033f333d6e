import json

from fault_server import FaultServer, says
from shell import Shell

from refold.agents.conversation import rebuild_requests, request_digest
from refold.engine import EventLog
from refold.engine.codec import encode
from refold.replays.conversations import find_conversation_problem


def requests_in(shell):
    """Return the requests of the newest episode, made again from the log alone."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        stream = log.events("last")
    assert find_conversation_problem(stream) is None
    for seq, body in rebuild_requests(stream):
        assert stream[seq].request == request_digest(body)
        yield body


def test_a_model_plays_a_task_by_its_tools(tmp_path):
    """It is told tau2's policy, has tau2's tools, and sees what user and tools say, in order."""
    shell = Shell(tmp_path)
    turns = iter(
        [
            says("Hello, what is your user id?"),
            says(None, ("get_user_details", '{"user_id": "nobody"}'), ("list_all_airports", "{}")),
        ]
    )

    def answer(request):
        """Answer the agent with its turns and then the end, and the user with a few words."""
        if "tools" in request:
            return next(turns, says("Bye. I am done.", ("done", "{}")))
        return says("It is nobody.")

    with FaultServer(then=answer) as server:
        models = "--agent openai:m --user openai:u --api-key none --max-retries 0"
        shell(f"record tau2:airline/12 {models} --base-url {server.base_url}")
        asked = [body for body in server.requests if "tools" in body]
    assert list(map(encode, requests_in(shell))) == list(map(encode, asked))
    system = asked[0]["messages"][0]["content"]
    assert "airline agent" in system.lower()
    assert {"get_user_details", "list_all_airports"} <= {
        tool["function"]["name"] for tool in asked[0]["tools"]
    }
    results = [each for each in asked[2]["messages"] if each["role"] == "tool"]
    calls = next(m["tool_calls"] for m in asked[2]["messages"] if m.get("tool_calls"))
    assert [each["tool_call_id"] for each in results] == [call["id"] for call in calls]
    assert "nobody" in results[0]["content"]
    assert isinstance(json.loads(results[1]["content"]), list | dict)
