import json

import pytest
import serving
from serving import actions, running
from sizes import SMALLEST_AND_LARGEST

from refold.agents.prompting import prompt_of
from refold.engine.registry import all_families
from refold.scenarios import scenario_names

server = serving.server

WAIT = {"action_type": "wait"}


def test_what_every_openenv_server_answers(server):
    """Health, metadata, schemas, version and an error of JSON-RPC are as ``validate`` wants."""
    assert server.get("/health") == {"status": "healthy"}
    about = server.get("/metadata")
    assert about["name"] == "refold"
    assert about["description"]
    schema = server.get("/schema")
    assert set(schema) == {"action", "observation", "state"}
    assert {"reward", "done", "metadata"} <= schema["observation"]["properties"].keys()
    assert server.get("/openapi.json")["info"]["version"].startswith("1.")
    assert server.post("/mcp", {})["jsonrpc"] == "2.0"


@pytest.mark.parametrize("task", SMALLEST_AND_LARGEST)
def test_plain_http_keeps_state(server, task):
    """Reset and step, without a word on sessions, play an episode to its end."""
    reply = server.post("/reset", {"task_id": task})
    for number, action in enumerate(actions(task)):
        reply = server.post("/step", {"action": action} if number % 2 else action)
    assert reply["done"]
    state = server.get("/state")
    assert (state["task_id"], state["done"]) == (task, True)
    assert server.post("/grader", {"task": task})["score"] == reply["observation"]["grade"]["score"]
    again = server.ask("POST", "/step", actions(task)[0])
    assert again.status == 409
    assert "reset first" in again.json["detail"]


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("hard", "workflow/hard"),
        ("expert", "workflow/expert"),
        ("workflow-medium", "workflow/medium"),
        ("workflow_medium", "workflow/medium"),
        ("Workflow/Medium", "workflow/medium"),
        ("email-triage-hard", "inbox/hard"),
        ("inbox-easy", "inbox/easy"),
    ],
)
def test_short_names(server, name, task):
    """Tasks go by short names, in the body under several keys or in the query."""
    for key in ("task", "task_id"):
        assert server.post("/reset", {key: name})["observation"]["task_id"] == task
        assert server.post(f"/reset?{key}={name}")["observation"]["task_id"] == task


@pytest.mark.parametrize("name", ["nope", "hard.toml", "../hard", "/etc/passwd", "x" * 300, ""])
def test_an_unknown_task_is_an_error(server, name):
    """It is never another task, never a file, and the episode before goes on."""
    server.post("/reset", {"episode_id": "before"})
    reply = server.ask("POST", "/reset", {"task": name})
    assert reply.status == 404 if 0 < len(name) < 256 else 422
    assert server.get("/state")["episode_id"] == "before"


def test_arguments_in_the_query(server):
    """Seed and episode's name may stand there, beside an empty body."""
    server.post("/reset?task=easy&seed=9&episode_id=asked")
    state = server.get("/state")
    assert (state["seed"], state["episode_id"], state["task_id"]) == (9, "asked", "workflow/easy")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/reset", {"seed": -1}, "seed"),
        ("/reset", {"seed": "abc"}, "seed"),
        ("/reset", {"seed": 2**63}, "seed"),
        ("/reset", {"episode_id": "x" * 256}, "episode_id"),
        ("/reset?seed=-1", None, "seed"),
        ("/reset", [1], "body"),
        ("/reset", b"{", "body"),
        ("/step", {"action": None}, "action"),
        ("/step", {"action": {"action_type": "dance"}}, "action"),
        ("/step", {}, "action"),
        ("/step", {"action": WAIT, "timeout_s": 0}, "timeout_s"),
        ("/step", {"action": WAIT, "request_id": "x" * 256}, "request_id"),
    ],
)
def test_malformed_requests(server, path, body, where):
    """They are answered with 422 and where the mistake is; nothing happens."""
    server.post("/reset", {"task": "easy"})
    reply = server.ask("POST", path, body)
    assert reply.status == 422
    assert where in reply.json["detail"][0]["loc"]
    assert server.get("/state")["step_count"] == 0


def test_sessions_by_header_cookie_query_and_body(server):
    """Each way to name a session leads to its own episode, whatever others reset since."""
    first = server.ask("POST", "/reset", {"task": "easy", "episode_id": "first"})
    server.post("/reset", {"task": "hard", "episode_id": "second"})
    id, cookie = first.headers["x-session-id"], first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    for named in ({"X-Session-Id": id}, {"Cookie": cookie.partition(";")[0]}):
        assert server.get("/state", **named)["episode_id"] == "first"
        server.post("/step", WAIT, **named)
    server.post(f"/step?session_id={id}", WAIT)
    server.post("/step", {**WAIT, "session_id": id})
    server.post("/step", {"action": WAIT, "session_id": id})
    assert server.get(f"/state?session_id={id}")["step_count"] == 5
    assert server.get("/state")["episode_id"] == "second"


def test_unknown_sessions(server):
    """A session that is asked for must be there; a stale cookie is as none."""
    named = {"X-Session-Id": "gone"}
    assert server.ask("POST", "/step", WAIT, named).status == 404
    assert server.ask("GET", "/state?session_id=gone").status == 404
    assert server.ask("POST", "/reset", {}, {"Cookie": "refold_session=gone"}).status == 200


def test_before_the_first_reset(tmp_path):
    """State is empty, a step is refused with a reason, there is nothing to grade."""
    with running(tmp_path) as server:
        assert server.get("/state")["episode_id"] is None
        assert server.ask("POST", "/step", WAIT).status == 409
        assert server.ask("POST", "/grader", {}).status == 404


@pytest.mark.slow
def test_many_anonymous_resets(tmp_path):
    """They never fill the server: the oldest that nobody came back to makes room."""
    with running(tmp_path, max_sessions=3) as server:
        kept = server.ask("POST", "/reset", {"episode_id": "kept"}).headers["x-session-id"]
        server.get("/state", **{"X-Session-Id": kept})
        for _ in range(5):
            server.post("/reset", {})
        assert server.get("/state", **{"X-Session-Id": kept})["episode_id"] == "kept"


def test_names_in_the_log(server):
    """An episode's name is its id in the log; given again, the newest answers to it."""
    names = [
        server.ask("POST", "/reset", {"episode_id": "again", "seed": seed}).headers["x-episode-id"]
        for seed in (1, 2)
    ]
    assert names[0] == "again"
    assert names[1].startswith("again.")
    assert server.get("/episodes/again")["episode"]["seed"] == 2
    odd = server.ask("POST", "/reset", {"episode_id": "ä/../ö " + "x" * 200})
    assert server.get(f"/episodes/{odd.headers['x-episode-id']}")["episode"]["steps"] == 0


def test_tasks(server):
    """All tasks are listed with the schema of their actions."""
    listed = server.get("/tasks")
    assert {task["task_id"] for task in listed["tasks"]} == set(scenario_names())
    assert set(listed["action_schemas"]) == {
        each.title for each in all_families() if each.scenarios
    }
    kinds = listed["action_schemas"]["workflow"]["properties"]["action_type"]["enum"]
    assert set(kinds) == {"delegate", "retry", "wait", "synthesize", "abort"}


def test_task_api(server):
    """Splits are families; unknown environments are 404, and indexes outside of it 400."""
    assert server.get("/list_environments") == ["refold"]
    assert {"name": "inbox", "type": "test"} in server.get("/refold/splits")
    split = {"split": "workflow"}
    tasks = server.post("/REFOLD/tasks", split)["tasks"]
    assert server.post("/refold/num_tasks", split) == {"num_tasks": len(tasks)}
    assert server.post("/refold/task", {**split, "index": 3})["task"] == tasks[3]
    assert (
        server.post("/refold/task_range", {**split, "start": 1, "stop": 3})["tasks"] == tasks[1:3]
    )
    assert server.post("/refold/task_range", split)["tasks"] == tasks
    for path, body, status in (
        ("/other/tasks", split, 404),
        ("/refold/tasks", {"split": "other"}, 404),
        ("/refold/task", {**split, "index": 4}, 400),
        ("/refold/task", {**split, "index": -1}, 400),
        ("/refold/task", split, 422),
        ("/refold/tasks", {}, 422),
    ):
        assert server.ask("POST", path, body).status == status


def test_only_what_is_served(tmp_path):
    """With one family, schemas are its own, short names mean it, and the rest is unknown."""
    with running(tmp_path, scenarios=("inbox",)) as server:
        assert server.get("/schema")["action"]["title"] == "InboxAction"
        assert server.post("/reset", {})["observation"]["task_id"] == "inbox/easy"
        assert server.post("/reset", {"task": "hard"})["observation"]["task_id"] == "inbox/hard"
        assert server.ask("POST", "/reset", {"task": "workflow/hard"}).status == 404


def test_tools(server):
    """There is a tool for each kind of action of all families, none with a reserved name."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with server.socket("/mcp") as socket:
        socket.send(json.dumps(call))
        tools = json.loads(socket.recv(timeout=30))["result"]["tools"]
    names = {tool["name"] for tool in tools}
    kinds = {tool.name for family in all_families() for tool in prompt_of(family).tools}
    assert names == kinds | {"start_episode", "observe"}
    assert not names & {"reset", "step", "state", "close"}
    assert all(tool["inputSchema"]["type"] == "object" for tool in tools)
