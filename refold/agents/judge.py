"""
Ask a model the questions of graders, and keep what it said, word for word.

A reply without a verdict is asked for once more and kept as well. What the API refuses by name is
left out from then on; a judge that gives no answer at all is told apart from one that gives none
that can be read.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from refold.agents.causes import SYSTEM_ROLE
from refold.agents.client import Filtered, ModelBackend, is_unsupported
from refold.engine.exchanges import Attempt, Reply, Usage
from refold.judges.asking import Wanted
from refold.judges.questions import Question
from refold.judges.records import Failed, Judge, Judged
from refold.judges.verdicts import read_verdict

REPLIES_PER_ATTEMPT = 2
"""How often a question is put until there is a verdict in the reply."""

_AT_ONCE = 8  # requests that wait for a reply; APIs answer more with refusals
_FORM = "response_format"
_NEEDED = ("model", "messages")

Permit = Callable[[Question], bool]
"""Returns whether one more request with a question may be sent, and counts it if so."""


class JudgeAsker:
    """
    Asks one judge.

    Args:
        backend: Who answers the requests.
        judge: The model and its parameters.
        permit: Asked before each request.
    """

    def __init__(self, backend: ModelBackend, judge: Judge, permit: Permit) -> None:
        self._backend = backend
        self._judge = judge
        self._permit = permit
        self._without: dict[str, None] = {}

    async def ask(self, question: Question) -> Judged | Failed | None:
        """
        Return the judge's answer, or why there is none; None if it may not be asked.

        Raises:
            Unavailable: Account, network or machine keep the API from answering anything.
        """
        replies: list[Reply] = []
        faults: list[Attempt] = []
        while len(replies) < REPLIES_PER_ATTEMPT and self._permit(question):
            body = self._body(question)
            try:
                response = await self._backend.complete(body)
            except Filtered:
                return Failed("refused")
            faults += response.faults
            if response.reply is not None:
                replies.append(response.reply)
                if read_verdict(response.reply.text, question.words) is not None:
                    break
            elif not self._leave_out(response.faults, body):
                cause = faults[-1].cause if faults else None
                return Failed("refused" if cause == "content_filter" else "unreachable")
        return self._judged(replies, faults) if replies else None

    def _body(self, question: Question) -> dict[str, Any]:
        messages = question.messages
        if SYSTEM_ROLE in self._without:
            text = "\n\n".join(each["content"] for each in messages)
            messages = [{"role": "user", "content": text}]
        form = {"name": "verdict", "strict": True, "schema": question.schema}
        body = {
            "model": self._judge.model.partition(":")[2],
            **self._judge.parameters,
            "messages": messages,
            _FORM: {"type": "json_schema", "json_schema": form},
        }
        return {name: value for name, value in body.items() if name not in self._without}

    def _leave_out(self, faults: Sequence[Attempt], sent: Mapping[str, Any]) -> bool:
        """Ask without what the API refused in *sent* from now on; return whether that may help."""
        if not is_unsupported(faults):
            return False
        refused = faults[-1].parameter or _FORM
        if refused == SYSTEM_ROLE:
            was_sent = bool(sent["messages"][0]["role"] == "system")
        else:
            was_sent = refused in sent and refused not in _NEEDED
        if was_sent:
            self._without[refused] = None
        return was_sent

    def _judged(self, replies: list[Reply], faults: list[Attempt]) -> Judged:
        last = replies[-1]
        return Judged(
            model=self._judge.model,
            parameters=self._judge.parameters,
            answered_by=last.model,
            reply=last.text,
            finish=last.finish,
            usage=_total([reply.usage for reply in replies]),
            unread=tuple(reply.text for reply in replies[:-1]),
            faults=tuple(faults),
            without=tuple(self._without),
        )


async def ask_all(
    asker: JudgeAsker,
    wanted: Iterable[Wanted],
    on_answer: Callable[[Wanted, Judged | Failed], None],
) -> None:
    """
    Ask for all that is *wanted*, several at once, and give each answer to *on_answer* as it comes.

    Raises:
        Unavailable: As ``JudgeAsker.ask``; what was answered until then was given.
    """
    waiting = iter(wanted)
    workers = [asyncio.create_task(_work(asker, waiting, on_answer)) for _ in range(_AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()


async def _work(
    asker: JudgeAsker,
    waiting: Iterator[Wanted],
    on_answer: Callable[[Wanted, Judged | Failed], None],
) -> None:
    for each in waiting:
        found = await asker.ask(each.question)
        if found is None:
            return
        on_answer(each, found)


def _total(usages: Iterable[Usage | None]) -> Usage | None:
    """Return the tokens of all *usages*; None if one is unknown."""
    found = list(usages)
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    costs = [each.cost for each in known if each.cost is not None]
    return Usage(
        input=sum(each.input for each in known),
        output=sum(each.output for each in known),
        cost=sum(costs) if len(costs) == len(known) else None,
    )
