"""Commands with ``--jobs``: every byte is that of one process, on damaged logs too."""

import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest
from forging import alter
from judging import BY_FUNCTION, BY_RUBRIC, JUDGE, address, inbox_shell, mock_judge
from shell import SCRIPT, Shell, copy_shell
from worlds import shipped, write

from refold.engine import EventLog

GRADERS = """
import os
import time

print("loaded")

def steps(events):
    if events.started.seed % 5 == 0:
        print("seed", events.started.seed)
    return len(events) / 1000

def fails(events):
    if events.started.seed == 9:
        raise ValueError("nine")
    return 0.5

def dies(events):
    return os._exit(3) if events.started.seed == 9 else 0.5

def hangs(events):
    with open("pids", "a") as file:
        print(os.getpid(), os.getppid(), file=file)
    time.sleep(60)
"""
COMMANDS = {
    "verify": "verify",
    "grade some": "grade FIRST BAD FIRST",
    "grade by a function": "grade --grader graders.py:steps --json",
    "regrade against a file": "regrade --rubric rubrics --against grades.json --json",
    "regrade against a function": "regrade --rubric rubrics --against graders.py:steps",
    "runs": "runs --json",
    "report by a folder": "report s --rubric rubrics",
    "compare three": "compare r s t --json",
    "leaderboard by a function": "leaderboard --grader graders.py:steps",
}
ERRORS = {
    "a function that fails": "grade --grader graders.py:fails --json",
    "a function that dies": "grade --grader graders.py:dies --json",
    "no such function": "grade --grader graders.py:nothing",
    "a rubric of another scenario": "grade --rubric rubrics/easy.toml",
    "a file of grades that breaks off": "regrade --rubric rubrics --against broken.json --json",
}
PATIENCE = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with 132 episodes, two of them damaged, graders, rubrics, and old grades."""
    shell = Shell(tmp_path_factory.mktemp("jobs"))
    for run in "rst":
        shell(f"record inbox/easy --agent random --epochs 24 --name {run}")
    shell("record workflow/easy --agent greedy --epochs 20 --name r2")
    shell("record inbox/easy --agent random --epochs 40 --name s2")
    (shell.at / "graders.py").write_text(GRADERS)
    (shell.at / "rubrics").mkdir()
    rubric = shipped("inbox/easy")["rubric"]
    weights = [each["weight"] for each in rubric["criteria"]]
    for each, weight in zip(rubric["criteria"], chain(weights[1:], weights), strict=False):
        each["weight"] = weight
    write(shell.at / "rubrics" / "easy.toml", {"rubric": rubric})
    grades = shell("grade --json").out
    (shell.at / "grades.json").write_text(grades)
    (shell.at / "broken.json").write_text(grades[: len(grades) * 3 // 4])
    spaced = "substr(payload, 1, length(payload) - 1) || ' }'"
    alter(
        shell.at / "refold.db",
        (f"UPDATE events SET payload = {spaced} WHERE seq = 2 AND episode = 40",),
        ("DELETE FROM events WHERE episode = 80",),
    )
    return shell


def words_of(made, words):
    """Return *words* with ids in place of the words for them."""
    ids = made.ids()
    return words.replace("FIRST", ids[0]).replace("BAD", ids[39])


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_as_of_one_process(made, words):
    """What is told on stdout and stderr is that of one process, to the byte."""
    command = words_of(made, words)
    alone = made(f"{command} --jobs 1", code=1)
    assert "expected the stored hash to fit" in alone.out + alone.err
    assert made(f"{command} --jobs 2", code=1) == alone


@pytest.mark.slow
@pytest.mark.parametrize("words", ERRORS.values(), ids=ERRORS)
def test_errors_of_one_process(made, words):
    """The first error is the same, and so are the results before it."""
    alone, shared = (made(f"{words} --jobs {number}", code=2) for number in (1, 2))
    assert shared.out == alone.out
    errors = [ran.err.partition("refold: ")[2] for ran in (alone, shared)]
    assert errors[0]
    assert errors[1] == errors[0]


@pytest.mark.slow
def test_two_processes(made):
    """They grade as one does, damaged episodes and the lines that a function prints included."""
    words = "grade --grader graders.py:steps"
    alone, shared = (made(f"{words} --jobs {number}", code=1) for number in (1, 2))
    assert shared == alone
    assert alone.err.count("loaded") == 1
    assert alone.err.count("left out: ") == 2


@pytest.mark.slow
@pytest.mark.parametrize("by", [BY_FUNCTION, BY_RUBRIC])
def test_what_a_judge_answered(tmp_path, by):
    """Workers look it up, or say what was never asked, or what the judge failed to answer."""
    shell = inbox_shell(tmp_path)
    shell("record inbox/easy --agent baseline --epochs 40 --name b")
    alone, shared = (shell(f"report b {by} --jobs {jobs}", code=2) for jobs in (1, 2))
    assert shared == alone
    assert "not asked" in alone.err
    with mock_judge("(silent)") as model:
        asking = f"grade --run a {by} {JUDGE} {address(model)}"
        alone, shared = (shell(f"{asking} --jobs {jobs}", code=1) for jobs in (1, 2))
    assert shared == alone
    assert "2 episodes not judged: 2 unreachable" in alone.err
    with mock_judge("yes") as model:
        shell(f"grade {by} {JUDGE} {address(model)} --save")
    for words in ("grade", "leaderboard"):
        alone, shared = (shell(f"{words} {by} --json --jobs {jobs}") for jobs in (1, 2))
        assert shared == alone


@pytest.mark.slow
def test_saved_grades(made, tmp_path):
    """Grades of several processes are saved in the order of one: the logs have equal rows."""
    saved = []
    for jobs in (1, 3):
        shell = copy_shell(made, tmp_path / f"{jobs}")
        shell(f"grade --rubric rubrics --scenario inbox --save --jobs {jobs}", code=1)
        with EventLog(shell.at / "refold.db", readonly=True) as log:
            saved.append(list(log.database.query("SELECT * FROM grades")))
    assert saved[0] == saved[1]
    assert len(saved[0]) == 132 + 111  # those of recording, and of all that are not damaged


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_ended(made, tmp_path, sent):
    """Neither Ctrl-C nor being killed leaves a worker behind, nor a grader that one started."""
    shell = copy_shell(made, tmp_path)
    command = ["grade", "--grader", "graders.py:hangs", "--jobs", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *command],
        cwd=shell.at,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal sends Ctrl-C to all of its processes
    ) as run:
        pids = wait_for_graders(shell.at / "pids", 2)
        workers = children_of(run.pid)
        os.killpg(run.pid, sent) if sent == signal.SIGINT else run.kill()
        out, err = run.communicate(timeout=PATIENCE)
    told = (130, "", "\nrefold: interrupted\n") if sent == signal.SIGINT else (-sent, "", "")
    assert (run.returncode, out, err.replace("loaded\n", "")) == told
    assert len(workers) >= 2
    wait_until_gone(pids | workers)


def wait_for_graders(path, number):
    """Return the ids of so many graders and of their supervisors, once *path* tells of them."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) == number:
            return {int(word) for line in lines for word in line.split()}
        time.sleep(0.05)
    raise AssertionError(lines)


def children_of(pid):
    """Return the ids of the processes that the process *pid* has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return set(map(int, found.split()))


def wait_until_gone(pids):
    """Wait until none of the processes *pids* runs."""
    limit = time.monotonic() + PATIENCE
    while alive := [pid for pid in pids if is_running(pid)]:
        assert time.monotonic() < limit, alive
        time.sleep(0.05)


def is_running(pid):
    """Return whether there is a process *pid* that has not ended; a zombie has."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
