"""What asking a judge costs: estimated before, held within a limit, told afterwards."""

from collections import Counter
from collections.abc import Iterable

from refold.commands.shared.formatting import format_dollars, pluralise
from refold.commands.shared.judge_options import Limit
from refold.judges.questions import Question
from refold.judges.records import Failed, Judged
from refold.reports import Price

Tokens = tuple[int, int]
"""Tokens read and written."""


def tokens_of(questions: Iterable[Question]) -> Tokens:
    """Return about how many tokens a judge reads and writes for all of *questions*."""
    read = written = 0
    for question in questions:
        one = question.tokens
        read, written = read + one[0], written + one[1]
    return read, written


def about(tokens: Tokens, price: Price | None) -> str:
    """Return *tokens* in words, with what they cost by *price*, if that is known."""
    total = sum(tokens)
    count = f"{round(total / 1000)} k" if total >= 1000 else str(total)
    cost = "" if price is None else f", {format_dollars(price.cost_of(*tokens))} by --price"
    return f"about {count} tokens{cost}"


class Spending:
    """
    Running costs of asking.

    Args:
        limit: What may be spent; None for no limit.
        price: Of a million tokens; None if unknown.
    """

    def __init__(self, limit: Limit | None, price: Price | None) -> None:
        self._limit = limit
        self._price = price
        self._requests = 0
        self._spent = 0.0  # dollars: by the API's counts, and by estimates where there are none yet
        self._pending: Counter[str] = Counter()
        self._causes: Counter[str] = Counter()
        self._read = self._written = 0

    def permits(self, question: Question) -> bool:
        """Return whether one more request stays within the limit; count it if so."""
        cost = self._price.cost_of(*question.tokens) if self._price else 0.0
        if self._limit is not None:
            if self._limit.requests is not None and self._requests >= self._limit.requests:
                return False
            if self._limit.dollars is not None and self._spent + cost > self._limit.dollars:
                return False
        self._requests += 1
        self._spent += cost
        self._pending[question.digest] += 1
        return True

    def add(self, question: Question, found: Judged | Failed) -> None:
        """Note what came of *question*; the API's own token counts take the place of estimates."""
        requests = self._pending.pop(question.digest, 0)
        if isinstance(found, Failed):
            self._causes[found.cause] += 1
            return
        self._causes["answered" if found.verdict(question.words) else "unreadable"] += 1
        if found.usage is None:
            return
        self._read += found.usage.input
        self._written += found.usage.output
        if self._price is not None:
            self._spent -= requests * self._price.cost_of(*question.tokens)
            self._spent += self._price.cost_of(found.usage.input, found.usage.output)

    def told(self, asked: int) -> str:
        """Return in words what was spent on the *asked* questions, and what came of them."""
        causes = ", ".join(f"{count} {cause}" for cause, count in sorted(self._causes.items()))
        tokens = f"{self._read} tokens read, {self._written} written"
        cost = "" if self._price is None else f", {format_dollars(self._spent)}"
        requests = pluralise(self._requests, "request")
        return (
            f"{pluralise(asked, 'question')}: {causes or 'none asked'}; {requests}, {tokens}{cost}"
        )
