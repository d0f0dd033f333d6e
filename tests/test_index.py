"""The index beside a log: what it holds, how it keeps up, and that no file in its place harms."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from operator import attrgetter

import pytest
from forging import alter
from recorded_runs import called, record
from talks import shop

from refold.engine import Episode, EventLog, RefoldError
from refold.engine.log.index.asking import ask_index
from refold.engine.log.index.file import IndexUnusable, index_path, remove_index
from refold.engine.log.index.index import LogIndex
from refold.engine.log.index.wanted import SORTS, Order, Wanted
from refold.engine.log.left_out import LeftOut
from refold.graders import grade, save_grade
from refold.graders.saved import saved_grades
from refold.reports.outcomes import read_outcomes
from refold.scenarios import load
from refold.triage import add_words, hits_of, indexed_scores, short_verdicts

RUNS = (
    ("dice", "random", ("workflow/easy", "inbox/medium"), 4),
    ("greedy", "greedy", ("workflow/hard", "workflow/easy"), 2),
    ("mail", "baseline", ("inbox/easy", "inbox/medium"), 2),
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the path of a log of several runs, a conversation, a fork, and one that is running."""
    path = tmp_path_factory.mktemp("log") / "refold.db"
    with EventLog(path) as log:
        for run, agent, scenarios, epochs in RUNS:
            for id in record(log, run, agent, scenarios, epochs=epochs):
                save_grade(log, id, grade(log.events(id)))
        shop(log)
        parent = log.events(log.find("greedy:workflow/hard:44").id)
        Episode.fork(parent, 3, log=log, parent="greedy", id="fork", agent="me")
        running = Episode.start(load("inbox/easy"), log=log, id="running", agent="asked")
        running.step({"type": "archive"}, called((100, 10), faults=("timeout",)))
    return path


@pytest.fixture
def log(recorded, tmp_path):
    """Return a copy of that log, open, for a test to change."""
    shutil.copy(recorded, tmp_path / "refold.db")
    with EventLog(tmp_path / "refold.db") as log:
        yield log


def listed(log, wanted=Wanted(), order=Order(), **given):  # noqa: B008 - both are frozen
    """Return the ids that an index of *log* has for what is *wanted*, in that order."""

    def read(index):
        index.catch_up(LeftOut())
        if wanted.text is not None:
            add_words(index, LeftOut())
        return [each.info.id for each in index.page(LeftOut(), wanted, order, **given)]

    return ask_index(log, read)


def first_score(log, id):
    """Return the score that was saved first for an episode, or None."""
    return next((each.score for each in saved_grades(log, id)), None)


def errors_of(log, id):
    """Return what an episode was refused, and why its requests failed."""
    events = list(log.events(id))
    refused = {each.error for each in events if hasattr(each, "error")}
    faults = {f.cause or f.fault for each in events for f in getattr(each, "faults", ())}
    return refused | faults


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), lambda _log, _info: True),
        (Wanted(run="dice"), lambda _log, info: info.run == "dice"),
        (Wanted(agent="baseline"), lambda _log, info: info.agent == "baseline"),
        (Wanted(scenario="inbox"), lambda _log, info: info.scenario.startswith("inbox/")),
        (Wanted(scenario="inbox/easy"), lambda _log, info: info.scenario == "inbox/easy"),
        (Wanted(scenario="inbo"), lambda _log, _info: False),
        (Wanted(ended="terminated"), lambda _log, info: info.ended == "terminated"),
        (Wanted(ended="truncated"), lambda _log, info: info.ended == "truncated"),
        (Wanted(ended="unfinished"), lambda _log, info: info.ended is None),
        (Wanted(ended="not-counted"), lambda _log, info: info.ended is None),
        (Wanted(below=0.5), lambda log, info: (first_score(log, info.id) or 1) < 0.5),
        (Wanted(forks=False), lambda _log, info: info.parent is None),
        (
            Wanted(error="permanent_failure"),
            lambda log, info: "permanent_failure" in errors_of(log, info.id),
        ),
        (Wanted(error="timeout"), lambda log, info: "timeout" in errors_of(log, info.id)),
        (Wanted(ids=("fork", "nobody")), lambda _log, info: info.id == "fork"),
        (
            Wanted(run="dice", ended="truncated", below=0.5),
            lambda log, info: (
                (info.run, info.ended) == ("dice", "truncated") and first_score(log, info.id) < 0.5
            ),
        ),
    ],
)
def test_what_is_wanted_is_found(log, wanted, fits):
    """An index gives just the episodes that the log's own rows, grades and events tell to fit."""
    expected = [info.id for info in log.episodes(newest_first=True) if fits(log, info)]
    assert listed(log, wanted) == expected
    assert len(expected) > 0 or wanted.scenario == "inbo"


def test_since(log):
    """A time is a bound that is within."""
    infos = list(log.episodes())
    expected = [info.id for info in reversed(infos) if info.started_at >= infos[5].started_at]
    assert listed(log, Wanted(since=infos[5].started_at)) == expected
    assert listed(log, Wanted(since="2999")) == []


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("by", SORTS)
def test_every_order_is_one(log, by, falling):
    """Each sorts all episodes, those without the value last; pages of three come to the same."""
    order = Order(by, falling=falling)
    whole = listed(log, order=order)
    assert sorted(whole) == sorted(info.id for info in log.episodes())

    def values(index):
        known = dict(index.all(f"SELECT uid, {SORTS[by]} FROM rows"))
        return [known[id] for id in whole]

    found = ask_index(log, values)
    known = [value for value in found if value is not None]
    assert found == known + [None] * (len(found) - len(known))
    assert all((a >= b) if falling else (a <= b) for a, b in pairwise(known))

    def pages(index):
        ids, after = [], None
        while rows := index.page(LeftOut(), order=order, limit=3, after=after):
            ids += [row.info.id for row in rows]
            after = rows[-1].number
        return ids

    assert ask_index(log, pages) == whole


def test_rows_are_those_of_the_log(log):
    """What an index tells of an episode is what the log tells, tokens and cost included."""

    def read(index):
        index.catch_up(LeftOut())
        return {each.info.id: each for each in index.rows()}

    rows = ask_index(log, read)
    assert {id: row.info for id, row in rows.items()} == {i.id: i for i in log.episodes()}
    assert {id: row.score for id, row in rows.items()} == {id: first_score(log, id) for id in rows}
    assert {id: json.loads(row.scores) for id, row in rows.items()} == {
        id: [
            {"rubric": each.rubric.name, "score": each.score, "version": each.rubric.version}
            for each in saved_grades(log, id)
        ]
        for id in rows
    }
    assert (rows["running"].input, rows["running"].output) == (100, 10)
    assert rows["running"].cost is None
    (talk,) = (row for row in rows.values() if row.info.scenario == "mine:shop")
    views = log.database.execute(
        "SELECT input_tokens, output_tokens, cost FROM episode_list WHERE scenario = 'mine:shop'"
    )
    assert (talk.input, talk.output, talk.cost) == views.fetchone()
    assert talk.cost is not None


def test_an_index_keeps_up(log):
    """Episodes that begin, go on or end, and grades that are saved, altered or gone, are there."""
    assert "new" not in listed(log)
    Episode.start(load("inbox/easy"), log=log, id="new", agent="a")
    assert listed(log, limit=1) == ["new"]
    assert "running" in listed(log, Wanted(ended="unfinished"))
    running = Episode.resume(log, "running")
    running.step({"type": "archive"})
    running.step({"type": "archive"})
    assert running.over
    assert listed(log, Wanted(ended="terminated", agent="asked")) == ["running"]

    def scored(low, high):
        fitting = listed(log, Wanted(below=high, agent="asked"))
        return fitting == ["running"] and not listed(log, Wanted(below=low, agent="asked"))

    def save(rubric, score):
        log.save_grade(
            "running", digest="0" * 64, rubric=(rubric, 1, rubric * 64), score=score, grade=b"{}"
        )

    save("a", 0.5)
    assert scored(0.5, 0.6)
    save("b", 0.9)
    assert scored(0.5, 0.6)
    save("a", 0.3)  # in place of the first
    assert scored(0.3, 0.4)
    save("b", 0.1)
    assert scored(0.3, 0.4)
    log.database.close()
    alter(log.path, ("DELETE FROM grades",))
    assert listed(log, Wanted(below=2.0)) == []


def test_a_replaced_log_has_another_index(log, tmp_path):
    """A log in place of another is listed as it is, even where its ids are the same."""
    assert len(listed(log)) == len(list(log.episodes()))
    log.close()
    for agent in ("one", "two"):
        (tmp_path / "refold.db").unlink()
        with EventLog(tmp_path / "refold.db") as other:
            Episode.start(load("inbox/easy"), log=other, id="same", agent=agent)
            assert listed(other) == ["same"]
            assert listed(other, Wanted(agent=agent)) == ["same"]


def test_events_exchanged_behind_an_index_are_noticed(log):
    """Where an episode that ended has other events by now, the index is made anew."""
    assert listed(log, Wanted(error="permanent_failure"))
    hard = [info.id for info in log.episodes(scenario="workflow/hard")]
    alter(
        log.path,
        ("DELETE FROM events WHERE episode IN (SELECT id FROM episodes WHERE agent = 'greedy')",),
        ("UPDATE episodes SET ended_at = NULL WHERE agent = 'greedy'",),
    )
    assert set(hard) <= set(listed(log))
    assert listed(log, Wanted(error="permanent_failure")) == []


# What may lie at an index's path, each made from a good one.
def _garbage(path):
    data = bytearray(path.read_bytes())
    for at in range(4096, len(data), 512):
        data[at : at + 256] = b"\xff" * 256
    path.write_bytes(data)


def _shortened(path):
    path.write_bytes(path.read_bytes()[:5000])


def _emptied(path):
    path.write_bytes(b"")


def _statement(sql):
    def change(path):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(sql)

    return change


DAMAGED = {
    "garbage": _garbage,
    "shortened": _shortened,
    "emptied": _emptied,
    "another version": _statement("PRAGMA user_version = 99"),
    "a table missing": _statement("DROP TABLE errors"),
    "a table added": _statement("CREATE TABLE more (x)"),
    "a trigger": _statement("CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows; END"),
    "words without a row": _statement("DELETE FROM texts_data"),
}


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_index_is_made_anew(log, tmp_path, change):
    """Whatever happened to its file, lists and searches answer as if it had just been made."""
    path = tmp_path / "refold.db.index"
    search = Wanted(text="retry enrich")
    whole, found = listed(log), listed(log, search)
    change(path)
    assert (listed(log), listed(log, search)) == (whole, found)
    assert len(found) == 2
    # It has been mended, or the next list would have to make it once more.
    with LogIndex(log, str(path)) as index:
        assert index.count() == (len(whole), pytest.approx(index.count()[1]))


def _text(path):
    path.write_text("notes of mine, not to be touched\n")


def _database(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mine (x)")


def _folder(path):
    path.mkdir()


def _link(path):
    path.symlink_to(path.with_name("elsewhere"))


def _pipe(path):
    os.mkfifo(path)


FOREIGN = {
    "text": _text,
    "database": _database,
    "folder": _folder,
    "link": _link,
    "pipe": _pipe,
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_index_is_left_alone(log, tmp_path, make):
    """Lists answer without it, from a temporary index; nothing is written or deleted."""
    path = tmp_path / "refold.db.index"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    names = sorted(each.name for each in tmp_path.iterdir())
    assert listed(log) == [info.id for info in log.episodes(newest_first=True)]
    assert len(listed(log, Wanted(text="retry enrich"))) == 2
    assert (path.read_bytes() if path.is_file() else None) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == names
    with pytest.raises(IndexUnusable, match="expected an index of a log, got another kind"):
        remove_index(str(path))


def test_an_index_that_came_with_a_log_is_not_believed(log, tmp_path):
    """One that was copied, and could say anything, is made anew before it is asked."""
    whole = listed(log)
    there = tmp_path / "there"
    there.mkdir()
    shutil.copy(log.path, there)
    shutil.copy(index_path(log.path), there)
    with closing(sqlite3.connect(there / "refold.db.index")) as forged, forged:
        forged.execute("UPDATE rows SET score = 1, agent = 'forged'")
    with EventLog(there / "refold.db", readonly=True) as other:
        assert listed(other) == whole
        assert listed(other, Wanted(agent="forged")) == []


def test_a_log_is_not_written_by_its_index(log, tmp_path):
    """Lists, searches, verdicts and outcomes leave every byte of the log as it was."""
    log.close()
    before = (tmp_path / "refold.db").read_bytes()
    with EventLog(tmp_path / "refold.db", readonly=True) as reader:
        assert listed(reader, Wanted(text="enrich"))
        assert list(indexed_scores(reader, LeftOut()))
    assert (tmp_path / "refold.db").read_bytes() == before


LIST = "from refold.cli import main; main(['episodes', '--json', '--limit', '0', '--grep', 'a'])"


@pytest.mark.slow
def test_processes_that_make_an_index_at_once(log, tmp_path):
    """All of them answer, and alike."""
    log.close()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", LIST], cwd=tmp_path, stdout=subprocess.PIPE, stderr=sys.stderr
        )
        for _ in range(4)
    ]
    found = [each.communicate(timeout=120)[0] for each in running]
    assert [each.returncode for each in running] == [0] * 4
    assert len(set(found)) == 1
    assert b'"digest"' in found[0]


@pytest.mark.slow
def test_an_index_that_another_process_holds(log):
    """A list waits a while for it, and then answers from a temporary one."""
    whole = listed(log)
    with closing(sqlite3.connect(index_path(log.path), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        Episode.start(load("inbox/easy"), log=log, id="new", agent="a")
        assert listed(log) == ["new", *whole]
        other.execute("ROLLBACK")
    assert listed(log) == ["new", *whole]


@pytest.mark.parametrize(
    "text",
    ['"', "'", 'a" OR "b', "NEAR(a b)", "words:a", "*", "^", "-", "(", "\0", "a\0b", "", " ", "%"],
)
def test_a_search_is_for_words_and_nothing_else(log, text):
    """Nothing in what is searched for is an operator, and none of it fails."""
    assert isinstance(listed(log, Wanted(text=text)), list)


def test_a_search_that_is_no_text(log):
    """A lone surrogate is no text: that is said in a line."""
    with pytest.raises(RefoldError, match="expected valid Unicode to look for"):
        listed(log, Wanted(text="\ud800"))
    with pytest.raises(RefoldError, match="search: expected at most 1000 characters, got 1001"):
        listed(log, Wanted(text="x" * 1001))


def test_a_search_finds_phrases(log):
    """Words in their order, in one message; upper case and signs do not matter; names count too."""
    hard = [info.id for info in log.episodes(scenario="workflow/hard", newest_first=True)]
    for text in ("retry enrich_logs with", "RETRY  enrich-logs", "retry enrich_lo"):
        assert listed(log, Wanted(text=text)) == [id for id in hard if id != "fork"]
    assert listed(log, Wanted(text="enrich_logs retry")) == []
    (talk,) = listed(log, Wanted(text="the customer may be another one"))
    assert log.find(talk).scenario == "mine:shop"
    assert listed(log, Wanted(text="another one {")) == [talk]
    # The end of one message and the beginning of the next are no phrase.
    assert listed(log, Wanted(text="another one get_order")) == []
    assert listed(log, Wanted(text="RUNNI")) == ["running"]  # a part of an id
    assert listed(log, Wanted(text="no such words")) == []


def test_words_of_a_running_episode_are_not_searched(log):
    """They could tell what its agent is still to find out; once it has ended, they are there."""

    def unread(index):
        index.catch_up(LeftOut())
        add_words(index, LeftOut())
        return [id for (id,) in index.all("SELECT uid FROM rows WHERE id NOT IN searchable")]

    assert sorted(ask_index(log, unread)) == ["fork", "running"]
    Episode.resume(log, "running").step({"type": "archive"})
    Episode.resume(log, "running").step({"type": "archive"})
    assert ask_index(log, unread) == ["fork"]


def test_hits(log):
    """They tell the step, what says it, and the words around it; a repeated message only once."""
    (hard, *_) = (info.id for info in log.episodes(scenario="workflow/hard"))
    hits = hits_of(log, hard, "retry enrich")
    assert [(hit.step, hit.kind) for hit in hits] == [(4, "call")]
    assert hits[0].text == "retry enrich_logs with investigator_alpha"
    assert hits_of(log, hard, "ENRICH") == hits_of(log, hard, "enrich")
    assert len(hits_of(log, hard, "enrich")) == 2
    assert hits_of(log, hard, "no such words") == []
    assert hits_of(log, hard, "!") == []


def test_words_are_read_for_a_while(log):
    """With a limit of time it stops early, tells how many are left, and goes on the next time."""

    def read(index):
        index.catch_up(LeftOut())
        return [add_words(index, LeftOut(), seconds=seconds) for seconds in (-1, None, None)]

    ended = sum(info.ended is not None for info in log.episodes())
    assert ask_index(log, read) == [ended, 0, 0]


def test_verdicts(log):
    """Each ended episode has one in a line; they are made once, and anew when it has grown."""

    def read(index, **given):
        index.catch_up(LeftOut())
        rows = index.rows()
        found = short_verdicts(index, rows, **given)
        return {row.info.id: found[row.number] for row in rows if row.number in found}

    (hard, *_) = (info.id for info in log.episodes(scenario="workflow/hard"))
    assert ask_index(log, lambda index: read(index, seconds=-1)) == {}
    assert len(ask_index(log, lambda index: read(index, most=3))) == 1  # two of them run
    found = ask_index(log, read)
    assert "19 × “retry enrich_logs with investigator_alpha” refused" in found[hard]
    assert "running" not in found
    alter(log.path, ("UPDATE events SET hash = zeroblob(32) WHERE seq = 3",))
    assert ask_index(log, read) == found  # none is made twice: their episodes cannot be read now


def test_scores_are_those_of_the_events(log):
    """They are as reports read them; kept, they are not read again."""
    expected = [outcome for outcome, _ in read_outcomes(log)]
    values = attrgetter("id", "run", "agent", "seed", "setting", "score", "excluded")
    times = [(i.started_at, i.ended_at) for i in log.episodes() if i.parent is None]
    assert len(list(indexed_scores(log, LeftOut()))) == len(expected) + 1  # the fork
    for _ in range(2):
        found = list(indexed_scores(log, LeftOut(), wanted=Wanted(forks=False)))
        assert [values(each) for each in found] == [values(each) for each in expected]
        assert [(each.started_at, each.ended_at) for each in found] == times
    alter(log.path, ("UPDATE events SET hash = zeroblob(32) WHERE seq = 3",))
    left_out = LeftOut()
    assert len(list(indexed_scores(log, left_out))) == len(expected) + 1
    assert not left_out
    remove_index(index_path(log.path))
    assert len(list(indexed_scores(log, left_out))) < len(expected)
    assert left_out
