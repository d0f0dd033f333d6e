import io
import os
import shlex
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click
import pytest
from shell import Shell, check_refusal, copy_shell
from sizes import first_fast

from refold import cli

READING = ["episodes", "show last", "replay last", "grade", "verify", "diff last last", "export"]
WRITING = ["record workflow/easy --agent noop", "grade --save", "import episode.jsonl", "demo"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell in a folder that holds a log of two episodes, and an export of one."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record inbox/easy inbox/medium --agent baseline --name first")
    shell("export last -o episode.jsonl")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def command(name):
    """Return the click command *name*."""
    found = cli.refold.get_command(click.Context(cli.refold), name)
    assert found is not None
    return found


def test_help_is_quick():
    """``refold --help`` names every command, and imports nothing heavy for it."""
    heavy = "{'refold.engine', 'sqlite_utils', 'openai', 'rich', 'msgspec', 'attrs', 'mpmath'}"
    show = f"print(sorted({heavy} & sys.modules.keys()))"
    script = f"import sys; from refold import cli; cli.run(['--help']); {show}"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    listed = ran.stdout.decode()
    assert listed.endswith("[]\n")
    for name, (_, words) in cli.COMMANDS.items():
        assert f"\n  {name} " in listed
        assert words in listed


def test_the_list_of_commands_is_grouped(tmp_path):
    """Commands stand by what they are for, each once, in 80 columns without a wrapped line."""
    assert sum(map(len, cli.GROUPS.values())) == len(cli.COMMANDS)
    listed = Shell(tmp_path)("--help", COLUMNS="80").out
    assert [line[:-1] for line in listed.splitlines() if line.rstrip(":") in cli.GROUPS] == [
        *cli.GROUPS
    ]
    for name, (_, words) in cli.COMMANDS.items():
        assert f"\n  {name:11}  {words}\n" in listed


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_explains_itself(tmp_path, name):
    """Each command has help that says what it does; its examples stand a line each and are real."""
    shell = Shell(tmp_path)
    shown = shell(f"{name} --help").out
    assert shown == shell(f"{name} -h").out
    assert "\\b" not in shown
    assert "None" not in shown
    examples = shown.partition("\n  Examples:\n")[2].splitlines()
    assert examples
    for words in map(shlex.split, examples):
        assert words[0] == "refold"
        for option in (word for word in words if word.startswith("--")):
            assert any(
                option in parameter.opts
                for used in cli.COMMANDS
                if used in words
                for parameter in command(used).params
            ), option


def test_version_and_no_command(tmp_path):
    """``--version`` is data; a bare ``refold`` is bad usage and shows the help on stderr."""
    shell = Shell(tmp_path)
    assert shell("--version").out.startswith("refold 0.")
    bare = shell("", code=2)
    assert bare.out == ""
    assert "\nRecord and play:\n  scenarios " in bare.err


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("recrod", r"no such command 'recrod'; did you mean record\? see `refold --help`"),
        ("xyzzy --all", r"no such command 'xyzzy'; see `refold --help`"),
        ("grade --jsn", r"no such option --jsn; did you mean --json\? see `refold grade --help`"),
        ("record", r"missing argument 'SCENARIO...'; see `refold record --help`"),
        ("record inbox/easy", r"missing option '--agent'"),
        (
            "record inbox/easy --agent random --seed x",
            r"--seed: expected a whole number from 0 to \d+, got 'x'; see",
        ),
        (
            "record inbox/easy --agent random --seed -1",
            r"--seed: expected a whole number from 0 to \d+, got '-1'",
        ),
        (
            "record inbox/easy --agent random --epochs 0",
            r"--epochs: expected a whole number of at least 1, got '0'",
        ),
        ("replay last --step first", r"--step: expected a whole number, got 'first'"),
        ("replay last --step 99", r"step: expected 0 to 4 \(0 is before any action\), got 99"),
        ("replay last --step -1", r"step: expected 0 to 4 .*, got -1"),
        ("grade --fail-under 1.5", r"--fail-under: expected a number from 0 to 1, got '1.5'"),
        ("grade --fail-under nan", r"--fail-under: expected a number from 0 to 1, got 'nan'"),
        ("record inbox/easy --agent random --max-cost x", r"--max-cost: expected a number above 0"),
        (
            "record inbox/easy --agent random --temperature hot",
            "--temperature: expected none or a number of at least 0, got 'hot'",
        ),
        ("export --as xml", r"--as: expected atif, chat, inspect, otel, parquet or sts, got 'xml'"),
        (
            "import missing.jsonl",
            "missing.jsonl: expected a file that can be read, got No such file",
        ),
        (
            "export -o missing/folder.jsonl",
            "missing/folder.jsonl: expected a file that can be written, got No such file",
        ),
        ("show", r"missing argument 'ID'"),
        ("show nobody", r"episode 'nobody': expected an id, a unique prefix or 'last'.*lists them"),
        ("grade last nobody", r"episode 'nobody'"),
        ("scenarios inbox/esy", r"expected a known name, got 'inbox/esy'; did you mean inbox/easy"),
    ],
)
def test_bad_usage(shell, words, match):
    """What cannot be done is refused in one line with exit code 2, and nothing changes."""
    shell.refuses(words, match=match)


@pytest.mark.parametrize(
    "name", first_fast(["show", "replay", "grade", "verify", "diff last", "export"], 2)
)
def test_an_ambiguous_prefix(shell, name):
    """A prefix of several ids is refused by every command that takes one, with some of them."""
    shell("record inbox/easy --agent random --epochs 17")
    first = [id[0] for id in shell.ids()]
    shared = next(letter for letter in first if first.count(letter) > 1)
    shell.refuses(name, shared, match=rf"'{shared}': expected a unique prefix.*{shared}")


def folder_at(path):
    path.mkdir()


def text_at(path):
    path.write_text("not a log")


def newer_at(path):
    Shell(path.parent)("record inbox/easy --agent random --log", path)
    with closing(sqlite3.connect(path)) as log:
        log.execute("PRAGMA user_version = 99")


def nothing_at(path):
    assert not path.exists()


@pytest.mark.parametrize("words", [*READING, *WRITING, "resume last"])
@pytest.mark.parametrize(
    ("make", "match"),
    [
        (
            folder_at,
            "expected a log file, got a directory|expected a folder with logs, files that end",
        ),
        (text_at, "expected a refold log, got another kind of file"),
        (newer_at, r"expected log version \d or older, got 99; update refold"),
        (nothing_at, "expected a log, got no such file; `refold record` makes one"),
    ],
)
def test_a_file_that_is_no_log(shell, make, match, words):
    """A log that cannot be used is refused by every command; none is made where none belongs."""
    make(shell.at / "other.db")
    if make is not nothing_at or words in READING or words in ("grade --save", "resume last"):
        shell.refuses(words, "--log", "other.db", match=match)


AS_NOBODY = """
import contextlib, io, os, sys
from refold import cli
with contextlib.redirect_stderr(io.StringIO()):
    # Nobody may be unable to read Python itself; so what the command imports, root imports:
    # with a file that is no log in place of the last argument, it is refused.
    assert cli.run([*sys.argv[1:-1], "episode.jsonl"]) == 2
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
cli.main()
"""


@pytest.mark.parametrize("log", first_fast(["refold.db", "closed/refold.db", "new.db"]))
@pytest.mark.parametrize("words", first_fast(["episodes", "import episode.jsonl"]))
def test_no_permission(words, log):
    """A log that may not be read or made, or lies where one may not look, is refused."""
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        shell("record inbox/easy --agent random")
        shell("export last -o episode.jsonl")
        before = shell.files()
        (shell.at / "refold.db").chmod(0)
        (shell.at / "closed").mkdir(mode=0)
        shell.at.chmod(0o555)
        ran = shell.program(words, "--log", log, code=2, script=AS_NOBODY)
        check_refusal(ran, f"{log}: ")
        shell.at.chmod(0o755)
        (shell.at / "refold.db").chmod(0o600)
        assert shell.files() == before


def test_an_interrupted_command(shell):
    """Ctrl-C ends a command with exit code 130 and a word, without a traceback."""

    class Interrupted(io.RawIOBase):
        name = "<stdin>"

        def readable(self):
            return True

        def readinto(self, _buffer):
            raise KeyboardInterrupt

    before = shell.files()
    ran = shell("import -", code=130, stdin=io.BufferedReader(Interrupted()))
    assert (ran.out, ran.err.strip()) == ("", "refold: interrupted")
    assert shell.files() == before


@pytest.fixture
def small(shell):
    """Return words that export so little that Python's buffer holds it to the end."""
    shell("record inbox/easy --agent random --log small.db")
    words = "export --log small.db"
    assert len(shell(words).out) < os.stat(os.devnull).st_blksize
    return words


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("-u",)], ids=["buffered", "unbuffered"])
def test_nobody_reads_the_output(shell, small, flags):
    """A reader that has seen enough, as ``head`` has, ends a command without a traceback."""
    reading, writing = os.pipe()
    os.close(reading)
    for words in ("replay last", "replay last --json", "export", small):
        ran = shell.program(words, code=1, flags=flags, stdout=writing)
        assert ran.err == ""
    os.close(writing)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [(), ("-u",)], ids=["buffered", "unbuffered"])
def test_no_room_for_the_output(shell, small, flags):
    """Output that cannot be written is an error of one line."""
    with Path("/dev/full").open("wb") as full:
        for words in ("episodes", "replay last --json", "export", small, "--help"):
            ran = shell.program(words, code=2, flags=flags, stdout=full)
            check_refusal(ran, "No space left on device")
        shell.program("show nobody", code=2, flags=flags, stdout=full, stderr=full)


@pytest.mark.slow
def test_a_terminal_without_the_letters(shell):
    """Where output cannot hold a letter, tables show its code; JSON is in UTF-8 all the same."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert r"\u258" in shell.program("show last", env=env).out
    title = shell.program("scenarios --json", env=env).json["scenarios"][0]["title"]
    assert title == shell("scenarios --json").json["scenarios"][0]["title"]


def test_the_log_of_the_environment(shell):
    """REFOLD_LOG names the log, and ``--log`` wins over it."""
    shell("record inbox/hard --agent baseline", REFOLD_LOG="other.db")
    (only,) = shell("episodes --json", REFOLD_LOG="other.db").json["episodes"]
    assert only["scenario"] == "inbox/hard"
    both = shell("episodes --json --log refold.db", REFOLD_LOG="other.db").json["episodes"]
    assert len(both) == 2


@pytest.mark.slow
def test_a_clone_works_without_being_installed(tmp_path):
    """With the requirements at hand, ``python -m refold`` runs from a checkout as it is."""
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "refold").symlink_to(Path(cli.__file__).parent)
    script = "import sys; from runpy import run_module; sys.argv[0] = 'refold'\n"
    script += "import importlib.metadata as m; m.entry_points = lambda **_: ()\n"
    script += "run_module('refold', run_name='__main__')"
    for words in ("--version", "record workflow/easy --agent greedy", "verify"):
        ran = subprocess.run(
            [sys.executable, "-c", script, *words.split()],
            cwd=tmp_path / "clone",
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
