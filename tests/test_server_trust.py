"""No client and no file of others makes the operator's `resume` spend money or read a script."""

import pytest
from serving import running, talk
from shell import Shell

from refold.agents.origins import find_origin, mark_origin, strip_origin
from refold.engine import Episode, EventLog
from refold.scenarios import load


@pytest.fixture
def shell(tmp_path):
    """Return a shell in the folder of the server's log."""
    return Shell(tmp_path)


def begin(folder, *agents):
    """Let clients begin an episode each, as *agents* of the run ``nightly``, and leave."""
    with running(folder) as server, server.socket() as socket:
        for agent in agents:
            asked = {"task_id": "inbox/easy", "agent": agent, "run": "nightly"}
            talk(socket, "reset", {**asked, "episode_id": agent.replace(":", "-")})


@pytest.mark.parametrize("agent", ["openai:gpt-5", "script:actions.jsonl", "litellm:any/thing"])
def test_a_client_cannot_name_what_resume_plays(tmp_path, shell, agent):
    """The log tells where the name came from, and resume, of the episode or its run, refuses."""
    begin(tmp_path, agent)
    with EventLog(tmp_path / "log.db", readonly=True) as log:
        assert log.find("last").agent == f"network:{agent}"
    for name in ("last", "nightly"):
        shell.refuses(f"resume {name} --log log.db", match=r"came over the network; `--trust`")


def test_a_run_goes_on_without_what_clients_put_into_it(tmp_path, shell):
    """Its own episodes are played; the others are told of."""
    begin(tmp_path, "greedy-not-known", "openai:gpt-5")
    with EventLog(tmp_path / "log.db") as log:
        Episode.start(load("inbox/easy"), log=log, agent="random", run="nightly", id="own")
    done = shell("resume nightly --log log.db --json")
    assert "left out: 1 episode as openai-gpt-5" in done.err
    assert "left out: 1 episode of agents that play elsewhere" in done.err
    ended = {row["id"]: row["ended"] for row in done.json["episodes"]}
    assert ended["own"] is not None
    assert ended["openai-gpt-5"] is None


def test_an_operator_may_trust(tmp_path, shell):
    """With the flag, the episode is played by the agent that the client named."""
    (tmp_path / "actions.jsonl").write_text('{"type": "archive"}\n' * 3)
    begin(tmp_path, "script:actions.jsonl")
    done = shell("resume last --trust --log log.db --json").json["episodes"][0]
    assert (done["ended"], done["agent"]) == ("terminated", "network:script:actions.jsonl")


def test_an_imported_episode_is_marked_if_it_can_go_on(tmp_path, shell):
    """One that has ended keeps its agent; events and digest are the same in any case."""
    (tmp_path / "one.jsonl").write_text('{"type": "archive"}\n')
    (tmp_path / "all.jsonl").write_text('{"type": "archive"}\n' * 3)
    for script in ("one", "all"):
        shell(f"record inbox/easy --agent script:{script}.jsonl --log log.db")
    before = shell("episodes --log log.db --json").json["episodes"]
    shell("export --log log.db -o out.jsonl")
    shell("import out.jsonl --log other.db")
    after = shell("episodes --log other.db --json").json["episodes"]
    agents = {row["ended"]: row["agent"] for row in after}
    assert agents == {None: "import:script:one.jsonl", "terminated": "script:all.jsonl"}
    digests = [{row["id"]: row["digest"] for row in rows} for rows in (before, after)]
    assert digests[0] == digests[1]
    open_one = next(row["id"] for row in after if row["ended"] is None)
    shell.refuses(f"resume {open_one} --log other.db", match="came with an import")


def test_marks():
    """They are set once, only on what could cost something, and come off whole."""
    assert mark_origin("openai:m", "network") == "network:openai:m"
    assert mark_origin("network:openai:m", "import") == "network:openai:m"
    assert mark_origin("greedy", "network") == "greedy"
    assert mark_origin("me", "import") == "me"
    assert find_origin("network") is None
    assert find_origin("networks:a") is None
    assert find_origin("import:a:b") == "import"
    assert strip_origin("import:network:openai:m") == "openai:m"
    assert strip_origin("openai:network:m") == "openai:network:m"
