"""
What a judge has answered, as graders get it: pure look-ups, whoever asked and whenever.

A grader's questions may follow from answers, so grading goes in rounds: each tells what is missing,
somebody outside asks, and the next one finds it.
"""

from attrs import frozen

from refold.judges.asking import Answers

MOST_ROUNDS = 4
"""Rounds of questions that a grader may need for one episode."""


@frozen
class Judging:
    """
    The answers of one judge.

    Attributes:
        answers: What it answered, by question and attempt.
        judge: Its digest; empty if there is no judge, and so no answer.
        again: Which set of its answers to take: 0 is graded by.
    """

    answers: Answers
    judge: str = ""
    again: int = 0


NO_JUDGE = Judging(lambda _question, _attempt: None)
"""Nobody has answered anything."""
