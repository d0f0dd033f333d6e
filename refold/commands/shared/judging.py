"""
Grade with a judge: find out what is not answered yet, ask for it, keep it, and look it up.

Nothing is asked unless ``--judge`` says so. What was answered is kept at once, in a transaction of
its own, so that neither an error nor Ctrl-C loses what was paid for.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import asdict, define, field, frozen

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.judge_options import NOBODY, JudgeChoice
from refold.commands.shared.judge_spending import Spending, about, tokens_of
from refold.commands.shared.output import (
    SHORT_ID_LENGTH,
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    print_words,
    stdout_console,
)
from refold.commands.shared.progress import show_progress
from refold.engine import EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade
from refold.graders.answers import KeptAnswers, only_judge, save_answer
from refold.graders.judging import MOST_ROUNDS, Judging
from refold.graders.sources import Gradable, GradeSource
from refold.judges.asking import NotAsked, Wanted
from refold.judges.questions import Question
from refold.judges.records import Failed, Judge, Judged
from refold.reports.wavering import Wavering, measure_wavering, wavering_text

PASS_AT = 0.7
"""The score from which an episode passes, where a command has no option for it."""


@frozen
class _Missing:
    """A missing answer, with the episode that it was first asked of."""

    wanted: Wanted
    episode: str


@define
class JudgeSession:
    """
    The judge of one command.

    Args:
        choice: What the options say.
        source: What gives the grades; it gets this session.
        log: The log; another connection writes to it if this one may not.
    """

    choice: JudgeChoice
    source: GradeSource
    log: EventLog
    judge: Judge | None = None
    not_judged: dict[str, str] = field(factory=dict)
    scores: dict[str, float] = field(factory=dict)
    wavering: Wavering | None = None
    _missing: list[_Missing] = field(factory=list)
    _heard: dict[str, dict[int, str]] = field(factory=dict)
    _failed: dict[tuple[str, int], Failed] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Let the source look answers up here."""
        self.source.session = self

    @property
    def judging(self) -> Judging:
        """What the judge has answered, for graders."""
        return self._judging(0)

    @property
    def kept(self) -> KeptAnswers:
        """The same, to be looked up in the log."""
        return KeptAnswers(self.judge, self._failed)

    def settle(self, episodes: Iterable[str], *, pass_at: float) -> None:
        """
        Have answered all that grading *episodes*, by id, asks; with ``--dry-run``, only look.

        Raises:
            RefoldError: Answers are missing, and ``--judge`` or its limit does not let it ask.
            Unavailable: The judge's API cannot be used.
        """
        ids = list(episodes) if self.source.may_ask() else []
        if not ids:
            return
        self.judge = self.find_judge(ids)
        self._warn_of_itself(ids)
        if self.choice.dry_run:
            self._missing, _ = self._grade(ids, 0, {})
            return
        scores = [self._settle_set(ids, again) for again in range(self.choice.again + 1)]
        if self.choice.again:
            self.wavering = self._measure(ids, scores, pass_at)

    def settle_questions(self, wanted: Iterable[tuple[Wanted, str]]) -> None:
        """
        Have answered all that is *wanted*, each first asked of the episode beside it.

        Raises:
            RefoldError, Unavailable: As ``settle``.
        """
        missing = [
            _Missing(each, episode)
            for each, episode in wanted
            if self._look_up(each.question, each.attempt) is None
        ]
        if missing:
            self._ask(missing)

    def list_missing(self, *, as_json: bool) -> bool:
        """With ``--dry-run``, print the questions that nobody has answered; return whether so."""
        if not self.choice.dry_run:
            return False
        if as_json:
            print_json("questions", map(_missing_row, self._missing))
            return True
        listing = new_table(["question", "episode", "events", "asks"], right=["events"])
        for each in self._missing:
            question = each.wanted.question
            digest = question.digest[:SHORT_ID_LENGTH]
            add_row(listing, digest, each.episode, len(question.show), question.text)
        stdout_console().print(listing)
        print_to_stderr(self._unasked(self._missing))
        return True

    def wavering_data(self) -> dict[str, Any]:
        """Return how much the judge wavers as a member of JSON, with ``--judge-again`` only."""
        return {} if self.wavering is None else {"wavering": asdict(self.wavering)}

    def tell(self, *, as_json: bool) -> None:
        """Print how much the judge wavers, unless JSON says so."""
        if self.wavering is not None and not as_json:
            print_words(stdout_console(), wavering_text(self.wavering))

    def _judging(self, again: int) -> Judging:
        return Judging(self._look_up, self.judge.digest if self.judge else "", again)

    def _look_up(self, question: Question, attempt: int) -> Judged | Failed | None:
        found = self.kept.look_up(self.log, question, attempt)
        verdict = found.verdict(question.words) if isinstance(found, Judged) else None
        if verdict is not None:
            self._heard.setdefault(question.digest, {})[attempt] = verdict.word
        return found

    def find_judge(self, ids: Iterable[str]) -> Judge | None:
        """Return who answers: by the options, the rubric, or as the only one in the log."""
        # Of the first that can be read: damaged ones are told where they are graded in the end.
        readable = LeftOut().read_each(ids, self.log.events, id=str)
        named = next((self.source.judge_of(events) for _, events in readable), None)
        chosen = self.choice.judge(named)
        return only_judge(self.log) if chosen is None else chosen

    def _warn_of_itself(self, ids: Sequence[str]) -> None:
        if self.judge is None:
            return
        found = LeftOut().find_each(self.log, ids)
        played = sum(each.agent == self.judge.model for each in found)
        if played:
            print_to_stderr(
                f"warning: {self.judge.model} judges {pluralise(played, 'episode')} of its "
                "own; models prefer their own output"
            )

    def _settle_set(self, ids: Sequence[str], again: int) -> dict[str, float]:
        """Have the set *again* of answers complete; return the scores by it."""
        scores: dict[str, float] = {}
        pending: Sequence[str] = ids
        for _ in range(MOST_ROUNDS):
            missing, pending = self._grade(pending, again, scores)
            if not missing:
                return scores
            self._ask(missing)
        missing, _ = self._grade(pending, again, scores)
        if missing:
            raise RefoldError(
                f"grader: expected at most {MOST_ROUNDS} rounds of questions, got more; "
                "ask before reading answers"
            )
        return scores

    def _grade(
        self, ids: Sequence[str], again: int, scores: dict[str, float]
    ) -> tuple[list[_Missing], list[str]]:
        """Note the *scores* that can be given; return what the others miss, and which they are."""
        missing: dict[tuple[str, int], _Missing] = {}
        pending = []
        read = LeftOut().read_each(ids, self.log.events, id=str)
        episodes = (Gradable(*each) for each in read)
        results = self.source.results(episodes, self._judging(again), True)
        for episode, given in show_progress(results, total=len(ids), label="looking up"):
            if isinstance(given, Grade):
                scores[episode.id] = given.score
            elif isinstance(given, NotAsked):
                pending.append(episode.id)
                for wanted in given.wanted:
                    missing.setdefault(wanted.key, _Missing(wanted, episode.id))
        return list(missing.values()), pending

    def _unasked(self, missing: Sequence[_Missing]) -> str:
        tokens = tokens_of(each.wanted.question for each in missing)
        return (
            f"{pluralise(len(missing), 'question')} not asked ({about(tokens, self.choice.price)})"
        )

    def _ask(self, missing: Sequence[_Missing]) -> None:
        if self.choice.model is None or self.judge is None:
            name = self.judge.model if self.judge else "MODEL"
            raise RefoldError(f"{self._unasked(missing)}: --judge {name} asks, --dry-run lists")
        # With asyncio and the client, slow to import, and seldom needed.
        from refold.commands.shared.judge_asking import ask_judge  # noqa: PLC0415

        judge, spending = self.judge, Spending(self.choice.limit, self.choice.price)
        first_of = {each.wanted.key: each.episode for each in missing}
        with self._writer() as writer:

            def keep(wanted: Wanted, found: Judged | Failed) -> None:
                spending.add(wanted.question, found)
                if isinstance(found, Failed):
                    self._failed[wanted.key] = found
                else:
                    save_answer(writer, judge, wanted, found, first_of[wanted.key])

            wanted = [each.wanted for each in missing]
            asked = ask_judge(judge, wanted, self.choice, spending.permits, keep)
        print_to_stderr(f"judge {judge.model}: {spending.told(asked)}")
        if asked < len(missing):
            left = pluralise(len(missing) - asked, "question")
            raise RefoldError(
                f"--judge-limit: expected room for {len(missing)} questions, got it for {asked}; "
                f"{left} not asked, the answers so far are stored; raise it to continue"
            )

    @contextmanager
    def _writer(self) -> Iterator[EventLog]:
        if not self.log.readonly:
            yield self.log
            return
        with EventLog(self.log.path) as log:
            yield log

    def _measure(
        self, ids: Sequence[str], scores: Sequence[dict[str, float]], pass_at: float
    ) -> Wavering:
        complete = [[each[id] for each in scores] for id in ids if all(id in s for s in scores)]
        heard = {question: list(found.values()) for question, found in self._heard.items()}
        return measure_wavering(heard, complete, pass_at=pass_at)


def find_recorded_judge(source: GradeSource, log: EventLog) -> KeptAnswers:
    """
    Let *source* look up what *log* holds of the judge that it names or the only one; return that.

    Raises:
        RefoldError: It names none, and the log holds answers of several.
    """
    session = JudgeSession(NOBODY, source, log)
    session.judge = session.find_judge(info.id for info in log.episodes(left_out=LeftOut()))
    return session.kept


def _missing_row(missing: _Missing) -> dict[str, Any]:
    question = missing.wanted.question
    return {
        "question": question.digest,
        "attempt": missing.wanted.attempt,
        "episode": missing.episode,
        "text": question.text,
        "words": list(question.words),
        "events": list(question.show),
        "messages": question.messages,
    }
