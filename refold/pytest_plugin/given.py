"""A judge for tests of graders, whose answers are given beforehand."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from refold.engine.codec import encode
from refold.judges.asking import Answers
from refold.judges.questions import Question
from refold.judges.records import Judged


def given_answers(given: Mapping[str, str | Sequence[str]]) -> Answers:
    """Return a judge that says what *given* says; ``answers`` of the plugin tells more."""

    def look_up(question: Question, attempt: int) -> Judged:
        for pattern, said in given.items():
            if question.text == pattern or fnmatchcase(question.text, pattern):
                words = (said,) if isinstance(said, str) else said
                return _saying(question, words[attempt % len(words)])
        known = ", ".join(map(repr, given))
        raise LookupError(f"answers: expected a question like {known}, got {question.text!r}")

    return look_up


def _saying(question: Question, word: str) -> Judged:
    if word not in question.words:
        known = ", ".join(question.words)
        raise LookupError(f"answers: expected one of {known} to {question.text!r}, got {word!r}")
    reply = encode({"reason": "", "verdict": word}).decode()
    return Judged("given", {}, answered_by="given", reply=reply, finish=None)
