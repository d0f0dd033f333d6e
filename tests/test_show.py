"""``refold show`` for people: the verdict first, then what was lost, and what to look at next."""

import os
from io import StringIO

import pytest
from recorded_runs import unanswered
from rich.console import Console
from shell import Shell
from viewing import golden

from refold.commands.shared.verdict_text import print_losses, print_verdict
from refold.engine import Episode, EventLog
from refold.graders import grade
from refold.replays.verdict import explain, verdict
from refold.scenarios import load

COUNTING = """
class Counting:
    def reset(self, seed=None):
        return 0

    def step(self, action):
        return 0, 1.0, False


def make():
    return Counting()


def add(observation, actions):
    return 1
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a shell with a log: an episode that failed, one that passed, one that runs."""
    shell = Shell(tmp_path_factory.mktemp("show"))
    shell("record workflow/hard --agent greedy --name bad")
    shell("record inbox/easy --agent baseline --name good")
    with EventLog(shell.at / "refold.db") as log:
        running = Episode.start(load("workflow/easy"), log=log, id="runs")
        running.step({"action_type": "wait"})
        cut = Episode.start(load("workflow/easy"), log=log, id="cut", agent="openai:x")
        cut.note(unanswered(faults=["connection"]))
        cut.truncate("instrument_failed")
    return shell


def failed(shell: Shell) -> str:
    """Return the id of the episode that failed."""
    id: str = shell("episodes --run bad --json").json["episodes"][0]["id"]
    return id


def test_losses_by_size_and_why(shell: Shell) -> None:
    """The six largest losses with what they rest on, the rest summed, then the next commands."""
    lines = shell("show", failed(shell)).out.splitlines()
    head = next(
        place for place, line in enumerate(lines) if line.split() == ["lost", "part", "why"]
    )
    assert lines[head + 1].startswith("−0.16  completion            ██░░░░░░░░  earned at step 1: ")
    assert "nothing happened that earns it (enrich_logs, deploy_hotfix: f" in lines[head + 2]
    assert "at steps 4–22: 19 × “retry enrich_logs" in lines[head + 3]
    assert "−0.27  5 more parts (--all)" in lines
    assert "without loss: budget overrun penalty" in lines
    assert lines[-2:] == [
        f"next: refold replay {failed(shell)} --step 4",
        f"      refold what-if {failed(shell)} --at 3 --agent greedy",
    ]


def test_the_next_commands_work(shell: Shell) -> None:
    """They look at the step that decided the episode."""
    lines = shell("show", failed(shell)).out.splitlines()
    assert "refused: permanent_failure" in shell(lines[-2].partition("refold ")[2]).out
    assert "as played, step 4" in shell(lines[-1].partition("refold ")[2]).out


def test_all_parts(shell: Shell) -> None:
    """With ``--all`` every part is told, those without loss too."""
    told = shell("show --all", failed(shell)).out
    assert "budget overrun penalty" in told
    assert "(--all)" not in told


def test_eighty_columns() -> None:
    """On a narrow terminal lines are wrapped between words, and no number is broken."""
    hard = golden("workflow-hard-greedy")
    given = grade(hard)
    told = verdict(hard, given, pass_at=0.7)
    assert told is not None
    written = StringIO()
    out = Console(width=80, file=written)
    print_verdict(out, told)
    print_losses(out, explain(hard, given), whole=True)
    lines = [line.rstrip() for line in written.getvalue().splitlines()]
    assert lines[:3] == [
        "0.0176: out of time after 2 of 10 subtasks. From step 4, 19 × “retry enrich_logs",
        "with investigator_alpha”, each refused (that worker would fail at this subtask",
        "again). Lost most: completion −0.16, recovery −0.15, error classification −0.10.",
    ]
    assert max(map(len, lines)) <= 80
    assert sum(line.lstrip().startswith("−0.") for line in lines) == 11


@pytest.mark.slow
def test_signs_that_the_output_lacks_are_plain(shell: Shell) -> None:
    """In ASCII, minus, quotation marks and times are those of a keyboard."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii:backslashreplace"}
    told = shell.program("show", failed(shell), env=env).out
    assert '19 x "retry enrich_logs with investigator_alpha"' in told
    assert "completion -0.16" in told


def test_json_holds_the_verdict(shell: Shell) -> None:
    """For programs it is data: text, short form, position, steps, losses and groups."""
    (shown,) = shell("show --json", failed(shell)).json["episodes"]
    told = shown["verdict"]
    assert (told["at"], told["steps"], told["passed"]) == (4, list(range(4, 23)), False)
    assert told["sentences"][0][:2] == [["From ", None], ["step 4", 4]]
    assert told["groups"] == [{"first": 4, "period": 1, "times": 19}]
    assert told["lost"][0] == {"name": "completion", "points": 0.16}
    (running,) = shell("show runs --json").json["episodes"]
    assert running["verdict"] is None


def test_markdown(shell: Shell) -> None:
    """The same words as Markdown, in the same order."""
    lines = shell("show --markdown", failed(shell)).out.splitlines()
    assert lines[0] == "### workflow/hard, seed 44"
    assert lines[2].startswith(
        "0.0176: out of time after 2 of 10 subtasks. From step 4, 19 × “retry"
    )
    assert "| lost | part | why |" in lines
    assert lines[-1] == "and 5 more"
    assert "not ended" in shell("show runs --markdown").out.lower()
    shell.refuses("show runs --markdown --json", match="--markdown: expected it without --json")


def test_a_running_episode_shows_what_was_earned(shell: Shell) -> None:
    """Nothing is lost yet: points so far, and no verdict."""
    told = shell("show runs").out
    assert "part " in told
    assert "next:" not in told
    assert "out of time" not in told


def test_an_episode_that_does_not_count(shell: Shell) -> None:
    """It says why, and offers no other action for what was no one's play."""
    told = shell("show cut").out
    assert "Not counted: the model’s API kept failing (connection) at step 1." in told
    assert "what-if" not in told


def test_the_pass_mark_is_the_project_s(shell: Shell) -> None:
    """What ``refold.toml`` says passes, passes; a broken file is refused."""
    (shell.at / "refold.toml").write_text("pass_at = 0.01\n")
    (shown,) = shell("show --json", failed(shell)).json["episodes"]
    assert (shown["verdict"]["passed"], shown["verdict"]["pass_at"]) == (True, 0.01)
    (shell.at / "refold.toml").write_text("pass_at = 'high'\n")
    shell.refuses("show last", match=r"refold.toml \$.pass_at: expected")
    (shell.at / "refold.toml").unlink()


@pytest.mark.slow
def test_rewards_of_a_long_episode_fit_a_line(shell: Shell) -> None:
    """A block stands for a step, or for a stretch of them."""
    (shell.at / "counting.py").write_text(COUNTING)
    shell("record python:counting.py:make --agent counting.py:add --name long --max-steps 1000")
    (line,) = (line for line in shell("show last").out.splitlines() if line.startswith("reward"))
    assert 40 < line.count("▁") <= 60
