import fcntl
import json
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import numpy as np
import pytest
from shell import SCRIPT, Shell, copy_shell
from sizes import first_fast

from refold.engine import EventLog
from refold.graders import Finding, saved_grades
from refold.graders.custom import WrongResult, grade_by
from refold.replays.golden import GOLDEN_FOLDER, read_golden

FAILURES = """
from refold.graders import Facts, Finding
from refold.scenarios.workflow.events import SubtaskFailed

def failures(events):
    print("looking at", len(events), "events")
    failed = Facts(events).of_type(SubtaskFailed)
    penalty = Finding.of(-0.1 * len(failed), failed, failed=len(failed))
    return {"base": 1, "failures": penalty}

def half(events):
    return 0.5
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell whose log holds two episodes."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/hard workflow/easy --agent greedy --name first")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def grader(shell, text):
    """Write a grader, and return the option for its function ``failures``."""
    (shell.at / "mine.py").write_text(text)
    return "--grader mine.py:failures"


def limit(*, hangs):
    """Return the option that soon ends a grader that *hangs*; one that does not gets its time."""
    return ["--grader-timeout", "1"] if hangs else []


def test_a_function_grades(shell):
    """Its parts, evidence and counts make the grade; what it prints goes to stderr."""
    ran = shell("grade --json", *grader(shell, FAILURES).split())
    hard, easy = ran.json["grades"]
    assert (hard["score"], easy["score"]) == (0.9, 1.0)
    assert hard["breakdown"] == {"base": 1.0, "failures": -0.1}
    assert hard["parts"][1]["seqs"] == [16]
    assert hard["counts"] == {"failed": 1.0}
    assert hard["complete"] is True
    assert ran.err == "looking at 79 events\nlooking at 38 events\n"


@pytest.mark.slow
def test_its_grade_says_by_which_source(shell):
    """File, function and a digest over both stand for a rubric, version 0."""
    option = grader(shell, FAILURES)
    (given,) = shell("grade last --json", *option.split()).json["grades"]
    digest = sha256(b"failures\0" + (shell.at / "mine.py").read_bytes()).hexdigest()
    assert given["rubric"] == {"name": "mine.py:failures", "version": 0, "digest": digest}


@pytest.mark.slow
def test_saved_grades_stand_beside_each_other(shell):
    """Those of two functions of one file, and the one by the recorded rubric, are all kept."""
    option = grader(shell, FAILURES)
    before = shell("grade last --json").json
    shell("grade --save", *option.split())
    shell("grade --save --grader mine.py:half")
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        kept = {each.rubric.name: each.score for each in saved_grades(log, "last")}
    assert kept == {"mine.py:failures": 1.0, "mine.py:half": 0.5, "workflow/easy": 0.9}
    assert shell("grade last --json").json == before
    shell("verify")


def test_the_process_gives_the_grade_that_the_function_gives(shell):
    """Graded in a process of its own or in this one, an episode gets the same grade."""
    option = grader(shell, FAILURES)
    names = {}
    exec(FAILURES, names)  # noqa: S102 - as the process does
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        here = grade_by(names["failures"], log.events("last"))
    (there,) = shell("grade last --json", *option.split()).json["grades"]
    assert {**json.loads(here.to_json()), "rubric": 0} == {
        **{key: value for key, value in there.items() if key != "episode"},
        "rubric": 0,
    }


@pytest.mark.parametrize(
    ("body", "match"),
    first_fast(
        [
            ("raise ValueError('no\\nway')", r"got ValueError: no way \(line 2\)"),
            ("import sys; sys.exit(3)", r"got SystemExit: 3 \(line 2\)"),
            ("import os; os._exit(3)", "got the end of its process, exit code 3"),
            ("import os; os.kill(os.getpid(), 11)", "got the end of its process by SIGSEGV"),
            ("while True: pass", "expected it within 1 s, got none"),
            ("input()", "got EOFError"),
            ("import signal; signal.pause()", "expected it within 1 s, got none"),
            ("while True: print('x' * 1000)", "expected at most 65536 bytes of output, got more"),
            ("return failures(events)", "got RecursionError"),
            ("return None", "as the score, got NoneType"),
        ],
        1,
    ),
)
def test_a_grader_that_fails(shell, body, match):
    """It ends the command with one clear line that names the episode; the log is unchanged."""
    option = grader(shell, f"def failures(events):\n    {body}\n").split()
    start = rf"grader mine.py:failures grade of episode {shell.ids()[0]}: "
    before = shell.files()
    ran = shell("grade --save", *limit(hangs="within" in match), *option, code=2)
    assert ran.out == ""
    errors = [line for line in ran.err.splitlines() if not line.startswith("xxx")]
    assert len(errors) == 1
    assert re.search(f"^refold: {start}.*{match}", errors[0]), errors
    assert shell.files() == before


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("return float('nan')", "expected a finite number as the score, got nan"),
        ("return 10 ** 400", "expected a finite number as the score, got inf"),
        ("return 1.01", "expected 0 to 1 for 'failures', got 1.01"),
        ("return -0.1", "expected 0 to 1 for 'failures', got -0.1"),
        ("return 1.0000001", "expected 0 to 1 for 'failures', got 1.0000001"),
        ("from decimal import Decimal; return Decimal('sNaN')", "expected a finite number"),
        ("return 1j", "as the score, got complex"),
        ("return {'a': -1.5}", "expected -1 to 1 for 'a', got -1.5"),
        ("return [0.5]", "expected a number, a Finding, or a mapping .* got list"),
        ("return {'a': '1'}", "as part 'a', got str"),
        ("return {}", "expected 1 to 1000 parts, got 0"),
        ("return {str(n): 0 for n in range(1001)}", "expected 1 to 1000 parts, got 1001"),
        ("return {1: 0.5}", "expected printable names of 1 to 100 letters, got 1"),
        ("return {'\\x1b[31m': 0.5}", "expected printable names"),
        ("return {'x' * 101: 0.5}", "expected printable names"),
    ],
)
def test_a_result_with_a_mistake(body, match):
    """What it returned instead of a score is told."""
    names = {}
    exec(f"def failures(events):\n    {body}\n", names)  # noqa: S102 - as the process does
    with pytest.raises(WrongResult, match=match):
        grade_by(names["failures"], read_golden(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl"))


@pytest.mark.parametrize(
    ("text", "match"),
    first_fast(
        [
            ("def failures(events) return 1", r"expected Python, got .* \(line 1\)"),
            ("x = 1\nimport nothing_there", r"got ModuleNotFoundError: .* \(line 2\)"),
            (
                "def failure(events): return 1",
                "expected a known name, got 'failures'; did you mean fail",
            ),
            ("failures = 0.5", "expected one of .*; got 'failures'"),
            ("import time; time.sleep(60)", "expected it within 1 s, got none"),
            ("\0", "got (SyntaxError|ValueError)"),
        ],
        1,
    ),
)
def test_a_file_without_the_function(shell, text, match):
    """It is refused before any episode is graded."""
    option = grader(shell, text).split()
    ran = shell.refuses("grade --save", *limit(hangs="within" in match), *option, match=match)
    assert ran.err.startswith("refold: grader mine.py:failures: ")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("mine.py", "expected FILE:FUNCTION, such as mine.py:careful; got 'mine.py'"),
        (":f", "expected FILE:FUNCTION"),
        ("mine.py:", "expected FILE:FUNCTION"),
        ("mine.py:a-b", "expected FILE:FUNCTION"),
        ("none.py:f", "grader none.py: expected a Python file, got No such file"),
        (".:f", "expected a Python file, got Is a directory"),
        ("mine.py:f --rubric x.toml", "expected --rubric or --grader, got both"),
        ("mine.py:f --grader-timeout 0", "0"),
    ],
)
def test_an_option_with_a_mistake(shell, words, match):
    """What names no function of a file is refused."""
    grader(shell, FAILURES)
    shell.refuses(f"grade --grader {words}", match=match)


@pytest.mark.slow
def test_a_failure_in_the_middle_saves_nothing(shell):
    """If one episode cannot be graded, no grade of those before is kept."""
    option = grader(shell, "def failures(events):\n    return 1 / (len(events) - 38)").split()
    before = shell.files()
    ran = shell("grade --save", *option, code=2)
    assert f"episode {shell.ids()[1]}: expected a result, got ZeroDivisionError" in ran.err
    assert shell.files() == before


@pytest.mark.slow
def test_a_module_beside_the_file_can_be_imported(shell):
    """A grader may be spread over several files; what is installed has precedence."""
    (shell.at / "beside.py").write_text("SCORE = 0.25\n")
    (shell.at / "engine.py").write_text("raise ImportError\n")
    option = grader(shell, "import beside, engine\ndef failures(events):\n    return beside.SCORE")
    assert shell("grade last --json", *option.split()).json["grades"][0]["score"] == 0.25


HOLDER = """
import fcntl, os, subprocess, sys, time
held = open("held", "w")
fcntl.flock(held, fcntl.LOCK_EX)
wait = "import signal; print('up', flush=True); signal.pause()"
def start(**how):
    # Not by fork: the grader itself must not hold the lock any longer.
    child = subprocess.Popen(
        [sys.executable, "-c", wait], pass_fds=[held.fileno()], stdout=subprocess.PIPE, **how
    )
    child.stdout.readline()
"""
STARTS = {
    "in its group": "start()",
    "in a session of its own": "start(start_new_session=True)",
    "as a daemon": """
if not os.fork():
    os.setsid()
    if not os.fork():
        start(start_new_session=True)
    os._exit(0)
os.wait()
""",
    "below another": """
subprocess.Popen(
    [sys.executable, "-c", "import os, time; os.setsid(); os.fork(); time.sleep(600)"],
    pass_fds=[held.fileno()],
)
""",
}


def wait_for_lock(shell):
    """Wait until no process holds the lock of ``HOLDER`` any longer."""
    with (shell.at / "held").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)


ENDS = ["return 1", "os._exit(3)", "os.abort()", "time.sleep(600)"]
EACH_WITH_EACH = [
    # Each start and each end once in the fast tier.
    pytest.param(start, end, marks=() if way == place else pytest.mark.slow, id=f"{end}-{name}")
    for way, (name, start) in enumerate(STARTS.items())
    for place, end in enumerate(ENDS)
]


@pytest.mark.slow
@pytest.mark.parametrize(("start", "end"), EACH_WITH_EACH)
def test_what_it_starts_ends_with_it(shell, start, end):
    """No process that the grader left behind outlives the command, however either was started."""
    text = f"{HOLDER}\n{start}\ndef failures(events):\n    {end}\n"
    option = grader(shell, text).split()
    hangs = limit(hangs="sleep" in end)
    shell("grade last", *hangs, *option, code=0 if end == "return 1" else 2)
    wait_for_lock(shell)


@pytest.mark.slow
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_what_it_starts_ends_when_the_command_is_killed(shell, start):
    """Not even SIGKILL leaves a grader behind, nor what it started."""
    body = "print('ready', flush=True)\n    time.sleep(600)"
    text = f"{HOLDER}\n{start}\ndef failures(events):\n    {body}\n"
    command = [sys.executable, "-c", SCRIPT, "grade", "last", *grader(shell, text).split()]
    with subprocess.Popen(command, cwd=shell.at, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr.readline() == "ready\n"
        running.kill()
        wait_for_lock(shell)


def test_a_grader_gets_no_secrets(shell):
    """Of the environment it gets what Python needs, and no variable that nobody thought of."""
    secrets = dict.fromkeys(
        ("OPENAI_API_KEY", "HF_TOKEN", "REFOLD_TOKEN", "MY_OWN", "PYTHONANYWHERE_TOKEN"), "x-secret"
    )
    text = "import os\ndef failures(events):\n    print(sorted(os.environ.items()))\n    return 1"
    told = shell("grade last", *grader(shell, text).split(), TZ="UTC", **secrets).err
    assert "('TZ', 'UTC')" in told
    assert "('PYTHONHASHSEED', '0')" in told
    assert "PATH" in told
    assert "x-secret" not in told
    assert not re.search("|".join(secrets), told)


@pytest.mark.parametrize(
    ("found", "score", "points"),
    [
        (True, 1.0, [1.0]),
        (0.12345, 0.1235, [0.1235]),
        (Finding(0.5, (3, 1, 3)), 0.5, [0.5]),
        ({"a": 0.9, "b": 0.9}, 1.0, [0.9, 0.9]),
        ({"a": 0.2, "b": -0.9}, 0.0, [0.2, -0.9]),
        ({"a": -0.0}, 0.0, [0.0]),
    ],
)
def test_what_a_function_may_return(found, score, points):
    """A number, a finding, or several by name, whose sum is kept within 0 and 1."""
    given = grade_by(lambda events: found, read_golden(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl"))
    assert given.score == score
    assert [part.points for part in given.parts] == points
    assert str(given.parts[0].value)[0] != "-"
    assert given.parts[0].seqs == ((1, 3) if isinstance(found, Finding) else ())


@pytest.mark.parametrize(
    ("found", "match"),
    [
        (Finding(0.5, (99,)), "expected seqs of events, 0 to 11, got 99"),
        (Finding(0.5, (-1,)), "expected seqs of events, 0 to 11, got -1"),
        (Finding(0.5, (1.0,)), "expected seqs of events, 0 to 11, got 1.0"),
        (Finding(0.5, 3), "expected seqs, got int"),
        (Finding("x"), "as the score, got str"),
        (Finding(0.5, (), [1]), "expected a mapping of counts, got list"),
        (
            Finding(0.5, (), {"n": float("inf")}),
            "expected a finite number as count 'n', got inf",
        ),
    ],
)
def test_a_finding_with_a_mistake(found, match):
    """Evidence has to be events of the episode, and all numbers finite."""
    events = read_golden(GOLDEN_FOLDER / "inbox-easy-baseline.jsonl")
    with pytest.raises(WrongResult, match=match):
        grade_by(lambda events: found, events)


@pytest.mark.parametrize(
    ("found", "score"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int64(1), 1.0),
        (np.bool_(True), 1.0),
        (np.array(0.5), 0.5),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 2), 0.5),
        (True, 1.0),
        (1.0000000000000002, 1.0),
        (sum([0.1] * 3) / 0.3, 1.0),
        (-1e-17, 0.0),
        ({"a": np.float32(0.25), "b": np.bool_(True), "c": Decimal("-0.75")}, 0.5),
        (Finding.of(np.float32(0.5), []), 0.5),
        (Finding(0.5, (np.int64(1),), {"n": np.int32(2)}), 0.5),
    ],
)
def test_numbers_of_any_library_are_numbers(shell, found, score):
    """Scalars of NumPy, Decimals and Fractions count, and so does a sum a hair out of range."""
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        given = grade_by(lambda events: found, log.events("last"))
    assert given.score == score
    assert all(type(part.value) is float and -1 <= part.value <= 1 for part in given.parts)
    assert given.to_json()


@pytest.mark.parametrize("found", [np.array([0.5]), np.complex64(1), np.str_("1"), "0.5"])
def test_what_is_no_number_is_refused_by_name(shell, found):
    """An array is no number, even if it holds one."""
    with (
        EventLog(shell.at / "refold.db", readonly=True) as log,
        pytest.raises(WrongResult, match="expected a number, a Finding"),
    ):
        grade_by(lambda events: found, log.events("last"))
