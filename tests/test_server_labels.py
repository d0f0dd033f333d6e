"""Labels over HTTP: in the name that the server was given, blind, and bounded."""

import pytest
from serving import running

from refold.engine import EventLog, RefoldError
from refold.labels.drawing import place
from refold.labels.making import make_label, make_tag
from refold.server.app import check_exposure
from refold.server.settings import ServerSettings

CHOICES = ("yes", "no", "unsure")
LABEL = {"kind": "label", "name": "correct", "value": "yes"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Yield a server that labels as anna, with episodes that ben has labelled and tagged."""
    with running(tmp_path_factory.mktemp("server"), label_as="anna") as server:
        for _ in range(4):
            server.post("/run", {"task": "inbox/easy", "agent": "baseline"})
        with EventLog(server.log) as log:
            for id in episodes(server):
                info = log.find(id)
                log.save_remark(make_label(info, "correct", "no", author="ben", choices=CHOICES))
                log.save_remark(make_tag(info, "hard-case", author="ben"))
        yield server


def episodes(server):
    """Return the ids of the episodes, oldest first."""
    return [each["id"] for each in reversed(server.get("/episodes")["episodes"])]


def test_others_show_once_one_has_said_it(server):
    """What ben said is hidden from anna until she has given a label of that name."""
    path = f"/api/episodes/{episodes(server)[0]}/labels"
    before = server.get(path)
    assert (before["by"], before["hidden"], before["remarks"]) == ("anna", 2, [])
    assert before["names"] == [{"name": "correct", "values": list(CHOICES), "own": None}]
    server.post(path, {"kind": "note", "note": "unsure yet", "value": "yes"})
    assert server.get(path)["hidden"] == 2
    server.post(path, {**LABEL, "name": "harmful", "value": "no"})
    assert {each["author"] for each in server.get(path)["remarks"] if each["kind"] == "label"} == {
        "anna"
    }
    after = server.post(path, LABEL)
    assert after["hidden"] == 0
    assert [(e["kind"], e["name"], e["author"]) for e in after["remarks"]] == [
        ("label", "correct", "ben"),
        ("tag", "hard-case", "ben"),
        ("note", "", "anna"),
        ("label", "harmful", "anna"),
        ("label", "correct", "anna"),
    ]
    back = server.post(path, {**LABEL, "value": None})
    assert back["names"][0]["own"] is None


def test_the_request_names_no_author(server):
    """Whoever writes an author into a request labels as the server's all the same."""
    id = episodes(server)[1]
    server.post(f"/api/episodes/{id}/labels", {**LABEL, "author": "ben", "by": "ben"})
    with EventLog(server.log, readonly=True) as log:
        assert log.remarks(id)[-1].author == "anna"


def test_the_next_is_that_of_the_queue(server):
    """The page is led through the same order as the terminal; a blind label says that it was."""
    waiting = server.get("/api/labels/next?name=fresh")
    order = sorted(episodes(server), key=lambda each: place("fresh", each))
    assert waiting == {"id": order[0], "left": 4}
    for id, blind in ((order[0], True), (order[1], False), (order[3], True)):
        server.post(f"/api/episodes/{id}/labels", {**LABEL, "name": "fresh", "blind": blind})
    assert server.get("/api/labels/next?name=fresh") == {"id": order[2], "left": 1}
    server.post(f"/api/episodes/{order[2]}/labels", {**LABEL, "name": "fresh"})
    assert server.get("/api/labels/next?name=fresh") == {"id": None, "left": 0}
    with EventLog(server.log, readonly=True) as log:
        drawn = {e.episode: e.drawn for e in log.remarks() if e.name == "fresh"}
    assert drawn == {order[0]: "queue", order[1]: "", order[2]: "", order[3]: ""}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "grade"},
        {"kind": "label"},
        {"kind": "label", "name": "correct"} | {"value": "maybe"},
        {"kind": "label", "name": "a\nb", "value": "yes"},
        {"kind": "label", "name": "x" * 65, "value": "yes"},
        {"kind": "label", "name": "new", "value": "a", "values": ["a", 1]},
        {"kind": "label", "name": "new", "value": "a", "values": ["a"]},
        {"kind": "label", "name": "new", "value": "a", "values": "ab"},
        {"kind": "label", "name": "correct", "value": "yes", "step": 99},
        {"kind": "label", "name": "correct", "value": "yes", "step": -1},
        {"kind": "note", "note": "x" * 5001, "value": "yes"},
        {"kind": "note", "note": {"a": 1}, "value": "yes"},
        {"kind": "note", "value": "yes"},
        {"kind": "tag", "value": "yes"},
    ],
)
def test_mistakes_are_422(server, body):
    """Nothing is stored of what cannot be meant, and the answer says what was expected."""
    id = episodes(server)[2]
    with EventLog(server.log, readonly=True) as log:
        before = log.remarks(id)
        reply = server.ask("POST", f"/api/episodes/{id}/labels", body)
        assert reply.status == 422
        assert "expected" in str(reply.json["detail"])
        assert log.remarks(id) == before


def test_unknown_episodes(server):
    """No episode, no label."""
    assert server.ask("POST", "/api/episodes/nobody/labels", LABEL).status == 404
    assert server.ask("GET", "/api/episodes/nobody/labels").status == 404


def test_a_server_that_labels_as_nobody(tmp_path):
    """Without --label-as nothing can be said; what was said can be read."""
    with running(tmp_path) as server:
        id = server.post("/run", {"task": "inbox/easy", "agent": "baseline"})["episodes"][0]["id"]
        with EventLog(server.log) as log:
            info = log.find(id)
            log.save_remark(make_label(info, "correct", "no", author="ben", choices=CHOICES))
        refused = server.ask("POST", f"/api/episodes/{id}/labels", LABEL)
        assert refused.status == 409
        assert "--label-as" in refused.json["detail"]
        assert server.ask("GET", "/api/labels/next?name=correct").status == 409
        found = server.get(f"/api/episodes/{id}/labels")
        assert (found["by"], len(found["remarks"]), found["hidden"]) == (None, 1, 0)


def test_nobody_else_labels_in_that_name():
    """A server that lets everybody in does not label as somebody."""
    check_exposure(ServerSettings(label_as="anna"))
    check_exposure(ServerSettings(label_as="anna", public=True, token="a" * 16))
    with pytest.raises(RefoldError, match="--label-as anna: expected --token beside --public"):
        check_exposure(ServerSettings(label_as="anna", public=True))


def test_declared_values_hold_on_the_page(tmp_path):
    """What the project declares is offered before its first use, and others are refused."""
    declared = {"tone": ("kind", "rude")}
    with running(tmp_path, label_as="anna", label_values=declared) as server:
        server.post("/run", {"task": "inbox/easy", "agent": "baseline"})
        path = f"/api/episodes/{episodes(server)[0]}/labels"
        assert server.get(path)["names"] == [
            {"name": "tone", "values": ["kind", "rude"], "own": None}
        ]
        wrong = server.ask("POST", path, {"kind": "label", "name": "tone", "value": "yes"})
        assert wrong.status == 422
        after = server.post(path, {"kind": "label", "name": "tone", "value": "rude"})
        assert after["names"][0]["own"] == "rude"
