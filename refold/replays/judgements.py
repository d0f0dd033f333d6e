"""Check what judges answered as a log or an export holds it: hashes, digests and form."""

from collections.abc import Iterator
from hashlib import sha256

from refold.engine.log.audit import Audit
from refold.engine.log.judgements import unpack
from refold.judges.records import judgement_hash, read_judged


def judgement_problem(
    question: str, judge: str, attempt: int, payload: bytes, digest: bytes, body: bytes
) -> str | None:
    """
    Return what is wrong with an answer, in words; None if nothing is.

    Args:
        question: Digest of the question, hex.
        judge: Digest of the judge, hex.
        attempt: Which answer it is.
        payload: The answer.
        digest: The stored hash over these.
        body: The question itself; empty if it is missing.
    """
    what = f"answer {attempt} to question {question[:12]}"
    if sha256(body).hexdigest() != question:
        return f"question {question[:12]}: expected the text of that digest, got another"
    if judgement_hash(question, judge, attempt, payload) != digest:
        return f"{what}: expected the stored hash to fit, got another"
    found = read_judged(payload)
    if found is None:
        return f"{what}: expected an answer of a judge, got something else"
    if found.judge.digest != judge:
        return f"{what}: expected that of judge {judge[:12]}, got that of {found.model}"
    return None


def find_judgement_problems(file: Audit) -> Iterator[str]:
    """Yield what is wrong with the answers and questions in the log *file*."""
    answered = set()
    for found, stored in file.judgements():
        answered.add(found.question)
        body = unpack(stored) or b""
        key = (found.question, found.judge, found.attempt)
        if problem := judgement_problem(*key, found.payload, found.hash, body):
            yield problem
    for digest, stored in file.questions():
        if digest not in answered and sha256(unpack(stored) or b"").hexdigest() != digest:
            yield f"question {digest[:12]}: expected the text of that digest, got another"


def bytes_of(digits: str) -> bytes:
    """Return the bytes that hex *digits* stand for; none if they are others."""
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""
