"""Why two runs part that another tool recorded: by what the source tells, and nothing else."""

from copy import deepcopy

import pytest

from refold.engine import EventLog, Stream
from refold.replays import diff
from refold.scenarios.answered.events import ScoreGiven
from refold.transcripts.episodes import record_trial
from refold.transcripts.trial import Call, Trial, Turn
from refold.viewer.differences import CAUSES


def turn(id: str, file: str, answer: str) -> Turn:
    """Return a turn that reads *file*."""
    call = Call(id, "read", {"file": file}, f'{{"file":"{file}"}}')
    return Turn(calls=[call], answer=[{"role": "tool", "tool_call_id": id, "content": answer}])


def run() -> Trial:
    """Return a run of two steps."""
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What?"}]
    turns = [turn("a1", "one", "1"), turn("a2", "two", "2")]
    scores = [ScoreGiven(name="right", value=1.0)]
    return Trial("bench", "7", beginning=asked, turns=turns, scores=scores)


def stored(log: EventLog, trial: Trial) -> Stream:
    """Return *trial* as it is read from *log*."""
    recorded = record_trial(trial, "chat")
    info = recorded.info(recorded.id(0), run="run", epoch=0)
    if not log.holds(info.id):
        log.begin(info, recorded.payloads, end=True)
    return log.events(info.id)


def answered_otherwise(trial: Trial) -> None:
    trial.turns[1].answer[0]["content"] = "3"


def another_action(trial: Trial) -> None:
    trial.turns[1] = turn("b2", "three", "3")


def another_prompt(trial: Trial) -> None:
    trial.beginning[0]["content"] = "Be kind."


def another_task(trial: Trial) -> None:
    trial.beginning[1]["content"] = "Why?"


def another_model(trial: Trial) -> None:
    trial.turns[0].settings = {"temperature": 1}
    another_action(trial)


def other_ids(trial: Trial) -> None:
    trial.turns = [turn("c1", "one", "1"), turn("c2", "two", "2")]


def more_said(trial: Trial) -> None:
    trial.turns[0].info = {"seconds": 3}


def another_score(trial: Trial) -> None:
    trial.scores = [ScoreGiven(name="right", value=0.0)]


def shorter(trial: Trial) -> None:
    trial.turns.pop()


@pytest.mark.parametrize(
    ("change", "cause", "shared", "aspects"),
    [
        (answered_otherwise, "observation", 2, ("observation",)),
        (another_action, "action", 2, ("action", "observation")),
        (another_prompt, "prompt", 0, ("observation",)),
        (another_task, "observation", 0, ("observation",)),
        (another_model, "model", 2, ("action", "observation")),
        (other_ids, "exchange", 4, ()),
        (more_said, "exchange", 4, ()),
        (another_score, "score", 4, ()),
        (shorter, "length", 2, ()),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_why_they_part(log, change, cause, shared, aspects):
    """The first thing that differs is named; made-up ids and what is said beside part no run."""
    other = deepcopy(run())
    change(other)
    a, b = stored(log, run()), stored(log, other)
    for one, two in ((a, b), (b, a)):
        found = diff(one, two)
        assert (found.cause, found.shared) == (cause, shared)
        assert found.cause in CAUSES
        if aspects:
            assert {*aspects} <= {*found.rows[found.shared].differs}
    assert diff(a, a).cause is None
