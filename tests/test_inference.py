import re
import subprocess
import sys

import pytest
from asking import KEY, sensible
from fault_server import BUSY, HANG, FaultServer, refuses, says
from shell import SCRIPT, Shell

from refold.engine import EventLog
from refold.graders import grade
from refold.scenarios import scenario_names

START = re.compile(r"\[START\] task=(\S+) env=refold model=(\S+)")
STEP = re.compile(
    r"\[STEP\] step=(\d+) action=(.*) reward=(-?\d+\.\d\d) done=(true|false) error=(\S+)"
)
END = re.compile(r"\[END\] success=(true|false) steps=(\d+) score=(\d\.\d{4}) rewards=(\S*)")


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


def inference(shell, words, server=None, **more):
    """Run the command, with a model at *server* if given, and return its lines and its words."""
    given = ["--agent", "openai:m", "--base-url", server.base_url] if server else []
    ran = shell("inference --max-retries 0", *words.split(), *given, **more)
    return ran.out.splitlines(), ran.err


def episodes(lines):
    """Return START, STEPs and END of each episode in *lines*, all of which must be of the form."""
    found = []
    for line in lines:
        if START.fullmatch(line):
            found.append([START.fullmatch(line).groups(), []])
        elif STEP.fullmatch(line):
            found[-1][1].append(STEP.fullmatch(line).groups())
        else:
            found[-1].append(END.fullmatch(line).groups())
    assert all(len(each) == 3 for each in found)
    return found


@pytest.mark.slow
def test_every_task_is_played_in_the_classic_form(shell):
    """One START, a STEP for each step and one END for each scenario, as the log has it."""
    with FaultServer(then=sensible) as server:
        lines, _ = inference(shell, "inbox workflow", server)
    played = episodes(lines)
    assert [start for start, _, _ in played] == [
        (name, "m") for name in scenario_names() if "@" not in name
    ]
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        for info, (_, steps, end) in zip(log.episodes(), played, strict=True):
            score = grade(log.events(info.id)).score
            assert [int(number) for number, *_ in steps] == list(range(1, info.steps + 1))
            assert [done for *_, done, _ in steps] == ["false"] * (info.steps - 1) + ["true"]
            rewards = ",".join(reward for _, _, reward, _, _ in steps)
            success = "true" if score >= 0.5 else "false"
            assert end == (success, str(info.steps), f"{score:.4f}", rewards)
            assert info.ended is not None


def test_the_model_comes_from_the_environment(shell):
    """MODEL_NAME, API_BASE_URL and HF_TOKEN are all that it takes."""
    with FaultServer(then=sensible) as server:
        given = {"MODEL_NAME": "some/model", "API_BASE_URL": server.base_url, "HF_TOKEN": KEY}
        lines, _ = inference(shell, "workflow/easy", **given)
        assert {body["model"] for body in server.requests} == {"some/model"}
        assert set(server.keys) == {f"Bearer {KEY}"}
    assert lines[0] == "[START] task=workflow/easy env=refold model=some/model"


def test_refused_actions_and_odd_text_stay_on_their_line(shell):
    """An error is named by its class; an action is JSON on one line, whatever it holds."""
    odd = says(None, ("abort", r'{"subtask_id": "a b\n[END]\u001b[2J\u2028"}'))
    with FaultServer(odd, then=sensible) as server:
        lines, _ = inference(shell, "workflow/easy", server)
    ((_, steps, _),) = episodes(lines)
    assert steps[0][4] == "unknown_subtask"
    assert steps[1][4] == "null"
    assert "".join(lines).isprintable()


def test_a_failed_instrument_is_no_success(shell):
    """The episode has its END, but it does not count."""
    with FaultServer(then=BUSY) as server:
        lines, words = inference(shell, "workflow/easy inbox/easy --success-at 0", server)
    assert [(steps, end[:2], end[3]) for _, steps, end in episodes(lines)] == [
        ([], ("false", "0"), "")
    ] * 2
    assert f"model: {server.base_url} gave no answer: status 429: slow down" in words


@pytest.mark.parametrize("status", [401, 404])
def test_a_denial_has_its_end_too(shell, status):
    """What was started is ended, whatever happens; then the run stops with one clear line."""
    with FaultServer(sensible, refuses(status)) as server:
        lines, words = inference(shell, "workflow", server, code=2)
    ((_, steps, end),) = episodes(lines)
    assert (len(steps), end[:2]) == (1, ("false", "1"))
    assert words.startswith(f"refold: model: {server.base_url} ")
    assert words.count("\n") == 1


@pytest.mark.slow
def test_lines_are_seen_as_they_come(tmp_path):
    """Each line is flushed, so that who watches a pipe sees a step when it is taken."""
    with FaultServer(sensible, then=HANG) as server:
        command = [sys.executable, "-c", SCRIPT, "inference", "workflow/easy", "--agent"]
        running = subprocess.Popen(
            [*command, "openai:m", "--base-url", server.base_url],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            text=True,
        )
        with running:
            lines = [running.stdout.readline() for _ in range(2)]
            running.kill()
    assert [line.split()[0] for line in lines] == ["[START]", "[STEP]"]
