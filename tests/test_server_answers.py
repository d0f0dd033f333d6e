"""Whatever is asked, the answer is one that the OpenAPI document tells of, in status and form."""

import json
import re
from urllib.parse import quote, urlencode

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import running

NAMES = st.sampled_from(["workflow/easy", "hard", "greedy", "baseline", "one", "last", "refold"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**64) | st.floats() | st.text(max_size=9) | NAMES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
IDS = st.one_of(NAMES, st.text(min_size=1, max_size=9))
QUERIES = ("task", "task_id", "seed", "episode_id", "session_id", "limit", "before", "after")
KEYS = (
    *("action", "agent", "at", "episodes", "seeds", "split", "index", "start", "stop"),
    *QUERIES,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server with an episode, `one`."""
    with running(tmp_path_factory.mktemp("server"), max_sessions=8) as server:
        server.post("/reset", {"episode_id": "one"})
        server.post("/step", {"action_type": "wait"})
        yield server


@pytest.fixture(scope="module")
def operations(server):
    """Return the document's operations, and what is to be checked of each answer."""
    document = server.get("/openapi.json")
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = {
                int(status): jsonschema.Draft202012Validator(
                    {
                        **answer["content"]["application/json"]["schema"],
                        "components": document["components"],
                    }
                )
                for status, answer in operation["responses"].items()
            }
            found.append((method.upper(), path, answers))
    return found


@pytest.mark.slow
@settings(max_examples=4 * settings.default.max_examples)
@given(data=st.data())
def test_every_answer_is_documented(server, operations, data):
    """Any path with any query and body: a documented status, never a 500, in documented form."""
    method, path, answers = data.draw(st.sampled_from(operations))
    path = re.sub(r"{\w+}", lambda _: quote(data.draw(IDS), safe=""), path)
    query = data.draw(st.dictionaries(st.sampled_from(QUERIES), st.integers() | IDS, max_size=2))
    body = None
    if method == "POST":
        shaped = st.dictionaries(st.sampled_from(KEYS), NAMES | VALUES, max_size=4)
        body = data.draw(shaped | VALUES | st.binary(max_size=20))
        if isinstance(body, dict) and body.get("episodes"):
            body["episodes"] = 1
    reply = server.ask(method, f"{path}?{urlencode(query)}", body)
    if reply.status == 404 and reply.json == {"detail": "Not Found"}:
        return  # what was drawn for the path has a slash in it
    assert reply.status in answers, reply
    answers[reply.status].validate(json.loads(reply.body))
