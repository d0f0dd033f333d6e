"""Text as editors, shells and version control leave it: line ends, byte order marks, UTF-16."""

import os

import pytest
from shell import Shell, copy_shell
from sizes import first_fast

from refold.replays.golden import GOLDEN_FOLDER

GRADER = "def careful(episode):\n    return 1.0\n"
READERS = {
    "scenario": ("s.toml", "record ./s.toml --agent random --log new.db"),
    "rubric": ("s.toml", "grade --rubric s.toml"),
    "script": ("wait.jsonl", "record workflow/easy --agent script:wait.jsonl --log new.db"),
    "script in TOML": ("a.toml", "record workflow/easy --agent script:a.toml --log new.db"),
    "export": ("a.jsonl", "import a.jsonl --log new.db"),
    "grades": ("grades.json", "regrade --against grades.json"),
    "grader": ("mine.py", "grade --grader mine.py:careful"),
    "golden": ("goldens/g.jsonl", "golden check"),
}
FILES = pytest.mark.parametrize(("name", "words"), READERS.values(), ids=READERS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a file of every kind that refold reads."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/easy --agent greedy")
    (shell.at / "s.toml").write_text(shell("scenarios workflow/easy --toml").out)
    (shell.at / "wait.jsonl").write_text('{"action_type":"wait"}\n{"action_type":"wait"}\n')
    (shell.at / "a.toml").write_text('[[actions]]\naction_type = "wait"\n')
    (shell.at / "grades.json").write_text(shell("grade --json").out)
    (shell.at / "mine.py").write_text(GRADER)
    shell("export -o a.jsonl")
    shell("golden add last --name g")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


@FILES
@pytest.mark.parametrize("marks", first_fast(["both", "crlf", "bom"]))
def test_line_ends_and_a_byte_order_mark_change_nothing(shell, name, words, marks):
    """What git's autocrlf or an editor put into a file is read as if it were not there."""
    path = shell.at / name
    content = path.read_bytes()
    if marks != "bom":
        content = content.replace(b"\n", b"\r\n")
    if marks != "crlf":
        content = b"\xef\xbb\xbf" + content
    path.write_bytes(content)
    shell(words)


@FILES
def test_utf_16_is_refused_by_name(shell, name, words):
    """Text that a shell wrote as UTF-16 is refused in one line, which says so."""
    path = shell.at / name
    path.write_bytes(path.read_bytes().decode().encode("utf-16"))
    ran = shell(words, code=1 if "golden" in name else 2)
    assert f"{path.name}: expected text in UTF-8, got UTF-16; save it as UTF-8" in ran.out + ran.err
    assert ran.err.count("\n") == 1


@FILES
def test_a_named_pipe_is_not_waited_for(shell, name, words):
    """A pipe that nobody writes to ends no command in a wait."""
    (shell.at / name).unlink()
    os.mkfifo(shell.at / name)
    ran = shell(words, code=1 if "golden" in name else 2)
    assert (ran.out + ran.err).count("\n") == 1 + ("golden" in name)


@pytest.mark.parametrize("steps", [1, 5])
def test_a_golden_cut_short_is_not_ok(shell, steps):
    """Each prefix of whole steps is what its rules make, but no episode as it was saved."""
    lines = (GOLDEN_FOLDER / "workflow-easy-greedy.jsonl").read_text().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines, 1) if '"type":"step_rewarded"' in line]
    (shell.at / "goldens" / "g.jsonl").write_text("".join(lines[: ends[steps]]))
    ran = shell("golden check", code=1)
    assert "expected episode_ended, got the end of the file, which was cut short" in ran.out


def test_only_an_episode_with_an_end_becomes_a_golden(shell):
    """A golden of an open episode could not be told from one that was cut short."""
    shell("record workflow/easy --agent script:wait.jsonl")
    shell.refuses("golden add last", match="expected one that has ended, got one that has not")
