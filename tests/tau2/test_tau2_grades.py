import random

import pytest
from tau2.data_model.tasks import RewardType
from tau2_grading import given_score, gold_actions, grade_of_tau2, play, task_of

from refold.environments import Worlds
from refold.environments.tau2.evaluation import Evaluation
from refold.graders import grade
from refold.replays.live import verify_live
from refold.scenarios import load, world_names

SAMPLE = [
    *world_names("tau2:airline")[::5],
    *world_names("tau2:retail")[::12],
    *world_names("tau2:telecom")[::10],
]


def check(episode):
    """See that *episode* has the grade that tau2's own evaluator gives, and plays again."""
    score, theirs = given_score(episode), grade_of_tau2(episode.events)
    assert score.value == theirs.reward
    assert score.parts == {k.value: v for k, v in (theirs.reward_breakdown or {}).items()}
    assert grade(episode.events).score == theirs.reward
    assert verify_live(episode.events, Worlds()).verdict == "same"
    return theirs


@pytest.mark.parametrize("name", SAMPLE)
def test_gold(name):
    """The gold actions get tau2's own grade."""
    check(play(name))


@pytest.mark.parametrize("name", SAMPLE)
def test_action_left_out(name):
    """So do the gold actions without one of them, whichever it is."""
    length = len(gold_actions(load(name)))
    check(play(name, leave_out=random.Random(name).randrange(length - 1) if length > 1 else None))


@pytest.mark.parametrize("name", SAMPLE[::6])
def test_ended_at_once(name):
    """So does an episode of the agent ``noop``: some tasks want nothing done."""
    length = len(gold_actions(load(name)))
    check(play(name, leave_out=slice(0, length - 1)))


def test_what_was_missed():
    """The score says which parts it is made of, what was missed, and who says so."""
    name = next(each for each in world_names("tau2:retail") if len(gold_actions(load(each))) > 4)
    length = len(gold_actions(load(name)))
    score = given_score(play(name, leave_out=slice(0, length - 1)))
    assert score.value == 0.0
    assert set(score.parts) == {"DB", "COMMUNICATE"}
    assert score.explanation.startswith("missed: the database")
    assert score.by == "tau2 26.3"


def test_assertions_for_a_model():
    """Where tau2 would have to ask a model, there is no score, and the reason is told."""
    task = task_of(load("tau2:airline/0").parameters).model_copy(deep=True)
    task.evaluation_criteria.reward_basis.append(RewardType.NL_ASSERTION)
    score = Evaluation(task, lambda: (None, None), {}).grade(None, [])
    assert score.value is None
    assert "need a model" in score.explanation
