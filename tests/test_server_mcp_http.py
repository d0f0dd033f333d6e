"""``/mcp`` as the Model Context Protocol has it; tests/mcp_clients drives it with real clients."""

import pytest
import serving
from serving import running

from refold.engine import EventLog

server = serving.server


def call(method, params=None, id=1):
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


def notification(method):
    """Return a notification."""
    return {"jsonrpc": "2.0", "method": method}


def initialize(server, version="2025-06-18"):
    """Return the answer to a handshake."""
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "a"}}
    return server.ask("POST", "/mcp", call("initialize", params))


def open_session(server):
    """Return the headers of a session that has just begun."""
    return {"mcp-session-id": initialize(server).headers["mcp-session-id"]}


def use(server, session, name, **arguments):
    """Return the result of a tool."""
    request = call("tools/call", {"name": name, "arguments": arguments})
    return server.post("/mcp", request, **session)["result"]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2024-11-05"),
        ("2031-01-01", "2025-11-25"),
    ],
)
def test_the_version_is_negotiated(server, wanted, given):
    """A known version is taken, in place of any other the newest is offered."""
    reply = initialize(server, wanted)
    assert reply.status == 200
    result = reply.json["result"]
    assert result["protocolVersion"] == given
    assert result["capabilities"] == {"tools": {"listChanged": False}}
    assert result["serverInfo"]["name"] == "refold"


def test_a_session_from_handshake_to_end(server):
    """It plays by tools, in results of MCP's shape, until its client ends it."""
    session = open_session(server)
    begun = server.ask("POST", "/mcp", notification("notifications/initialized"), session)
    assert (begun.status, begun.body) == (202, b"")
    assert server.post("/mcp", call("ping"), **session)["result"] == {}
    listed = server.post("/mcp", call("tools/list"), **session)["result"]["tools"]
    assert {"reset", "observe", "delegate", "archive"} <= {tool["name"] for tool in listed}
    assert not use(server, session, "reset", task="inbox/easy", seed=3)["isError"]
    done = [use(server, session, "archive") for _ in range(3)][-1]
    assert set(done) == {"content", "structuredContent", "isError"}
    assert done["content"][0]["type"] == "text"
    assert done["structuredContent"]["done"]
    assert server.ask("DELETE", "/mcp", headers=session).status == 200
    assert server.ask("POST", "/mcp", call("ping"), session).status == 404
    assert server.ask("DELETE", "/mcp", headers=session).status == 404


def test_the_player_is_called_mcp(tmp_path):
    """In the log, unless the client gives the agent another name."""
    with running(tmp_path) as server:
        session = open_session(server)
        use(server, session, "reset", task="inbox/easy")
        use(server, session, "reset", task="inbox/easy", agent="mine")
    with EventLog(tmp_path / "log.db", readonly=True) as log:
        assert [info.agent for info in log.episodes()] == ["mcp", "mine"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"mcp-session-id": "unknown"}, 404),
        ({"mcp-protocol-version": "2025-06-18"}, 400),
        ({"mcp-protocol-version": "2026-07-28"}, 400),
        ({"mcp-protocol-version": "2025-06-18", "accept": "text/html"}, 406),
    ],
)
def test_headers_that_are_wrong(server, headers, status):
    """Each has its status, and an error of JSON-RPC beside it."""
    reply = server.ask("POST", "/mcp", call("tools/list"), headers)
    assert reply.status == status
    assert reply.json["id"] == 1
    assert reply.json["error"]["message"]


def test_a_newer_release_of_the_protocol_is_told_what_there_is(server):
    """Its clients then fall back to the handshake."""
    headers = {"mcp-protocol-version": "2026-07-28"}
    error = server.ask("POST", "/mcp", call("server/discover"), headers).json["error"]
    assert error["code"] == -32022
    assert error["data"]["requested"] == "2026-07-28"
    assert "2025-11-25" in error["data"]["supported"]


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "*/*", None])
def test_json_is_what_clients_accept(server, accept):
    """Every client of MCP does; one without the header accepts all."""
    headers = open_session(server) | ({"accept": accept} if accept else {})
    assert server.ask("POST", "/mcp", call("ping"), headers).status == 200


def test_there_is_no_stream_of_events(server):
    """GET is 405, and the methods that there are stand in Allow."""
    reply = server.ask("GET", "/mcp", headers=open_session(server))
    assert (reply.status, reply.headers["allow"]) == (405, "DELETE, POST")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (call("resources/list"), -32601),
        (call("tools/call", {"name": "dance"}), -32602),
        (call("tools/call", {"name": "wait", "arguments": 3}), -32602),
        ([call("ping")], -32600),
    ],
)
def test_errors_of_the_protocol(server, request_, code):
    """Each has its code, with status 200."""
    reply = server.post("/mcp", request_, **open_session(server))
    assert reply["error"]["code"] == code


def test_what_is_no_json_in_a_session(server):
    """It is -32700, and the session goes on."""
    session = open_session(server)
    reply = server.ask("POST", "/mcp", b"{", session)
    assert (reply.status, reply.json["error"]["code"]) == (400, -32700)
    assert server.post("/mcp", call("ping"), **session)["result"] == {}


def test_mistakes_of_a_model_are_results(server):
    """A model reads them, and tries again."""
    session = open_session(server)
    for name, arguments, words in (
        ("wait", {}, "call reset first"),
        ("reset", {"task": "nope"}, "nope"),
        ("reset", {"seed": -1}, "seed"),
    ):
        result = use(server, session, name, **arguments)
        assert result["isError"]
        assert words in result["content"][0]["text"]


def test_a_page_of_another_site_gets_no_session(server):
    """Its Origin is refused, as on every path."""
    headers = {"origin": "http://elsewhere.example"}
    assert server.ask("POST", "/mcp", call("initialize"), headers).status == 403


def test_a_session_is_nobody_elses(server):
    """Requests that name no session, and the one of plain HTTP, never get into it."""
    server.post("/reset", {"task": "workflow/easy", "episode_id": "plain"})
    session = open_session(server)
    use(server, session, "reset", task="inbox/easy", episode_id="mine")
    assert server.get("/state")["episode_id"] == "plain"
    # OpenEnv's call without a session goes on with what plain HTTP reset.
    waited = server.post("/mcp", call("tools/call", {"name": "wait", "arguments": {}}))["result"]
    assert waited["data"]["observation"]["time_elapsed"] == 1


def test_a_full_server_says_so(tmp_path):
    """With 503 and figures; a session that ends leaves its place to the next."""
    with running(tmp_path, max_sessions=1) as server:
        session = open_session(server)
        full = initialize(server)
        assert full.status == 503
        assert full.json["error"]["data"] == {"active_sessions": 1, "max_sessions": 1}
        server.ask("DELETE", "/mcp", headers=session)
        assert initialize(server).status == 200
