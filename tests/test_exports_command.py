"""The command that exports in other formats: where files go, and what is told on stderr."""

import json
import sys
import zipfile

import pytest
from forging import alter
from shell import Shell
from sizes import first_fast

SUFFIX = {"atif": ".trajectory.json", "sts": ".jsonl"}


@pytest.fixture
def shell(tmp_path):
    """Return a shell with a log of three episodes."""
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent random --epochs 2 --name r")
    shell("record workflow/easy --agent greedy --name s")
    return shell


@pytest.mark.parametrize("kind", SUFFIX)
def test_one_episode_is_a_file(shell, kind):
    """A named episode goes to stdout or to the file; into a folder, if that is there."""
    out = shell(f"export last --as {kind}").out
    shell(f"export last --as {kind} -o one.json")
    assert (shell.at / "one.json").read_text() == out
    (shell.at / "folder").mkdir()
    shell(f"export last --as {kind} -o folder")
    (path,) = (shell.at / "folder").iterdir()
    assert path.name == shell.ids()[-1] + SUFFIX[kind]
    assert path.read_text() == out


@pytest.mark.parametrize("kind", SUFFIX)
def test_several_episodes_are_a_folder(shell, kind):
    """Each has a file of its name in the folder, which is made; without one, that is asked for."""
    shell(f"export --as {kind} -o new/folder")
    names = {path.name for path in (shell.at / "new/folder").iterdir()}
    assert names == {id + SUFFIX[kind] for id in shell.ids()}
    shell.refuses(f"export --as {kind}", match="expected --output FOLDER")
    (shell.at / "file").write_text("mine")
    shell.refuses(f"export --as {kind} -o file", match="expected a folder that can be written")
    assert (shell.at / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", ["chat", "otel"])
def test_lines(shell, kind):
    """Each episode is a line, on stdout or in the file, which is replaced."""
    out = shell(f"export --as {kind}").out
    (shell.at / "all.jsonl").write_text("old")
    shell(f"export --as {kind} -o all.jsonl")
    assert (shell.at / "all.jsonl").read_text() == out
    assert len([json.loads(line) for line in out.splitlines()]) == 3


def test_an_archive(shell):
    """All episodes are in one file, which has to be named."""
    shell("export --as inspect -o all.eval")
    with zipfile.ZipFile(shell.at / "all.eval") as archive:
        assert len([name for name in archive.namelist() if name.startswith("samples/")]) == 3
    shell.refuses("export --as inspect", match="expected --output FILE.eval, got none")


def test_parquet_needs_its_library(shell, monkeypatch):
    """Without pyarrow, a line says what to install, and nothing is written."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    shell.refuses("export --as parquet -o tables", match=r"pip install 'refold\[parquet\]'")
    assert not (shell.at / "tables").exists()


def test_what_is_told(shell):
    """A line says how many, then what has no field; ``--report`` lists all of it."""
    told = shell("export --as atif -o folder").err.splitlines()
    assert told[0] == "3 episodes exported as atif"
    assert told[1].startswith("without a field, kept in extra.refold: turns[].info (")
    assert told[2].startswith("left out: step_rewarded.parts (13), event email_handled (6), ")
    listed = shell("export --as chat --report").err
    assert "without a field, left out:\n  turns[].info (" in listed
    assert "--report" not in listed


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("--pairs", "--pairs: expected --as chat with it"),
        ("--as otel --pairs", "--pairs: expected --as chat with it"),
        ("--report", "--report: expected --as FORMAT"),
        ("--as atif -o refold.db nosuch", "no part of the log"),
        ("--as chat nosuch", "nosuch"),
    ],
)
def test_refusals(shell, words, match):
    """Options that mean nothing together, and outputs over the log, are refused in a line."""
    shell.refuses(f"export {words}", match=match)
    shell("verify")


@pytest.mark.parametrize("kind", first_fast(["atif", "chat", "inspect", "otel", "sts"]))
def test_a_damaged_episode_is_told(shell, kind):
    """The others are exported, and the exit code is 1."""
    bad = shell.ids()[1]
    text = "substr(payload, 1, length(payload) - 1) || ' }'"
    alter(
        shell.at / "refold.db",
        (f"UPDATE events SET payload = {text} WHERE seq = 1 AND episode = 2",),
    )
    ran = shell(f"export --as {kind} -o out", code=1)
    assert ran.err.startswith(f"2 episodes exported as {kind}\n")
    (line,) = (line for line in ran.err.splitlines() if line.startswith("left out: episode"))
    assert bad in line


def test_an_export_is_imported(shell):
    """A folder of trajectories comes back as episodes with the same steps and scores."""
    shell("grade --save")
    shell("export --as atif -o folder")
    shell("import folder --log other.db")
    shell("grade --save --log other.db")
    told = [
        sorted((each["steps"], each["score"]) for each in shell(words).json["episodes"])
        for words in ("episodes --json", "episodes --json --log other.db")
    ]
    assert told[0] == told[1]
    shell("verify --log other.db")
