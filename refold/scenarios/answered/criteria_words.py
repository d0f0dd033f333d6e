"""Measures of what an answered episode's agent said."""

from attrs import frozen

from refold.scenarios.answered.patterns import found_in, pattern_problem
from refold.scenarios.answered.said import Text, texts
from refold.scenarios.facts import Facts, Finding
from refold.scenarios.rubric import Measure
from refold.scenarios.strict import Problem


@frozen
class Words:
    """A *text*, to the letter, or a *pattern*: one of the two."""

    text: str | None = None
    pattern: str | None = None

    def problems(self) -> list[Problem]:
        """Return what is wrong with them together."""
        if (self.text is None) == (self.pattern is None):
            return [("", "expected either a text or a pattern, got both or neither")]
        return _pattern_problems(self.pattern)

    def are_in(self, text: str) -> bool:
        """Return whether they are anywhere in *text*."""
        if self.pattern is not None:
            return found_in(self.pattern, text)
        return self.text is not None and self.text in text


@frozen
class Answer:
    """The *text* of an answer."""

    text: str


@frozen
class AnswerPattern:
    """The *pattern* of an answer."""

    pattern: str

    def problems(self) -> list[Problem]:
        """Return what is wrong with it."""
        return _pattern_problems(self.pattern)


def _pattern_problems(pattern: str | None) -> list[Problem]:
    problem = pattern_problem(pattern) if pattern is not None else None
    return [(".pattern", problem)] if problem else []


def says(facts: Facts, params: Words) -> Finding:
    """1 if the agent said it."""
    found = _said(facts, params)
    return Finding.of(float(bool(found)), [each.at for each in found])


def never_says(facts: Facts, params: Words) -> Finding:
    """1 if the agent never said it."""
    found = _said(facts, params)
    return Finding.of(float(not found), [each.at for each in found])


def answer_equals(facts: Facts, params: Answer) -> Finding:
    """1 if the last words of the agent are these, except for blanks around them."""
    last = _last(facts)
    return _of_last(last, bool(last) and last[0].text.strip() == params.text.strip())


def answer_contains(facts: Facts, params: Answer) -> Finding:
    """1 if the last words of the agent hold these."""
    last = _last(facts)
    return _of_last(last, bool(last) and params.text in last[0].text)


def answer_matches(facts: Facts, params: AnswerPattern) -> Finding:
    """1 if the pattern fits in the last words of the agent."""
    last = _last(facts)
    return _of_last(last, bool(last) and found_in(params.pattern, last[0].text))


def _said(facts: Facts, params: Words) -> list[Text]:
    return [each for each in facts.compute_once(texts) if params.are_in(each.text)]


def _last(facts: Facts) -> list[Text]:
    return facts.compute_once(texts)[-1:]


def _of_last(last: list[Text], fits: bool) -> Finding:
    return Finding.of(float(fits), [each.at for each in last])


WORDS = {
    "answer_contains": Measure(Answer, answer_contains, "an answer that contains “{text}”"),
    "answer_equals": Measure(Answer, answer_equals, "the answer “{text}”"),
    "answer_matches": Measure(AnswerPattern, answer_matches, "an answer that fits {pattern}"),
    "never_says": Measure(Words, never_says, "words that were never to be said"),
    "says": Measure(Words, says, "words that were to be said"),
}
"""Them by name."""
