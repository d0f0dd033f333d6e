import pytest
import serving
from forging import alter
from serving import actions, running

from refold.engine import EventLog
from refold.graders import grade

server = serving.server

WAIT = {"action_type": "wait"}


def act(server, begun, action, at, session=None):
    """Return the answer to *action* in the episode *begun*."""
    headers = {"X-Session-Id": session or begun["session"]}
    body = {"action": action, "at": at}
    return server.ask("POST", f"/api/episodes/{begun['id']}/actions", body, headers)


@pytest.mark.parametrize("task", ["workflow/easy", "inbox/easy"])
def test_an_episode_is_played_to_its_end(server, task):
    """Each action names the position it is for; at the end the grade is in the log."""
    begun = server.post("/api/episodes", {"task": task})
    played = actions(task)
    for at, action in enumerate(played):
        reply = act(server, begun, action, at)
        assert reply.json == {"position": at + 1, "done": at + 1 == len(played)}
    assert act(server, begun, played[0], len(played)).status == 404
    with EventLog(server.log, readonly=True) as log:
        info, stream = log.find(begun["id"]), log.events(begun["id"])
    assert (info.agent, info.ended) == ("human", "terminated")
    row = server.get("/episodes?limit=1&rewards=true")["episodes"][0]
    assert (row["id"], row["score"]) == (begun["id"], grade(stream).score)
    assert len(row["rewards"]) == len(played)
    assert sum(row["rewards"]) == pytest.approx(row["total"])


def test_a_second_click_does_nothing(server):
    """An action for a position that the episode has left is refused, and not recorded."""
    begun = server.post("/api/episodes", {"task": "easy"})
    assert act(server, begun, WAIT, 0).json["position"] == 1
    again = act(server, begun, WAIT, 0)
    assert again.status == 409
    assert "expected 1, where the episode stands, got 0" in again.json["detail"]
    assert server.get(f"/api/episodes/{begun['id']}")["episode"]["steps"] == 1


def test_each_episode_has_its_own_player(server):
    """A session acts in its own episode only, and two windows of one browser do not mix."""
    one = server.post("/api/episodes", {"task": "easy"})
    two = server.post("/api/episodes", {"task": "easy"}, Cookie=f"refold_session={one['session']}")
    assert one["session"] != two["session"]
    assert act(server, one, WAIT, 0, session=two["session"]).status == 409
    assert act(server, one, WAIT, 0, session="nobody").status == 404
    assert act(server, one, WAIT, 0).status == act(server, two, WAIT, 0).status == 200
    path = f"/api/episodes/{one['id']}/actions"
    assert server.ask("POST", path, {"action": WAIT, "at": 1}).status == 422


def test_an_episode_of_another_session_is_not_touched(server):
    """What a client plays over `/reset` cannot be acted in from the page but by its session."""
    server.post("/reset", {"task": "easy", "episode_id": "theirs"})
    mine = server.post("/api/episodes", {"task": "easy"})
    assert act(server, {**mine, "id": "theirs"}, WAIT, 0).status == 409
    assert server.get("/state")["step_count"] == 0


def test_what_has_ended_keeps_no_session(tmp_path):
    """Whoever plays to the end can begin again, however few sessions there may be."""
    with running(tmp_path, max_sessions=1) as server:
        for _ in range(3):
            begun = server.post("/api/episodes", {"task": "inbox/easy"})
            for at, action in enumerate(actions("inbox/easy")):
                assert act(server, begun, action, at).status == 200


def test_what_does_not_belong_together_is_refused(server):
    """Nothing that is asked for is left out in silence."""
    begun = server.post("/api/episodes", {"task": "easy"})
    for asked in (
        {"parent": begun["id"], "at": 0, "seed": 5},
        {"parent": begun["id"], "at": 0, "task": "hard"},
        {"parent": begun["id"]},
        {"task": "easy", "at": 0},
    ):
        assert server.ask("POST", "/api/episodes", asked).status == 422


def test_a_fork_by_hand(server):
    """It shares the first steps, tells where it stands, and its parent stays as it was."""
    begun = server.post("/api/episodes", {"task": "workflow/easy"})
    for at, action in enumerate(actions("workflow/easy")[:3]):
        act(server, begun, action, at)
    fork = server.post("/api/episodes", {"parent": begun["id"], "at": 2})
    assert fork["position"] == 2
    assert act(server, fork, WAIT, 2).json["position"] == 3
    made = server.get(f"/api/episodes/{fork['id']}")
    parent = server.get(f"/api/episodes/{begun['id']}")
    assert made["episode"]["fork_of"] == {"id": begun["id"], "at": 2}
    assert (
        made["events"][: made["steps"][1]["seq"][1] + 1]
        == (parent["events"][: parent["steps"][1]["seq"][1] + 1])
    )
    assert parent["episode"]["steps"] == 3
    beyond = server.ask("POST", "/api/episodes", {"parent": begun["id"], "at": 99})
    assert beyond.status == 422
    assert server.ask("POST", "/api/episodes", {"parent": "nope", "at": 0}).status == 404


def test_preview_tells_a_refusal_and_records_nothing(server):
    """What it says is what then happens; of an action that is taken it tells no outcome."""
    begun = server.post("/api/episodes", {"task": "workflow/easy"})
    path = f"/api/episodes/{begun['id']}/preview"
    bad = {"action_type": "delegate", "subtask_id": "nope", "agent_name": "nobody"}
    told = server.post(path, {"action": bad})
    assert (told["position"], told["say"]) == (0, "delegate nope to nobody")
    assert server.post(path, {"action": WAIT}) == {
        "position": 0,
        "say": "wait",
        "error": None,
        "reward": None,
        "parts": {},
    }
    assert server.get(f"/api/episodes/{begun['id']}")["episode"]["events"] == 1
    act(server, begun, bad, 0)
    step = server.get(f"/api/episodes/{begun['id']}")["steps"][0]
    assert [told[key] for key in ("error", "reward", "parts")] == (
        [step[key] for key in ("error", "reward", "parts")]
    )
    assert server.post(path, {"action": WAIT, "at": 0})["position"] == 0
    assert server.post(path, {"action": {**WAIT, "metadata": {}}})["error"] is None
    assert server.ask("POST", path, {"action": {**WAIT, "metadata": 1}}).status == 422
    assert server.ask("POST", path, {"action": WAIT, "at": 9}).status == 422
    assert server.ask("POST", path, {"action": {"action_type": "fly"}}).status == 422
    assert server.ask("POST", path, {"action": "wait"}).status == 422


def test_damage_does_not_hide_the_list(server):
    """An episode that cannot be read is listed all the same, without its rewards."""
    begun = server.post("/api/episodes", {"task": "easy"})
    where = "WHERE episode = (SELECT id FROM episodes WHERE uid = ?)"
    alter(server.log, (f"UPDATE events SET payload = '{{}}' {where}", begun["id"]))
    row = server.get("/episodes?limit=1&rewards=true")["episodes"][0]
    assert (row["id"], row["rewards"]) == (begun["id"], None)
