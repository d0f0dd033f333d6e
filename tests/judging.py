"""Graders that ask a judge, and mock judges, for tests."""

from contextlib import contextmanager
from pathlib import Path

from shell import Shell

from refold.agents.mock.judge import read_judge
from refold.agents.mock.model import MockModel

HELPFUL = """
from statistics import fmean

from refold.engine import ActionTaken
from refold.graders import Facts, Finding

QUESTION = "Does the reply take up what the sender wrote?"
SCALE = {"yes": 1.0, "partly": 0.5, "no": 0.0}


def helpful(events, ask):
    replies = Facts(events).where(ActionTaken, lambda e: e.action.type == "respond")
    if not replies:
        return {"helpful": Finding.of(0.0)}
    answers = [ask(QUESTION, show=[at.seq], scale=SCALE) for at in replies]
    return {"helpful": Finding.of(fmean(a.value for a in answers), replies)}
"""

POLITE = """
[rubric]
name = "polite"
version = 1

[[rubric.criteria]]
name = "handled"
weight = 0.8
measure = "completion"

[[rubric.criteria]]
name = "polite"
weight = 0.2
measure = "judge"
params = { question = "Is every reply polite?", show = "replies", votes = VOTES }
"""

BY_FUNCTION = "--grader helpful.py:helpful"
BY_RUBRIC = "--rubric polite.toml"
JUDGE = "--judge openai:mock"


def inbox_shell(folder: Path) -> Shell:
    """Return a shell in *folder* with graders, and a log of two episodes with four replies."""
    shell = Shell(folder)
    (folder / "helpful.py").write_text(HELPFUL)
    (folder / "polite.toml").write_text(POLITE.replace("VOTES", "1"))
    shell("record inbox/easy inbox/medium --agent baseline --name a")
    return shell


@contextmanager
def mock_judge(*said: str, question: str = "*", **more: str):
    """Give a mock model that judges: it says *said* in turn, or *more* where that is given."""
    answers = f"[[answers]]\nquestion = {question!r}\nsay = {list(said)}\n"
    judge = read_judge(answers.encode(), "judge.toml")
    with MockModel(judge=judge, **more) as model:
        yield model


def address(model: MockModel) -> str:
    """Return the options that lead to *model*, without waiting for what it never says."""
    return f"--base-url {model.base_url} --max-retries 0"
