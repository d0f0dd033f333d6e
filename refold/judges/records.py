"""
What is kept of a judge's answers: the reply verbatim, by question, judge and attempt.

The number that a grade makes of it is not kept: another reader, or another scale, reads the same
reply again for nothing.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from refold.engine.codec import encode
from refold.engine.exchanges import Attempt, Usage
from refold.judges.verdicts import Verdict, read_verdict


class Judge(Struct, frozen=True):
    """
    A model with its sampling parameters; another address or key is no other judge.

    Attributes:
        model: The model as agents name it: ``openai:MODEL`` or ``any-llm:PROVIDER:MODEL``.
        parameters: Parameters of each request, such as ``temperature``.
    """

    model: str
    parameters: dict[str, Any]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the canonical JSON of both."""
        return sha256(encode(self)).hexdigest()


class Judged(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag="judged",
):
    """
    A judge's answer to one question.

    Attributes:
        model: The judge's model, as it was asked for.
        parameters: The judge's parameters.
        answered_by: The model as the API named it.
        reply: The reply's text, verbatim.
        finish: Finish reason, None if there was none.
        usage: Tokens of all replies together; None if the API did not say.
        unread: Earlier replies to the same attempt in which there was no verdict, verbatim.
        faults: Requests that failed before, oldest first.
        without: Parameters that the API refused, so that the replies were asked for without.
    """

    model: str
    parameters: dict[str, Any]
    answered_by: str
    reply: str
    finish: str | None
    usage: Usage | None = None
    unread: tuple[str, ...] = ()
    faults: tuple[Attempt, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def judge(self) -> Judge:
        """Who was asked."""
        return Judge(self.model, self.parameters)

    def verdict(self, words: Sequence[str]) -> Verdict | None:
        """Return the first verdict in its replies, one of *words*; None if none has any."""
        read = (read_verdict(reply, words) for reply in (*self.unread, self.reply))
        return next(filter(None, read), None)


class Failed(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="failed"):
    """Why a judge gave no answer, for ``refused`` or ``unreachable``; never kept in a log."""

    cause: str


_decode = msgspec.json.Decoder(Judged).decode


def read_judged(payload: bytes) -> Judged | None:
    """Return the answer that *payload* holds; None if it holds something else."""
    try:
        return _decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def judgement_hash(question: str, judge: str, attempt: int, payload: bytes) -> bytes:
    """Return the SHA-256 over an answer and what it is kept by, 32 bytes."""
    return sha256(f"{question} {judge} {attempt} ".encode() + payload).digest()
