"""
The mock model as a judge: it says what a file tells it to, in turn.

Turns are counted for each question by itself, so what is said does not depend on which of many
requests came first.
"""

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from threading import Lock

import msgspec
from attrs import field, frozen

from refold.agents.mock.requests import Request
from refold.engine import RefoldError
from refold.judges.questions import question_in
from refold.scenarios.strict import structure
from refold.scenarios.toml import read_toml

SILENT, GARBAGE = "(silent)", "(garbage)"
"""What can be said beside words of the scale: nothing at all, and prose without a verdict."""

_PROSE = 'I would say "yes". On the other hand, one might say {"verdict": "no"} as well.'


@frozen
class _Turns:
    """What is said to questions that fit the glob *question*: the texts of *say*, in turn."""

    say: tuple[str, ...]
    question: str = "*"


@frozen
class _Script:
    answers: tuple[_Turns, ...]


@frozen
class MockJudge:
    """
    A judge that follows a script; safe to ask from many threads.

    Args:
        turns: What is said to which questions; the first that fits counts.
    """

    _turns: Sequence[_Turns]
    _asked: Counter[str] = field(factory=Counter, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def answer(self, request: Request) -> str | None:
        """
        Return what is said to *request*; None for nothing at all.

        Raises:
            RefoldError: It holds no question to a judge, or none that the script knows.
        """
        sent = "\n".join(message.text for message in request.messages)
        question = question_in(sent)
        if question is None:
            raise RefoldError("mock judge: expected a question to a judge, got another request")
        for turns in self._turns:
            if fnmatchcase(question, turns.question):
                return self._say(turns.say, sent)
        known = ", ".join(each.question for each in self._turns)
        raise RefoldError(f"mock judge: expected a question like {known}; got {question!r:.200}")

    def _say(self, said: Sequence[str], sent: str) -> str | None:
        with self._lock:
            turn = self._asked[sent]
            self._asked[sent] += 1
        word = said[turn % len(said)]
        if word == SILENT:
            return None
        if word == GARBAGE:
            return _PROSE
        reason = f"This is what I was told to say in turn {turn + 1}."
        return msgspec.json.encode({"reason": reason, "verdict": word}).decode()


def read_judge(content: bytes, where: str) -> MockJudge:
    """
    Return the judge that the TOML *content* of the file *where* describes.

    Raises:
        RefoldError: It is no TOML, or says something else than ``[[answers]]``.
    """
    script, problems = structure(read_toml(content, where), _Script, "$")
    if script is not None and not all(each.say for each in script.answers):
        problems.append(("$.answers", "expected at least one text in say, got none"))
    if problems or script is None:
        path, problem = problems[0]
        raise RefoldError(f"{where} {path}: {problem}")
    return MockJudge(script.answers)


def verdicts(*words: str, question: str = "*") -> MockJudge:
    """Return a judge that says *words* in turn to every question that fits the glob *question*."""
    return MockJudge([_Turns(words, question)])
