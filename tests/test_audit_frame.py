"""Checks and their runner, with targets made for this."""

from contextlib import contextmanager

import pytest
from attrs import frozen

from refold.audits.findings import Check, Measurement, Shown
from refold.audits.recording import RUN, record
from refold.audits.report import AuditReport
from refold.audits.running import Answer, LimitReached, choose, run_audit
from refold.engine import Episode, EventLog, RefoldError
from refold.scenarios import load


def measured(value, bound=1.0):
    return Measurement("", value, bound, "so it is")


def check(id="a.b", side="at least", found=()):
    return Check(id, "it holds", side, lambda opened: iter(found))


@frozen
class Made:
    """A target with the checks that it is given."""

    checks: tuple[Check, ...]
    name: str = "made"
    limits: tuple[str, ...] = ()

    @contextmanager
    def open(self, limits):  # noqa: ARG002 - part of the protocol
        """Open it."""
        yield self


@pytest.mark.parametrize(
    ("side", "value", "bound", "verdict"),
    [
        ("at least", 1.0, 1.0, "pass"),
        ("at least", 1 - 1e-12, 1.0, "pass"),
        ("at least", 0.999, 1.0, "fail"),
        ("at most", 0.0, 0.0, "pass"),
        ("at most", 0.1 + 0.2, 0.3, "pass"),
        ("at most", 0.31, 0.3, "fail"),
        ("at most", None, 0.3, "skip"),
        ("at least", 0.3, None, "skip"),
    ],
)
def test_verdict(side, value, bound, verdict):
    """It follows from value, side and bound; what is missing cannot be told."""
    assert check(side=side).verdict(measured(value, bound)) == verdict


def test_choosing():
    """By id, by group, by pattern; a beginning that is no group chooses nothing."""
    checks = [check(id) for id in ("a.b", "a.bc", "ab.c", "d.e.f")]

    def chosen(*only):
        return [each.id for each in choose(checks, only)]

    assert chosen() == ["a.b", "a.bc", "ab.c", "d.e.f"]
    assert chosen("a") == ["a.b", "a.bc"]
    assert chosen("a.b") == ["a.b"]
    assert chosen("*.c", "d.") == ["ab.c", "d.e.f"]
    assert chosen("a.") == ["a.b", "a.bc"]
    assert chosen("e") == []


def test_a_check_that_cannot_run():
    """Its error is an answer; the checks after it run, and what it measured before stays."""

    def breaks(opened):
        yield measured(1.0)
        raise RefoldError("no such world")

    def stops(opened):
        raise LimitReached("time limit of 1 s reached")
        yield

    target = Made(
        (
            Check("a.breaks", "", "at least", breaks),
            Check("a.stops", "", "at least", stops),
            check("a.last", found=[measured(0.0)]),
        )
    )
    (answers,) = run_audit([target], seconds=60)
    assert [(each.check.id, each.measured.about, each.problem) for each in answers] == [
        ("a.breaks", "so it is", None),
        ("a.breaks", "no such world", "no such world"),
        ("a.stops", "time limit of 1 s reached", None),
        ("a.last", "so it is", None),
    ]


@pytest.mark.parametrize(
    ("verdicts", "code", "words"),
    [
        (("pass", "skip"), 0, "1 passed, 1 skipped"),
        (("pass", "error"), 2, "1 could not run, 1 passed"),
        (("fail", "error", "fail"), 1, "2 failed, 1 could not run"),
        ((), 0, "nothing was checked"),
    ],
)
def test_report(verdicts, code, words):
    """The code is 1 if anything fails, else 2 if anything could not run; the verdict counts all."""
    values = {"pass": (1.0, None), "fail": (0.0, None), "skip": (None, None), "error": (None, "!")}
    answers = [
        Answer("made", check(), measured(values[each][0]), values[each][1]) for each in verdicts
    ]
    report = AuditReport([], "", [record(None, "", each) for each in answers], [])
    assert (report.code, report.verdict) == (code, words)


def test_recording(tmp_path):
    """An episode is stored once for each agent, whole, graded, and under an id that is its own."""
    episode = Episode.start(load("inbox/easy"), seed=5)
    while not episode.over:
        episode.step(episode.legal_actions[0])
    shown = [Shown(agent, episode.events) for agent in ("me", "me", "you")]
    with EventLog(tmp_path / "log.db") as log:
        ids = [
            record(
                log, "log.db", Answer("t", check(), Measurement("", 1.0, 1.0, "", each))
            ).episode.id
            for each in shown
        ]
        assert ids[0] == ids[1] != ids[2]
        assert [info.id for info in log.episodes()] == [ids[0], ids[2]]
        info = log.find(ids[0])
        assert (info.agent, info.seed, info.run, info.ended) == ("me", 5, RUN, "terminated")
        assert log.events(ids[0]).digest == episode.events.digest
        assert log.grades(ids[0])
