"""The answers of judges in a log: kept once, looked up as often as episodes are graded."""

from collections.abc import Mapping
from functools import partial

from attrs import Factory, frozen

from refold.engine import EventLog, RefoldError
from refold.engine.codec import encode
from refold.engine.log.info import utc_now
from refold.engine.log.judgements import Judgement
from refold.graders.judging import Judging
from refold.judges.asking import Wanted
from refold.judges.questions import Question
from refold.judges.records import Failed, Judge, Judged, judgement_hash, read_judged


def save_answer(log: EventLog, judge: Judge, wanted: Wanted, found: Judged, episode: str) -> None:
    """Keep what *judge* answered, first asked of *episode*, unless *log* has an answer already."""
    payload = encode(found)
    question, attempt = wanted.key
    digest = judgement_hash(question, judge.digest, attempt, payload)
    kept = Judgement(question, judge.digest, attempt, payload, digest, utc_now(), episode)
    log.save_judgement(kept, wanted.question.body)


def look_up(log: EventLog, judge: Judge, question: Question, attempt: int) -> Judged | None:
    """
    Return what *judge* answered to *question* at this *attempt*; None if nobody asked.

    Raises:
        RefoldError: The log holds another answer than was given.
    """
    stored = log.judgement(question.digest, judge.digest, attempt)
    if stored is None:
        return None
    payload, digest = stored
    found = read_judged(payload)
    if found is None or judgement_hash(question.digest, judge.digest, attempt, payload) != digest:
        raise RefoldError(
            f"{log.path}: expected the answer to question {question.digest[:12]} as it was given, "
            "got another; `refold verify` tells more"
        )
    return found


@frozen
class KeptAnswers:
    """
    The answers of one judge that a log keeps, and those that it failed to give; can be pickled.

    Attributes:
        judge: The judge; None if nobody answers.
        failed: What it failed to answer, by question and attempt.
    """

    judge: Judge | None = None
    failed: Mapping[tuple[str, int], Failed] = Factory(dict)

    def look_up(self, log: EventLog, question: Question, attempt: int) -> Judged | Failed | None:
        """Return what the judge answered, or that it failed to; None if nobody asked."""
        if self.judge is None:
            return None
        failed = self.failed.get((question.digest, attempt))
        return look_up(log, self.judge, question, attempt) if failed is None else failed

    def judging(self, log: EventLog) -> Judging:
        """Return the answers as graders get them, looked up in *log*."""
        return Judging(partial(self.look_up, log), self.judge.digest if self.judge else "")


def only_judge(log: EventLog) -> Judge | None:
    """
    Return the judge whose answers *log* holds; None if it holds none.

    Raises:
        RefoldError: It holds those of several.
    """
    found = [read.judge for payload in log.judges() if (read := read_judged(payload))]
    if len(found) > 1:
        names = ", ".join(sorted(each.model for each in found))
        raise RefoldError(
            f"{log.path}: expected one judge's answers, got those of {names}; "
            "say which count by --judge"
        )
    return found[0] if found else None
