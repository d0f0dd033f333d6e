"""
tau2's grade, as its ``evaluate_simulation(EvaluationType.ALL)`` computes it.

tau2 makes the environment again from the conversation; here the environment that was played is
the one that is graded, and what the gold actions lead to is found once for each task.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from attrs import frozen
from tau2.data_model.tasks import RewardType, Task
from tau2.environment.environment import Environment
from tau2.evaluator.evaluator_action import ActionEvaluator
from tau2.evaluator.evaluator_communicate import CommunicateEvaluator

from refold.scenarios.answered.events import ScoreGiven

GoldHashes = tuple[str | None, str | None]
"""Hashes of the company's and of the user's database."""


def gold_hashes(environment: Environment, task: Task) -> GoldHashes:
    """Return the hashes after the gold actions of *task*, carried out in *environment*."""
    for action in task.evaluation_criteria.actions or ():
        try:
            # Without syncing the two databases after it, since tau2 does not.
            environment.make_tool_call(action.name, requestor=action.requestor, **action.arguments)
        except Exception:  # noqa: S112 - tau2 passes over gold actions that fail, whatever failed
            continue
    return environment.get_db_hash(), environment.get_user_db_hash()


@frozen
class _Part:
    """One part of the reward: its name, 0 or 1, and what was missed."""

    name: str
    reward: float
    missed: Sequence[str] = ()


class Evaluation:
    """
    Grades the episodes of one task.

    Args:
        task: The task.
        gold: Returns the hashes after its gold actions; called where they count.
        release: Version of tau2 by package.
    """

    def __init__(
        self, task: Task, gold: Callable[[], GoldHashes], release: Mapping[str, str]
    ) -> None:
        self._task = task
        self._gold = gold
        self._by = " ".join(["tau2", *release.values()])

    def cut_off(self, why: str) -> ScoreGiven:
        """Return the score of an episode that neither agent nor user ended: 0."""
        return ScoreGiven(name="reward", value=0.0, explanation=f"ended early: {why}", by=self._by)

    def grade(self, environment: Environment, trajectory: Sequence[Any]) -> ScoreGiven:
        """
        Return the score of an ended episode, None where a model would have to judge.

        Args:
            environment: As the episode left it.
            trajectory: All messages of agent, user and tools.
        """
        criteria = self._task.evaluation_criteria
        if criteria is None:
            return ScoreGiven(name="reward", value=1.0, by=self._by)
        basis = set(criteria.reward_basis)
        if RewardType.NL_ASSERTION in basis:
            # tau2 refuses such a task with an error, unless it may ask a model.
            return ScoreGiven(
                name="reward",
                value=None,
                explanation="its assertions in natural language need a model to judge them",
                by=self._by,
            )
        parts = [*self._environment_parts(environment, basis), *self._said(trajectory, basis)]
        missed = "; ".join(each for part in parts for each in part.missed)
        return ScoreGiven(
            name="reward",
            value=prod((part.reward for part in parts), start=1.0),
            parts={part.name: part.reward for part in parts},
            explanation=f"missed: {missed}" if missed else "",
            by=self._by,
        )

    def _environment_parts(self, environment: Environment, basis: set[RewardType]) -> list[_Part]:
        criteria = self._task.evaluation_criteria
        if criteria.actions is None and criteria.env_assertions is None:
            return []
        parts = []
        if RewardType.DB in basis:
            now = (environment.get_db_hash(), environment.get_user_db_hash())
            parts.append(_part(RewardType.DB, [] if now == self._gold() else ["the database"]))
        if RewardType.ENV_ASSERTION in basis:
            failed = [
                each.func_name
                for each in criteria.env_assertions or ()
                if not environment.run_env_assertion(each, raise_assertion_error=False)
            ]
            parts.append(_part(RewardType.ENV_ASSERTION, failed))
        return parts

    def _said(self, trajectory: Sequence[Any], basis: set[RewardType]) -> list[_Part]:
        parts = []
        if RewardType.ACTION in basis:
            found = ActionEvaluator.calculate_reward(self._task, trajectory)
            checks = found.action_checks or ()
            missed = [each.action.name for each in checks if not each.action_match]
            parts.append(_part(RewardType.ACTION, missed))
        if RewardType.COMMUNICATE in basis:
            found = CommunicateEvaluator.calculate_reward(self._task, trajectory)
            checks = found.communicate_checks or ()
            parts.append(_part(RewardType.COMMUNICATE, [x.info for x in checks if not x.met]))
        return parts


def _part(kind: RewardType, missed: Sequence[str]) -> _Part:
    return _Part(str(kind.value), float(not missed), missed)
