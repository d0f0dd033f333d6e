import pytest
from msgspec.structs import replace
from serving import actions, running, talk

from refold.engine import EventLog, fold_to
from refold.graders import RubricName, save_grade
from refold.graders.custom import grade_by
from refold.replays import verify

WAIT = {"action_type": "wait"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Return a server with an episode that ended, `done`, and one that runs, `running`."""
    with running(tmp_path_factory.mktemp("server")) as server:
        server.post("/reset", {"task": "hard", "episode_id": "done"})
        for action in actions("workflow/hard"):
            server.post("/step", action)
        server.post("/reset", {"task": "inbox/easy", "episode_id": "running"})
        server.post("/step", {"type": "archive"})
        yield server


@pytest.fixture
def log(server):
    """Return a reader of the server's log."""
    with EventLog(server.log, readonly=True) as log:
        yield log


def test_episodes_are_listed_in_pages(server):
    """Newest first, filtered; the pages together are the whole, each episode once."""
    server.post("/run", {"task": "easy", "agent": "random", "episodes": 5, "run": "paged"})
    whole = server.get("/episodes?run=paged")
    assert whole["next"] is None
    ids, before = [], ""
    while before is not None:
        page = server.get(f"/episodes?run=paged&limit=2{before and f'&before={before}'}")
        assert len(page["episodes"]) <= 2
        ids += [each["id"] for each in page["episodes"]]
        before = page["next"]
    assert ids == [each["id"] for each in whole["episodes"]]
    assert [each["epoch"] for each in whole["episodes"]] == [4, 3, 2, 1, 0]
    assert all(each["score"] is not None for each in whole["episodes"])
    assert server.get("/episodes?scenario=inbox")["episodes"][0]["id"] == "running"


def test_events_come_in_pages(server, log):
    """All of them, in order, each with its words; the same that the log holds."""
    seqs, after = [], -1
    while after is not None:
        page = server.get(f"/episodes/done?after={after}&limit=30")
        seqs += [event["seq"] for event in page["events"]]
        assert all(event["say"] for event in page["events"])
        after = page["next"]
    assert seqs == list(range(len(log.events("done"))))
    assert server.get(f"/episodes/done?after={len(seqs)}")["events"] == []


def test_a_running_episode_keeps_its_secrets(server):
    """Neither keywords nor the scenario's hidden parts are shown until it has ended."""
    texts = [
        str(server.get(path))
        for path in ("/episodes/running", "/api/episodes/running", "/episodes/running/steps")
    ]
    assert all("keywords" not in text for text in texts)
    ended = server.post("/run", {"task": "inbox/easy", "agent": "baseline"})["episodes"][0]
    assert "keywords" in str(server.get(f"/episodes/{ended['id']}"))


def test_state_at_a_step(server, log):
    """What the agent saw after N actions, with what was legal; out of range is 422."""
    stream = log.events("done")
    found = server.get("/episodes/done/state?step=3")
    state = fold_to(stream, 3)
    assert found["view"]["t"] == found["position"] == found["observation"]["time_elapsed"] == 3
    assert len(found["legal"]) == len(stream.family.legal_actions(state))
    assert server.get("/episodes/done/state")["legal"] == []
    assert server.ask("GET", "/episodes/done/state?step=99").status == 422


def test_a_live_tail(server):
    """Asking again with ``next`` gives each step once, until the end is told."""
    with server.socket() as socket:
        talk(socket, "reset", {"task_id": "inbox/easy", "episode_id": "live"})
        after, seen = 0, []
        for action in actions("inbox/easy"):
            talk(socket, "step", action)
            tail = server.get(f"/episodes/live/steps?after={after}")
            seen += [step["position"] for step in tail["steps"]]
            after = tail["next"]
    assert seen == [1, 2, 3]
    assert tail["ended"] == "terminated"
    assert server.get("/episodes/live/steps?after=3")["steps"] == []


def test_grades(server):
    """By id, latest of a task, and after playing one; the same as in the last observation."""
    one = server.get("/episodes/done/grade")
    assert one["complete"]
    assert server.post("/grader", {"episode_id": "done"}) == one
    assert server.post("/grader", {"task": "hard"}) == one
    assert not server.post("/grader", {"episode_id": "running"})["complete"]
    assert server.ask("POST", "/grader", {"episode_id": "nobody"}).status == 404
    assert server.ask("POST", "/grader", {"task": "expert"}).status == 404
    played = server.post("/grader", {"task": "medium", "provider": "greedy"})
    assert (played["score"], played["task_id"]) == (0.6325, "workflow/medium")


def test_runs(server, log):
    """Built-in agents play, recorded and graded, and verify passes; others are refused."""
    played = server.post("/run", {"task": "inbox/easy", "agent": "baseline"})
    (row,) = played["episodes"]
    assert row["score"] == played["mean"]
    assert verify(log.events(row["id"])) is None
    for agent in ("openai:any", "script:/etc/passwd", "dance"):
        assert server.ask("POST", "/run", {"agent": agent}).status == 422
    assert server.ask("POST", "/run", {"task": "inbox/easy", "agent": "greedy"}).status == 422
    assert server.ask("POST", "/run", {"episodes": 101}).status == 422
    assert server.ask("POST", "/grader", {"agent": "noop", "provider": "x"}).status == 422


def test_a_difference_tells_nothing_of_what_runs(server):
    """Of two that run, the answer key of neither is in the document of their difference."""
    for task, name in (("inbox/easy", "key-a"), ("inbox/medium", "key-b")):
        server.post("/reset", {"task": task, "episode_id": name})
    for path in ("/api/diff/key-a/key-b", "/diff/key-a/key-b", "/api/diff/key-a/done"):
        body = server.ask("GET", path).body
        assert b"keywords" not in body
        assert b"expected" not in body
    asked = [{"task": f"inbox/{name}", "agent": "baseline"} for name in ("easy", "medium")]
    ids = [server.post("/run", each)["episodes"][0]["id"] for each in asked]
    assert "keywords" in str(server.get(f"/api/diff/{ids[0]}/{ids[1]}")["scenario"])


def test_a_run_that_would_run_out_of_seeds_does_not_begin(server):
    """None of its episodes is played, not even those that have one."""
    before = server.get("/episodes?limit=1")
    reply = server.ask("POST", "/run", {"episodes": 3, "seed": 2**63 - 2})
    assert reply.status == 422
    assert server.get("/episodes?limit=1") == before
    assert server.get("/openapi.json")["components"]["schemas"]["Seed"]["maximum"] == 2**63 - 1


def test_baseline_and_leaderboard(server):
    """Reference scores with the best of the log, and the agents of the log by their means."""
    rows = server.get("/baseline?seeds=1")["baselines"]
    assert {row["source"] for row in rows} == {"played", "published"}
    assert server.get("/baseline?seeds=1")["baselines"] == rows
    with_log = server.post("/baseline", {"seeds": 1})["baselines"]
    assert [row for row in with_log if row["source"] != "log"] == rows
    (table,) = server.get("/leaderboard?scenario=workflow/hard")["rankings"]
    assert table["places"][0]["agent"] == "openenv"
    assert table["places"][0]["optimum_share"] is None


def test_scores_by_saved_grades(server, log):
    """Saved grades score by their name; what is none is refused, a file on the server too."""
    given = grade_by(half, log.events("done"))
    with EventLog(server.log) as writer:
        rubric = RubricName("mine.py:half", 0, "a" * 64)
        save_grade(writer, "done", replace(given, rubric=rubric))
    for by in ("mine.py:half", f"mine.py:half@{'a' * 8}"):
        (table,) = server.get(f"/leaderboard?by={by}")["rankings"]
        assert [place["mean"] for place in table["places"]] == [0.5]
        assert table["setting"]["rubric"]["name"] == "mine.py:half"
        listed = server.get(f"/episodes?by={by}")
        scores = {each["id"]: each["score"] for each in listed["episodes"]}
        assert scores.pop("done") == 0.5
        assert set(scores.values()) <= {None}
        assert f"mine.py:half@{'a' * 8}" in listed["graders"]
    for by in ("mine.py:half@b", "rubrics/hard.toml"):
        for path in ("/leaderboard", "/episodes"):
            reply = server.ask("GET", f"{path}?by={by}")
            assert reply.status == 404
            assert "saved grades" in str(reply.json)
    assert server.ask("GET", "/episodes?by=mine.py:half&below=0.5").status == 422
    assert server.ask("GET", "/episodes?by=mine.py:half&sort=-score").status == 422


def half(events):
    """Return half of the best score."""
    return 0.5


def test_fork_and_diff(server, log):
    """A fork is played on by an agent, or by whoever asked; a diff tells where they part."""
    played = server.post(
        "/episodes/done/fork", {"at": 3, "agent": "random", "seed": 5, "episode_id": "forked"}
    )["episodes"][0]
    assert (played["id"], played["parent"], played["fork_at"]) == ("forked", "done", 3)
    assert log.events("forked").payloads[:9] == log.events("done").payloads[:9]
    found = server.get("/diff/done/forked")
    assert (found["same"], found["shared"]) == (False, 4)
    assert server.get("/diff/done/done")["same"]
    mine = server.ask("POST", "/episodes/done/fork", {"at": 2, "episode_id": "mine"})
    assert mine.headers["x-episode-id"] == "mine"
    assert server.post("/step", WAIT)["observation"]["time_elapsed"] == 3
    assert server.get("/state")["total_reward"] == server.get("/episodes/mine")["episode"]["total"]
    assert server.ask("POST", "/episodes/done/fork", {"at": 99}).status == 422
    assert server.ask("POST", "/episodes/done/fork", {"at": 1, "episode_id": "mine"}).status == 409
    assert server.ask("POST", "/episodes/done/fork", {}).status == 422
    odd = server.ask("POST", "/episodes/done/fork", {"at": 1, "episode_id": "ä /../" + "x" * 200})
    assert odd.headers["x-episode-id"].count(".") > 0
    assert server.get("/state")["episode_id"].startswith("ä /../")


def test_an_episode_as_a_document(server):
    """The document that pages are made of comes under ``/api``."""
    made = server.get("/api/episodes/done")
    assert (made["format"], made["episode"]["id"]) == ("refold.episode", "done")


def test_there_is_no_such_episode(server):
    """Each path that names one answers 404, without naming the log's file."""
    for path in ("", "/grade", "/state", "/steps"):
        reply = server.ask("GET", f"/episodes/nobody{path}")
        assert reply.status == 404
        assert "log.db" not in str(reply)
    assert server.ask("GET", "/diff/done/nobody").status == 404
    assert server.ask("GET", "/episodes?before=nobody").status == 404
