"""Which worlds outside are opened: none by a log or a client itself."""

import os
import re
import sys
import textwrap

import msgspec
import pytest
from outside import NAME, write_env
from serving import running
from shell import Shell
from sizes import first_fast

from refold.cli import COMMANDS
from refold.engine import Episode, EventLog
from refold.engine.errors import NoWorld, UnknownName
from refold.environments import Worlds, answered, answered_scenario, began
from refold.scenarios import load
from refold.scenarios.answered.events import EnvironmentAnswered, Offer
from refold.scenarios.answered.parameters import AnsweredParameters

MARKER = 'open("marker", "w").close()\n'
HOSTILE = {
    "a file": ("python", "walk.py:Walk"),
    "an absolute file": ("python", "{folder}/walk.py:Walk"),
    "a module": ("python", "walk:Walk"),
    "a module of gymnasium": ("gymnasium", "walk:Walk-v0"),
    "an address": ("openenv", "http://127.0.0.1:9/"),
    "an unknown kind": ("walk", "Walk"),
    "a path of a benchmark": ("tau2", "../walk"),
}


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return a shell in a folder with an environment that leaves a mark when it is imported."""
    write_env(tmp_path, more=MARKER)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return Shell(tmp_path)


def record_claim(folder, kind, name, run="theirs", last=None):
    """
    Record an episode with two steps that says it was answered by that world.

    It is not over unless *last*, the answer to its second step, ends it.
    """
    name = name.format(folder=folder)
    scenario = answered_scenario(f"{kind}:{name}", AnsweredParameters(kind, name))
    with EventLog(folder / "theirs.db") as log:
        episode = Episode.start(scenario, log=log, agent="random", run=run, id=run)
        episode.note(began({"at": 0}, offer=Offer(schema={"enum": [1, 2]})))
        episode.step(1, answers=[answered({"at": 1}, 1.0)])
        episode.step(1, answers=[last or answered({"at": 2}, 1.0)])


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(each, marks=pytest.mark.slow if place else ())
        for place, each in enumerate(HOSTILE)
    ],
)
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("show last", 0),
        ("replay last", 0),
        ("replay last --html page.html", 0),
        ("episodes", 0),
        ("runs", 0),
        ("report theirs", 0),
        ("leaderboard", 0),
        ("grade last", 0),
        ("diff last last", 0),
        ("verify", 0),
        ("export last", 0),
        ("verify --live", 1),
        ("verify --live --world python:other.py:Walk --world openenv:http://127.0.0.1:9", 1),
        ("resume last", 2),
        ("resume theirs", 2),
        ("fork last --at 1 --agent random", 2),
        ("what-if last --at 1 --agent random", 2),
    ],
)
def test_a_strangers_log_opens_nothing(shell, claim, command, code):
    """Whatever its scenario says: reading it reads, and playing on is refused in one line."""
    record_claim(shell.at, *HOSTILE[claim])
    ran = shell(f"{command} --log theirs.db", code=code)
    assert not (shell.at / "marker").exists()
    if code == 2:
        assert ran.err.startswith("refold: ")
        assert ran.err.count("\n") == 1
    with EventLog(shell.at / "theirs.db", readonly=True) as log:
        assert (log.count(), log.find("theirs").steps) == (1, 2)


_OVER = {
    0: """
        show theirs --markdown; replay theirs --messages; episodes --grep walk; runs; leaderboard
        compare theirs others --html pair.html; report theirs --html report.html; group {scenario}
        diff theirs others --html diff.html; grade --save; regrade; index; verify; manifest
        label theirs --name right --value yes --by ann
        label others --name right --value no --by ann
        label --next --name right --by bob; labels
        tag others odd --by ann; note others hm --by ann; agree --name right; validate --label right
        judge-check asks.toml --label right --dry-run
        export -o all.jsonl; export --as atif -o atif; export --as inspect -o all.eval
        export --as chat -o chat.jsonl; export --as sts -o sts; export --as otel -o otel.jsonl
        import all.jsonl --log copy.db; merge theirs.db copy.db -o both.db
        golden add theirs; golden check; check --update; check
        resume theirs; resume theirs --failed
    """,
    1: "audit theirs.db; verify --live",
    2: """
        resume broken --failed; fork theirs --at 1 --agent random
        what-if theirs --at 1 --agent random
    """,
}
OVER = [
    (code, command.strip())
    for code, commands in _OVER.items()
    for command in re.split("[;\n]", commands)
    if command.strip()
]
"""Exit codes and commands, in order, for a log whose episodes are over, one by a failure."""
OF_NO_LOG = {
    *("scenarios", "record", "generate", "solve", "inference"),  # open what the user names there
    *("baseline", "mock-model", "config", "demo", "proxy"),
    "serve",  # has a test of its own
}
FILES = {
    "refold.toml": """
        [check]
        log = "theirs.db"
        baseline = "baseline"
    """,
    "asks.toml": """
        [rubric]
        name = "asks"
        version = 1

        [[rubric.criteria]]
        name = "polite"
        weight = 1.0
        measure = "judge"
        params = { question = "Is it polite?", scale = { yes = 1.0, no = 0.0 } }

        [rubric.judge]
        model = "openai:mock"
    """,
}


@pytest.mark.parametrize("claim", first_fast(HOSTILE))
def test_no_command_opens_what_is_over(shell, claim):
    """Nor does any other command, on episodes that are over, from export to audit."""
    for name, text in FILES.items():
        (shell.at / name).write_text(textwrap.dedent(text))
    for run in ("theirs", "others"):
        record_claim(shell.at, *HOSTILE[claim], run, answered({"at": 2}, 1.0, terminated=True))
    record_claim(shell.at, *HOSTILE[claim], "broken", EnvironmentAnswered(fault="out of order"))
    with EventLog(shell.at / "theirs.db", readonly=True) as log:
        scenario = log.find("theirs").scenario
    for code, command in OVER:
        shell(command.format(scenario=scenario), code=code, REFOLD_LOG="theirs.db")
        assert not (shell.at / "marker").exists(), command


def test_every_command_is_tried():
    """A command that is new is tried on a stranger's log, or is said here to read none."""
    assert {command.split()[0] for _, command in OVER} | OF_NO_LOG == set(COMMANDS)


def test_a_server_opens_nothing(shell):
    """It shows a stranger's episode, and refuses to play it on, whatever an action says."""
    record_claim(shell.at, *HOSTILE["a file"])
    (shell.at / "theirs.db").rename(shell.at / "log.db")
    with running(shell.at) as server:
        assert server.ask("GET", "/episodes").status == 200
        assert server.ask("GET", "/api/episodes/theirs").status == 200
        for path, body in (
            ("/episodes/theirs/fork", {"at": 1}),
            ("/episodes/theirs/fork", {"at": 1, "agent": "random"}),
            ("/api/episodes/theirs/preview", {"action": {"at": 1}}),
        ):
            answer = server.ask("POST", path, body)
            assert (answer.status, b"an external environment" in answer.body) == (422, True), (
                answer.body
            )
        for path, body in (
            ("/reset", {"task": NAME}),
            ("/run", {"task": NAME, "agent": "random"}),
            ("/grader", {"task": NAME, "agent": "random"}),
            ("/api/episodes", {"task": NAME}),
            ("/api/episodes", {"parent": "theirs", "at": 1}),
        ):
            assert server.ask("POST", path, body).status in (404, 422)
    assert not (shell.at / "marker").exists()


def test_named_on_the_command_line_or_in_the_environment(shell):
    """The option opens it, and so does the variable; naming another file does not."""
    row = shell(f"record {NAME} --agent random --json").json["episodes"][0]
    assert (shell.at / "marker").exists()
    for how in ({"words": f"--world {NAME}"}, {"REFOLD_WORLDS": f"python:other.py:Walk {NAME}"}):
        words = how.pop("words", "")
        found = shell(f"verify --live {row['id']} {words} --json", **how).json["episodes"][0]
        assert (found["verdict"], found["again"], found["of"]) == ("same", *[row["steps"] + 1] * 2)
    found = shell(f"verify --live {row['id']} --json", code=1).json["episodes"][0]
    assert (found["verdict"], found["step"], found["path"]) == ("unplayable", None, None)
    assert f"add --world {NAME}" in found["reason"]


def test_only_what_is_named_where_nothing_may_be_opened_by_name(shell):
    """A caller that opens nothing by name gets a clear refusal for any other world."""
    (shell.at / "walk.py").rename(shell.at / "walk2.py")
    with pytest.raises(UnknownName, match="environment"):
        Worlds()(answered_scenario("x:y", AnsweredParameters("x", "y")).body)
    body = answered_scenario("python:a:b", AnsweredParameters("python", "a:b")).body
    with pytest.raises(NoWorld, match=r"--world python:… names one"):
        Worlds(by_name=False)(body)
    with pytest.raises(NoWorld, match="expected an external environment, got one of refold's own"):
        Worlds()(load("inbox/easy").body)


def test_nothing_is_begun_if_the_world_cannot_be_opened(shell):
    """A file with a mistake, or without the function, is told before any episode is in the log."""
    for text, match in (("1 / 0", "ZeroDivisionError"), ("x = 1", "expected a function 'Walk'")):
        (shell.at / "walk.py").write_text(text)
        shell.refuses(f"record {NAME} --agent random", match=match)
    shell.refuses("record python:none.py:Walk --agent random", match="got none called none.py")
    shell.refuses("record python:walk.py --agent random", match=r"expected FILE\.py:FUNCTION")
    assert not (shell.at / "refold.db").exists()


def test_scenarios_shows_and_writes_them(shell):
    """Its TOML can be copied, changed and recorded, where the world is named."""
    assert "environment: python" in shell(f"scenarios {NAME}?goal=3").out
    text = shell(f"scenarios {NAME}?goal=3 --toml").out
    (shell.at / "mine.toml").write_text(text.replace("high = 1.0", "high = 8.0"))
    assert load(shell.at / "mine.toml").parameters.options == {"goal": 3}
    shell.refuses("record mine.toml --agent random", match="--world python")
    rows = shell(f"record mine.toml --agent random --world {NAME} --json").json["episodes"]
    assert 0 < rows[0]["score"] < 1


KIND = """
    from refold.environments import Environment, answered, answered_scenario, began
    from refold.scenarios.answered.events import EnvironmentAnswered, Offer
    from refold.scenarios.answered.parameters import AnsweredParameters


    class Counter:
        waits, volatile, repeated = False, (), 0

        def begin(self, seed, recorded=()):
            self.left = 3
            return [began({"left": 3}, offer=Offer(schema={"const": "down"}))]

        def act(self, action, recorded=()):
            self.left -= 1
            return [answered({"left": self.left}, 1 / 3, terminated=not self.left)]

        def close(self):
            pass


    class Counters(Environment):
        def describe(self, address):
            return answered_scenario(f"count:{address}", AnsweredParameters("count", address))

        def open(self, parameters, addresses):
            return Counter()


    KIND = Counters()
"""


@pytest.mark.slow
def test_a_strangers_environment(shell):
    """A kind of environment in 40 lines, installed beside refold, is played like any other."""
    (shell.at / "counting.py").write_text(textwrap.dedent(KIND))
    info = shell.at / "counting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[refold.environments]\ncount = counting:KIND\n")
    env = {**os.environ, "PYTHONPATH": str(shell.at)}
    done = shell.program("record count:down --agent random --json", env=env)
    row = msgspec.json.decode(done.out)["episodes"][0]
    assert (row["scenario"], row["steps"], row["score"]) == ("count:down", 3, 1.0)
    found = shell.program("verify --live last --json", env=env).json["episodes"][0]
    assert (found["verdict"], found["of"]) == ("same", 4)
    assert len(textwrap.dedent(KIND).splitlines()) <= 40


FALLS = """
    import os


    class Falls:
        action_schema = {"const": 0}

        def reset(self, seed=None):
            return 0

        def step(self, action):
            if not os.path.exists("mended"):
                raise OSError("no link")
            return 1, 1.0, True, False, {}
"""


def test_what_failed_is_played_again_only_in_a_world_that_is_named(shell):
    """A failure is not counted; without its world nothing is begun anew, with it all is played."""
    (shell.at / "falls.py").write_text(textwrap.dedent(FALLS))
    name = "python:falls.py:Falls"
    ran = shell(f"record {name} --agent random --epochs 2 --name r --json", code=1)
    assert [row["reason"] for row in ran.json["episodes"]] == ["instrument_failed"] * 2
    assert "2 not counted: the environment kept failing (2 × OSError: no link" in ran.err
    shell.refuses("resume r --failed", match=f"add --world {name}")
    (shell.at / "mended").touch()
    rows = shell(f"resume r --failed --world {name} --json").json["episodes"]
    assert [(row["score"], row["ended"]) for row in rows] == [(1.0, "terminated")] * 2


@pytest.mark.slow
def test_what_is_not_installed_is_named(shell):
    """Where a kind of environment needs a library, the error says which to install."""
    hidden = "import sys; sys.modules['gymnasium'] = None; from refold.cli import main; main()"
    ran = shell.program("record gymnasium:CartPole-v1 --agent random", code=2, script=hidden)
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("; install gymnasium\n")
