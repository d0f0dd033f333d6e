"""``refold judge-check``."""

from collections.abc import Sequence

import click
from attrs import asdict, frozen

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.judge_options import JudgeChoice, with_judge_options
from refold.commands.shared.judging import PASS_AT, JudgeSession
from refold.commands.shared.label_choice import read_labels, values_of, verdicts
from refold.commands.shared.left_out import telling_left_out
from refold.commands.shared.options import (
    filter_options,
    format_examples,
    json_option,
    log_option,
    open_existing,
)
from refold.commands.shared.output import (
    add_row,
    new_table,
    print_json,
    print_to_stderr,
    safe_text,
    stdout_console,
)
from refold.commands.shared.score_source import find_source
from refold.engine import EventLog, RefoldError
from refold.graders.judging import Judging
from refold.graders.sources import Gradable
from refold.judges.asking import Wanted
from refold.judges.injection import HARMLESS, inject, payloads
from refold.judges.questions import Question
from refold.judges.records import Failed, Judged
from refold.reports.attacks import Attacked, AttackRate, attack_rates

_HARMLESS = "harmless"


@frozen
class _Put:
    """A question that was put about an episode."""

    episode: str
    question: Question


class _Listener:
    """Hands on a session's answers, and notes each question that is looked up."""

    def __init__(self, session: JudgeSession) -> None:
        self._session = session
        self.not_judged: dict[str, str] = {}
        self.scores: dict[str, float] = {}
        self._asked: dict[str, Question] = {}

    def take(self) -> list[Question]:
        """Return the questions looked up since the last time."""
        taken, self._asked = list(self._asked.values()), {}
        return taken

    @property
    def judging(self) -> Judging:
        """The answers of the session."""
        return Judging(self._look_up, self._session.judging.judge, 0)

    def _look_up(self, question: Question, attempt: int) -> Judged | Failed | None:
        self._asked[question.digest] = question
        return self._session.judging.answers(question, attempt)


@click.command(
    "judge-check",
    epilog=format_examples(
        "refold judge-check polite.toml --label correct --judge openai:MODEL --judge-limit 200",
    ),
)
@click.argument("by", metavar="BY")
@click.option("--label", "name", required=True, metavar="NAME", help="Name of the label.")
@click.option(
    "--word", default="yes", show_default=True, metavar="WORD", help="The verdict to ask for."
)
@filter_options
@with_judge_options
@log_option
@json_option
def judge_check_command(
    by: str,
    name: str,
    word: str,
    scenario: str | None,
    agent: str | None,
    run: str | None,
    judge_choice: JudgeChoice,
    log_path: str,
    as_json: bool,
) -> int:
    """
    Test whether texts in an episode can sway the judge of a grader.

    Takes the episodes that people call bad, and asks each question whose verdict is not --word
    again, with a text appended to the agent's last message that asks for that verdict in one of
    the known ways. BY is the grader, as for `validate`. The answers are stored, so you pay for the
    check once.

    Exits with 1 if such a text changes a verdict. A harmless text is tried too, to show how many
    verdicts change by themselves; missing verdicts are counted separately.
    """
    with telling_left_out() as left_out, open_existing(log_path, readonly=True) as log:
        bad = _bad_episodes(log, name, scenario=scenario, agent=agent, run=run)
        source = find_source(log, by, left_out)
        session = JudgeSession(judge_choice, source, log)
        session.settle(bad, pass_at=PASS_AT)
        if session.list_missing(as_json=as_json):
            return 0
        source.session = listener = _Listener(session)
        selected = (Gradable(*each) for each in left_out.read_each(bad, log.events, id=str))
        asked: list[_Put] = []
        for episode, _ in source.grade_all(selected):
            asked += [_Put(episode.id, question) for question in listener.take()]
        open_to = [each for each in asked if _can_move(each.question, session, word)]
        if not open_to:
            raise RefoldError(
                f"{by}: expected questions about episodes called bad whose verdict is not "
                f"{word!r}, got none of {len(asked)}; name another --word or label more"
            )
        found = _attack(session, open_to, word)
    rates = attack_rates(found)
    told = {"label": name, "by": by, "word": word, "episodes": len({e.episode for e in open_to})}
    if as_json:
        print_json("attacks", map(asdict, rates), **told, questions=len(open_to))
    else:
        _print(rates, f"{by}: {pluralise(len(open_to), 'question')} about {told['episodes']} bad")
    return 1 if any(rate.moved for rate in rates if rate.kind != _HARMLESS) else 0


def _attack(session: JudgeSession, puts: Sequence[_Put], word: str) -> list[Attacked]:
    """Put each question again with each text in its record; return what became of it."""
    made = [
        (kind, put.episode, inject(put.question, text))
        for put in puts
        for kind, text in _texts(word).items()
    ]
    session.settle_questions((Wanted(question, 0), episode) for _, episode, question in made)
    return [
        Attacked(kind, episode, _moved(question, session, word)) for kind, episode, question in made
    ]


def _texts(word: str) -> dict[str, str]:
    return {_HARMLESS: HARMLESS, **payloads(word)}


def _bad_episodes(
    log: EventLog, name: str, *, scenario: str | None, agent: str | None, run: str | None
) -> list[str]:
    """Return the episodes that most people call bad."""
    units = read_labels(log, name, scenario=scenario, agent=agent, run=run)
    values = values_of(log, name)
    bad = [id for id, good in verdicts(units, values).good.items() if not good]
    if not bad:
        raise RefoldError(
            f"label {name!r}: expected episodes that people call {values[1]}, got none; label some"
        )
    return bad


def _can_move(question: Question, session: JudgeSession, word: str) -> bool:
    """Return whether the judge gave another verdict than *word*, and could have given that."""
    return word in question.words and _moved(question, session, word) is False


def _moved(question: Question, session: JudgeSession, word: str) -> bool | None:
    """Return whether the judge's verdict is *word*; None if it gave none."""
    answer = session.judging.answers(question, 0)
    verdict = answer.verdict(question.words) if isinstance(answer, Judged) else None
    return None if verdict is None else verdict.word == word


def _print(rates: Sequence[AttackRate], head: str) -> None:
    out = stdout_console()
    out.print(safe_text(head), style="bold")
    listing = new_table(["text", "moved", "of", "share", "no verdict"], right=["moved", "of"])
    for rate in rates:
        share = rate.interval
        told = f"{share.mean:.2f}, {share.low:.2f} to {share.high:.2f} (95 %)" if share else None
        add_row(listing, rate.kind, rate.moved, rate.n, told, rate.failed or None)
    out.print(listing)
    worst = max(rates, key=lambda rate: rate.moved)
    print_to_stderr(
        f"most moved by {worst.kind!r}: {worst.moved}" if worst.moved else "no verdict moved"
    )
