import json
import re

import jsonschema
import pytest
import serving
from serving import actions, talk
from sizes import SMALLEST_AND_LARGEST

from refold.engine.registry import all_families
from refold.server.sessions.json_schemas import protocol_schemas

server = serving.server


def validators(schemas):
    """Return a validator for each of *schemas*, by its name."""
    return {name: jsonschema.Draft202012Validator(each) for name, each in schemas.items()}


@pytest.fixture(scope="module")
def whole(server):
    """Return validators for all that any task sends."""
    return validators(server.get("/schema"))


@pytest.mark.parametrize("task", SMALLEST_AND_LARGEST)
def test_all_that_is_sent_fits_its_schema(server, whole, task):
    """Observations with reward and done put back, states and actions; by task and for all."""
    own = validators(server.get(f"/schema?task={task}"))
    with server.socket() as socket:
        replies = [talk(socket, "reset", {"task_id": task})]
        for action in actions(task):
            for schema in (whole, own):
                schema["action"].validate(action)
            replies.append(talk(socket, "step", action))
        state = talk(socket, "state")
    for schema in (whole, own):
        schema["state"].validate(state)
        for reply in replies:
            again = {**reply["observation"], "reward": reply["reward"], "done": reply["done"]}
            schema["observation"].validate(again)


@pytest.mark.parametrize("action", [{}, {"action_type": "dance"}, {"type": "archive", "x": 1}, []])
def test_what_is_no_action_does_not_fit(server, action):
    """The schema of actions refuses what the server refuses."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(action, server.get("/schema")["action"])


def test_a_broken_observation_does_not_fit(server):
    """A field that is missing, or of another type, is noticed."""
    schema = server.get("/schema?task=workflow/easy")["observation"]
    reply = server.post("/reset", {"task": "workflow/easy"})["observation"]
    jsonschema.validate(reply, schema)
    for broken in ({**reply, "time_elapsed": "0"}, {**reply, "grade": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
    reply.pop("subtasks")
    with pytest.raises(jsonschema.ValidationError, match="subtasks"):
        jsonschema.validate(reply, schema)


def test_schemas_are_schemas():
    """Each is valid by itself, and refers to nothing outside of it."""
    families = list(all_families())
    for given in (families, families[:1]):
        for schema in protocol_schemas(given).values():
            jsonschema.Draft202012Validator.check_schema(schema)
            assert '"$ref": "#/$defs/' in json.dumps(schema) or "$ref" not in json.dumps(schema)


def test_the_openapi_document(server):
    """Every path is there with a summary, an example and its bodies; every reference resolves."""
    document = server.get("/openapi.json")
    text = json.dumps(document)
    paths = document["paths"]
    assert {"/reset", "/step", "/state", "/run", "/grader", "/episodes/{id}/fork"} <= set(paths)
    for operations in paths.values():
        for method, operation in operations.items():
            assert operation["summary"]
            answer = operation["responses"]["200"]["content"]["application/json"]
            assert "example" in answer
            assert answer["schema"]
            if method == "post":
                assert operation["requestBody"]["content"]["application/json"]["examples"]
    references = re.findall(r'"\$ref": "#/([^"]+)"', text)
    assert references
    for reference in references:
        found = document
        for key in reference.split("/"):
            found = found[key]


def test_examples_of_bodies_work(server):
    """What the document shows can be sent as it stands."""
    server.post("/reset", {"task": "easy", "episode_id": "try-1"})
    paths = server.get("/openapi.json")["paths"]
    for path in ("/reset", "/run", "/grader", "/baseline", "/mcp"):
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            server.post(path, example["value"])
