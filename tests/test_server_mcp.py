import json

import pytest
import serving
from serving import running, say, talk

server = serving.server


def call(method, params=None, id=1):
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def tool(name, session=None, **arguments):
    """Return the call of a tool."""
    named = {"session_id": session} if session else {}
    return call("tools/call", {"name": name, "arguments": arguments, **named})


def test_an_agent_that_calls_tools_can_play(server):
    """Tools begin an episode and act in it; results are text for a model, and data."""
    id = server.post("/mcp", call("openenv/session/create"))["result"]["session_id"]
    begun = server.post("/mcp", tool("start_episode", id, task="workflow/easy", seed=3))["result"]
    assert not begun["isError"]
    assert "## Subtasks" in begun["content"][0]["text"]
    done = server.post(
        "/mcp",
        tool("delegate", id, subtask_id="technical_design", agent_name="tech_lead"),
    )["result"]
    assert done["structuredContent"]["observation"]["time_elapsed"] == 1
    refused = server.post("/mcp", tool("synthesize", id))["result"]
    assert refused["isError"]
    assert refused["content"][0]["text"].startswith("Refused: incomplete.")
    looked = server.post("/mcp", tool("observe", id))["result"]["structuredContent"]
    assert looked["observation"]["time_elapsed"] == 2
    closed = server.post("/mcp", call("openenv/session/close", {"session_id": id}))
    assert closed["result"] == {"session_id": id, "closed": True}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, -32600),
        ([], -32600),
        ({"jsonrpc": "1.0", "method": "tools/list"}, -32600),
        ({"jsonrpc": "2.0", "method": 3}, -32600),
        ({"jsonrpc": "2.0", "method": "tools/list", "params": [1]}, -32602),
        (call("dance"), -32601),
        (call("tools/call"), -32602),
        (call("tools/call", {"name": "dance"}), -32602),
        (call("tools/call", {"name": "wait", "arguments": 3}), -32602),
        (call("tools/call", {"name": "start_episode", "arguments": {"seed": "x"}}), -32602),
        (tool("wait", "unknown"), -32602),
        (call("openenv/session/close"), -32602),
        (call("openenv/session/close", {"session_id": "unknown"}), -32602),
    ],
)
def test_errors(server, request_, code):
    """Each mistake has its code, over HTTP and in a frame alike, always with status 200."""
    over_http = server.post("/mcp", request_)
    assert over_http["error"]["code"] == code
    with server.socket("/mcp") as socket:
        assert json.loads(say(socket, json.dumps(request_)))["error"]["code"] == code
    if isinstance(request_, dict):
        with server.socket() as socket:
            assert talk(socket, "mcp", request_)["error"]["code"] == code


def test_what_is_no_json(server):
    """It gets -32700, and the connection goes on."""
    assert server.post("/mcp", b"{")["error"]["code"] == -32700
    with server.socket("/mcp") as socket:
        assert json.loads(say(socket, "{"))["error"]["code"] == -32700
        assert "result" in json.loads(say(socket, json.dumps(call("tools/list"))))


def test_tools_of_a_running_episode(server):
    """Once an episode runs, the tools are those of its family; an answer carries its call's id."""
    with server.socket() as socket:
        talk(socket, "reset", {"task_id": "inbox/easy"})
        reply = talk(socket, "mcp", call("tools/list", id="mine"))
        assert reply["id"] == "mine"
        names = {each["name"] for each in reply["result"]["tools"]}
        assert names == {"start_episode", "observe", "respond", "escalate", "archive"}
        talk(socket, "mcp", tool("archive"))
        assert talk(socket, "state")["step_count"] == 1


def test_a_connection_cannot_close_its_own_session(server):
    """Its id is told, and nothing else can be done with it from inside."""
    with server.socket() as socket:
        id = talk(socket, "mcp", call("openenv/session/create"))["result"]["session_id"]
        reply = talk(socket, "mcp", call("openenv/session/close", {"session_id": id}))
        assert reply["error"]["code"] == -32600


def test_a_tool_before_any_episode(tmp_path):
    """It says which tool to call first."""
    with running(tmp_path) as server:
        result = server.post("/mcp", tool("wait"))["result"]
        assert result["isError"]
        assert "call start_episode first" in result["content"][0]["text"]


@pytest.mark.slow
def test_capacity(tmp_path):
    """A full server answers -32000 with figures."""
    with running(tmp_path, max_sessions=1) as server:
        server.post("/mcp", call("openenv/session/create"))
        error = server.post("/mcp", call("openenv/session/create"))["error"]
        assert (error["code"], error["data"]["max_sessions"]) == (-32000, 1)


def test_tools_by_way_of_steps(server):
    """What the older client of tools sends where an action stands is served as well."""
    with server.socket() as socket:
        listed = talk(socket, "step", {"type": "list_tools"})["observation"]["tools"]
        assert {"name", "description", "input_schema"} == set(listed[0])

        def use(name, **arguments):
            action = {"type": "call_tool", "tool_name": name, "arguments": arguments}
            return talk(socket, "step", action)

        early = use("archive")["observation"]
        assert early["error"]["error_type"] == "execution_error"
        assert use("dance")["observation"]["error"]["error_type"] == "invalid_args"
        use("start_episode", task="inbox/easy")
        replies = [use("archive") for _ in range(3)]
        assert [reply["done"] for reply in replies] == [False, False, True]
        state = talk(socket, "state")
        assert sum(reply["reward"] for reply in replies) == pytest.approx(state["total_reward"])
        last = replies[-1]["observation"]["result"]["data"]
        assert last["reward"] == replies[-1]["reward"]
        assert last["observation"]["grade"]["score"] == 0.53
        assert use("observe")["reward"] == use("archive")["reward"] == 0.0
