import json
import os
import pty
import subprocess
import sys
from unicodedata import category

import msgspec
import pytest
from attrs import frozen
from serving import running
from shell import SCRIPT, Ran, Shell, copy_shell
from worlds import shipped, write

from refold.engine import Episode, EventLog
from refold.scenarios import load

HOSTILE = (
    "[red]x[/red] \x1b[31m\x1b]0;t\x07 \u202eback\u200b \x9b2J\r\nFORGED \u2028FORGED {task} {0} %s"
)
VISIBLE = "[red]x[/red] <U+001B>[31m<U+001B>]0;t<U+0007> <U+202E>back<U+200B> <U+009B>2J"
PRINTING = [
    "episodes",
    "show",
    "replay",
    "replay --step 1",
    "grade",
    "verify",
    "diff last",
    "import other.jsonl --log new.db",
]


@frozen
class Carried:
    """A scenario as its canonical JSON."""

    body: bytes
    seed: int = 1


def spoilt(value):
    """Return *value* with hostile text in place of every free text in it."""
    if isinstance(value, dict):
        return {key: spoilt_field(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [spoilt(each) for each in value]
    return value


def spoilt_field(key, value):
    free = ("name", "title", "description", "subject", "priority", "sender", "output", "id")
    if key in free and isinstance(value, str):
        return f"{value} {HOSTILE}"
    return spoilt(value)


def record(log, scenario, actions):
    """Record an episode full of hostile text."""
    body = msgspec.json.decode(load(scenario).body)
    for part in ("parameters", "rubric"):
        body[part] = spoilt(body[part]) if scenario.startswith("inbox") else body[part]
    body |= {"name": HOSTILE, "description": f"{HOSTILE}\n{HOSTILE}"}
    episode = Episode.start(Carried(msgspec.json.encode(body)), log=log, agent=HOSTILE, run=HOSTILE)
    for action in actions:
        episode.step(action)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a log that was imported from a stranger, and another such export."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    mail = {"type": "respond", "content": HOSTILE, "rationale": HOSTILE}
    with EventLog(shell.at / "theirs.db") as log:
        record(log, "inbox/easy", [{**mail, "email_id": HOSTILE}, mail, mail])
        record(log, "workflow/easy", [{"action_type": "abort", "subtask_id": HOSTILE}])
        record(log, "inbox/easy", [mail, {**mail, "type": "archive"}])
    shell("export --log theirs.db -o theirs.jsonl")
    shell("import theirs.jsonl")
    shell("export last -o other.jsonl")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def steering(text):
    """Return the characters of *text* that could steer a terminal, line ends aside."""
    return {letter for letter in text if category(letter) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}


def check_harmless(ran):
    """Check that what was printed steers no terminal and forges no line."""
    text = ran.out + ran.err
    assert steering(text) == set()
    assert not any(line.strip().startswith("FORGED") for line in text.splitlines())


@pytest.mark.parametrize("words", PRINTING)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_people_see_it_and_terminals_do_not_obey(shell, words, place):
    """Escape codes, bidi marks, markup and line ends in any field are shown, never interpreted."""
    id = [] if words in ("episodes", PRINTING[-1]) else [shell.ids()[place]]
    ran = shell(words, *id, code=int(words == "diff last" and place < 2))
    check_harmless(ran)
    if words == "show":
        assert f"agent {VISIBLE}" in " ".join(ran.out.split())


@pytest.mark.parametrize("words", PRINTING)
def test_programs_get_it_as_it_was(shell, words):
    """JSON holds the very text, escaped so that a terminal that shows it is safe too."""
    id = [] if words in ("episodes", PRINTING[-1]) else [shell.ids()[0]]
    ran = shell(f"{words} --json", *id, code=int(words == "diff last"))
    check_harmless(ran)
    if words not in ("verify", "diff last"):
        assert HOSTILE in texts(ran.json)


def texts(value):
    """Return every text in JSON data, in one."""
    if isinstance(value, dict):
        return "".join(map(texts, value.values()))
    return "".join(map(texts, value)) if isinstance(value, list) else str(value)


def test_a_forged_event_is_shown_harmlessly(shell):
    """What verify and diff show of a wrong event is as harmless."""
    with EventLog(shell.at / "refold.db") as log:
        info, stream = log.find(shell.ids()[0]), log.events(shell.ids()[0])
        forged = [each.replace(b'"reward":-0.3', b'"reward":0.3') for each in stream.payloads]
        log.begin(type(info)("forged", info.scenario, info.seed), forged)
    check_harmless(shell("verify", code=1))
    check_harmless(shell("verify --json", code=1))
    check_harmless(shell("diff forged", info.id, code=1))


def test_a_scenario_file_is_shown_harmlessly(shell):
    """A file with such text can be looked at and played, under a run of such a name."""
    mine = write(shell.at / "mine.toml", spoilt(shipped("inbox/easy")))
    assert steering(shell("scenarios", mine).out) == set()  # its description has lines
    check_harmless(shell("scenarios --json", mine))
    check_harmless(shell("record --agent random --name", f"{HOSTILE}1", mine))
    check_harmless(shell("record --agent random --json --name", f"{HOSTILE}2", mine))


@pytest.mark.parametrize("words", [["show", HOSTILE], ["record", HOSTILE, "--agent", HOSTILE]])
def test_errors_are_harmless(shell, words):
    """An error quotes what was given on its one line."""
    check_harmless(shell.refuses("", *words, match="FORGED"))


def test_errors_in_files_are_harmless(shell):
    """An error quotes what a file holds on its one line, whatever that is."""
    header, *events = (shell.at / "other.jsonl").read_text().split("\n")
    wrong = json.loads(header) | {HOSTILE: HOSTILE}
    (shell.at / "wrong.jsonl").write_text("\n".join([json.dumps(wrong), *events]))
    check_harmless(shell.refuses("import wrong.jsonl", match="unknown field"))
    (shell.at / "script.jsonl").write_text(json.dumps({"action_type": "wait", HOSTILE: 1}))
    words = "record workflow/easy --agent script:script.jsonl"
    check_harmless(shell.refuses(words, match="unknown field"))


@pytest.mark.slow
def test_a_progress_bar_shows_a_name_as_it_is(shell):
    """On a terminal, too, the name of a run is only text: no markup, no format, no escape."""
    ours, theirs = pty.openpty()
    words = ["record", "inbox/easy", "--agent", "random", "--epochs", "40", "--name", f"{HOSTILE}1"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words],
        cwd=shell.at,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0, shown
    assert b"[red]x[/red]" in shown
    assert b"\x1b]0;" not in shown
    assert b"\n\rFORGED" not in shown.replace(b"\r\n", b"\n\r")


def on_terminal(shell, *words):
    """Return what *words* show on a terminal, which is the program's stdout."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words], cwd=shell.at, stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.slow
def test_an_export_steers_no_terminal(shell):
    """On a terminal it is escaped as JSON; in files and pipes it is what is stored."""
    for id in shell.ids():
        shown = on_terminal(shell, "export", id)
        assert steering(shown.replace("\r\n", "\n")) == set()
        stored = shell("export", id).out
        assert [*map(json.loads, shown.splitlines())] == [*map(json.loads, stored.split("\n")[:-1])]
        assert steering(stored) != set()
        shell("export -o one.jsonl", id)
        assert (shell.at / "one.jsonl").read_text() == stored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("bash_complete", "refold show "),
        ("zsh_complete", "refold report "),
        ("fish_complete", "refold show "),
    ],
)
def test_completions_are_harmless(shell, kind, words):
    """What a shell prints at the tab key steers no terminal, and forges no value."""
    shell("record workflow/easy --agent greedy --name plain")
    place = "" if kind.startswith("fish") else "2"
    env = {**os.environ, "_REFOLD_COMPLETE": kind, "COMP_WORDS": words, "COMP_CWORD": place}
    ran = shell.program("", env=env)
    check_harmless(Ran(ran.code, ran.out.replace("\t", " "), ran.err))  # fish splits at tabs
    assert ("plain" if "report" in words else shell.ids()[-1]) in ran.out


def test_the_access_log_steers_no_terminal(shell, capfd):
    """A path that somebody asks a server for is escaped in its line of JSON."""
    with running(shell.at, access_log=True) as server:
        assert server.ask("GET", "/%C2%9B2J%E2%80%AE%1B%5B31m%0AFORGED").status == 404
    logged = capfd.readouterr().err
    assert steering(logged) == set()
    (line,) = logged.splitlines()
    assert json.loads(line)["path"] == "/\x9b2J\u202e\x1b[31m\nFORGED"


def read(terminal):
    """Return what a terminal has to show, nothing once the program at it has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
