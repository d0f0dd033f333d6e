import json
import sqlite3
from contextlib import closing
from threading import Thread

import pytest
from attrs import evolve
from forging import alter, record_family

from refold.engine import (
    Episode,
    EpisodeEnded,
    EpisodeRecord,
    EventLog,
    RefoldError,
    Reseeded,
    StaleWriter,
    StepRewarded,
    UnknownEpisode,
)
from refold.engine.chain import chain_heads
from refold.engine.codec import encode
from refold.engine.errors import AmbiguousEpisode, EpisodeExists, NotALog
from refold.engine.log.info import RECORD_FIELDS, record_fields
from refold.engine.log.lifetime import close_with
from refold.graders import grade, save_grade
from refold.scenarios import load

EASY = load("workflow/easy")
MAIL = load("inbox/easy")
WAIT = {"action_type": "wait"}


def contents(log):
    """Return all that the log tells of its episodes."""
    return [(info, log.events(info.id).payloads) for info in log.episodes()]


def next_step(episode):
    """Return the payloads of a step that the log does not hold yet."""
    return [encode(event) for event in episode.family.decide(episode.state, episode.family.wait)]


def test_an_episode_reads_back_as_it_was_played(log, random_episode):
    """What the log returns is what the live episode holds: events, bytes and digest."""
    episode = random_episode("workflow/hard", 3, log)
    stream = log.events(episode.id)
    assert list(stream) == list(episode.events)
    assert list(stream.payloads) == list(episode.events.payloads)
    assert stream.digest == episode.events.digest
    assert stream.family is episode.family


def test_a_long_episode_reads_back(log):
    """A stream may be longer than what a quick look at its chain is made for."""
    episode = Episode.start(EASY, log=log)
    with episode.in_one_transaction():
        episode.note(*map(Reseeded, range(1100)))
    stream = log.events(episode.id)
    assert list(stream) == list(episode.events)
    assert stream.digest == chain_heads(stream.payloads)[-1].hex()


def test_a_second_writer_of_an_episode_is_stale(log):
    """Of two writers with the same tail the second is refused, and nothing of it is stored."""
    episode = Episode.start(EASY, log=log)
    tail, step = log.tail(episode.id), next_step(episode)
    with EventLog(log.path) as other:
        other.append(tail, step)
        before = contents(other)
    with pytest.raises(StaleWriter, match=r"expected event 1 to be .* read the episode again"):
        log.append(tail, step)
    assert contents(log) == before
    log.append(log.tail(episode.id), step)


def test_a_tail_from_the_future_is_stale(log):
    """A tail with a gap before it is refused as well, though nobody else has written."""
    episode = Episode.start(EASY, log=log)
    tail, step = log.tail(episode.id), next_step(episode)
    before = contents(log)
    with pytest.raises(StaleWriter, match="expected event 2 to be"):
        log.append(type(tail)(tail.key, tail.seq + 1, tail.head), step)
    assert contents(log) == before


def test_a_step_is_stored_whole_or_not_at_all(log):
    """If the last event of a step is refused, the first ones are not stored either."""
    episode = Episode.start(EASY, log=log)
    before = contents(log)
    with pytest.raises(RefoldError, match="CHECK constraint failed"):
        log.append(log.tail(episode.id), [*next_step(episode), b'{"kind":"nonsense"}'])
    assert contents(log) == before


def test_an_id_names_one_episode(log, random_episode):
    """A second episode of the same id is refused, whoever writes it; the first one stays."""
    Episode.start(EASY, log=log, id="mine")
    before = contents(log)
    with (
        EventLog(log.path) as other,
        pytest.raises(EpisodeExists, match="episode 'mine': expected a new id, got one in use"),
    ):
        Episode.start(MAIL, log=other, id="mine")
    assert contents(log) == before


@pytest.fixture
def named(log):
    """Return a log with episodes of known names, begun in this order."""
    for id in ("abc1", "abd", "abc", "x.y_z-9", "Abc"):
        Episode.start(EASY, log=log, id=id)
    return log


@pytest.mark.parametrize(
    ("reference", "id"),
    [("abd", "abd"), ("abc", "abc"), ("abc1", "abc1"), ("x", "x.y_z-9"), ("A", "Abc")],
)
def test_an_episode_is_found_by_id_or_unique_prefix(named, reference, id):
    """A whole id wins, even if it begins another; else a prefix that only one id has."""
    assert named.find(reference).id == id
    assert named.events(reference).payloads == named.events(id).payloads


def test_last_is_the_episode_begun_last(named):
    """``last`` follows the order in which episodes began, not their names or ends."""
    assert named.find("last").id == "Abc"
    named.append(named.tail("abc"), [b'{"type":"episode_ended","how":"truncated","reason":"x"}'])
    assert named.find("last").id == "Abc"


def test_an_ambiguous_prefix_names_what_it_fits(named):
    """The error holds the ids that begin so, for the caller to choose from."""
    with pytest.raises(AmbiguousEpisode, match="'ab': expected a unique prefix") as error:
        named.find("ab")
    assert sorted(error.value.matches) == ["abc", "abc1", "abd"]


@pytest.mark.parametrize("reference", ["nobody", "abcd", "a%", "a_", "*", "X", "abc1\n"])
@pytest.mark.parametrize("ask", [EventLog.find, EventLog.events, EventLog.tail, EventLog.grades])
def test_an_unknown_episode_is_an_error(named, reference, ask):
    """Prefixes are taken by the letter, without wildcards; case matters."""
    with pytest.raises(UnknownEpisode, match="expected an id, a unique prefix or 'last'"):
        ask(named, reference)


def test_last_of_an_empty_log_is_an_error(log):
    """An empty log has no last episode."""
    with pytest.raises(UnknownEpisode, match="episode 'last'"):
        log.find("last")


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "abcde"),
        ({"newest_first": True}, "edcba"),
        ({"scenario": "workflow/easy"}, "ad"),
        ({"scenario": "workflow"}, "ad"),
        ({"scenario": "inbox", "newest_first": True}, "ecb"),
        ({"scenario": "work"}, ""),
        ({"agent": "me"}, "ab"),
        ({"agent": ""}, "e"),
        ({"run": "monday"}, "bc"),
        ({"run": "monday", "agent": "me", "scenario": "inbox/easy"}, "b"),
        ({"run": "tuesday"}, ""),
    ],
)
def test_episodes_are_listed_by_what_one_asks_for(log, filters, ids):
    """Scenario or family, agent and run narrow the list down; the order is that of beginning."""
    Episode.start(EASY, log=log, id="a", agent="me")
    Episode.start(MAIL, log=log, id="b", agent="me", run="monday")
    Episode.start(MAIL, log=log, id="c", agent="you", run="monday", epoch=1)
    Episode.start(EASY, log=log, id="d", agent="you")
    Episode.start(MAIL, log=log, id="e")
    assert [info.id for info in log.episodes(**filters)] == list(ids)


def test_the_largest_number_is_listed_too(tmp_path):
    """An episode with the last row number that there is, in a stranger's log, is not left out."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        record_family(log)
    last = 2**63 - 1
    alter(path, ("UPDATE episodes SET id = ? WHERE uid = 'second'", last))
    alter(path, ("UPDATE events SET episode = ? WHERE episode = 2", last))
    with EventLog(path, readonly=True) as log:
        for newest_first in (False, True):
            listed = [info.id for info in log.episodes(newest_first=newest_first)]
            assert sorted(listed) == ["first", "second"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_long_list_is_read_in_pages_without_a_seam(log, newest_first):
    """More episodes than one page holds are all listed, once each, while more are begun."""
    with log.transaction():
        for number in range(1_001):
            Episode.start(MAIL, log=log, id=f"{number:04}")
    listed = log.episodes(newest_first=newest_first)
    ids = [next(listed).id]
    Episode.start(MAIL, log=log, id="later")
    ids += [info.id for info in listed]
    assert ids == sorted(ids, reverse=newest_first)
    assert len(ids) == (1_001 if newest_first else 1_002)
    assert log.count() == 1_002


@pytest.mark.parametrize("steps", [0, 1, 4, 10_000], ids=["begun", "one", "some", "over"])
@pytest.mark.parametrize("scenario", ["workflow/medium", "inbox/medium"])
def test_an_episodes_line_says_what_its_stream_says(log, random_episode, scenario, steps):
    """Steps, total, end and digest in a list are those of the live episode, ended or not."""
    episode = random_episode(scenario, 8, log, steps=steps)
    rewards = [event for event in episode.events if isinstance(event, StepRewarded)]
    info = log.find(episode.id)
    assert (info.scenario, info.seed, info.agent) == (scenario, 8, "random")
    assert (info.steps, info.total) == (len(rewards), rewards[-1].total if rewards else 0.0)
    assert (info.events, info.digest) == (len(episode.events), episode.events.digest)
    ends = [event for event in episode.events if isinstance(event, EpisodeEnded)]
    end = (ends[0].how, ends[0].reason) if ends else (None, None)
    assert (info.ended, info.reason) == end
    assert (info.ended_at is not None) is episode.over
    assert [info] == list(log.episodes())


def test_an_episodes_row_is_its_record(log):
    """Every field that is given comes back in its place, and the table has no other column."""
    times = {"started_at": "2026-01-02T03:04:05+00:00", "ended_at": "2026-01-02T03:04:06+00:00"}
    record = EpisodeRecord(
        "mine", EASY.name, 7, "me", "monday", 3, "1.2.3", **times, parent="yours", fork_at=2
    )
    payloads = Episode.start(EASY, seed=7).events.payloads
    log.begin(record, payloads, end=True)
    info = log.find("mine")
    assert EpisodeRecord(**record_fields(info)) == record
    log.begin(evolve(record, id="open"), payloads)
    assert EpisodeRecord(**record_fields(log.find("open"))) == evolve(
        record, id="open", ended_at=None
    )
    with closing(sqlite3.connect(log.path)) as connection:
        columns = connection.execute("SELECT name FROM pragma_table_info('episodes')").fetchall()
    key, uid, *others = [name for (name,) in columns]
    assert (key, uid) == ("id", "uid")
    assert ["id", *others] == list(RECORD_FIELDS)


def save(log, episode, rubric, score):
    """Save a grade by *rubric*, a letter that stands for its name and digest."""
    digest = log.find(episode).digest
    grade = encode({"rubric": rubric, "score": score})
    of = (rubric, 1, rubric * 64)
    log.save_grade(episode, digest=digest, rubric=of, score=score, grade=grade)


def test_grades_stand_beside_each_other_by_rubric(log):
    """Grading again replaces in its place; another rubric's stands behind; events stay."""
    for id in ("one", "two"):
        Episode.start(EASY, log=log, id=id)
    for episode, rubric, score in [("one", "b", 0.1), ("one", "a", 0.2), ("two", "a", 0.3)]:
        save(log, episode, rubric, score)
    before = contents(log)
    save(log, "one", "b", 0.4)
    found = [json.loads(grade) for grade in log.grades("one")]
    assert found == [{"rubric": "b", "score": 0.4}, {"rubric": "a", "score": 0.2}]
    assert log.grades("two") == [b'{"rubric":"a","score":0.3}']
    assert contents(log) == before


def test_a_grade_of_more_events_takes_the_place_of_an_earlier_one(log):
    """An episode that went on has one grade by a rubric: that of all its events."""
    episode = Episode.start(EASY, log=log, id="one")
    save_grade(log, "one", grade(episode.events))
    episode.step({"action_type": "wait"})
    save_grade(log, "one", grade(episode.events))
    assert log.grades("one") == [grade(episode.events).to_json()]


def test_a_grade_of_no_episode_is_refused(log):
    """A grade that would be stored nowhere is an error, not silence."""
    with pytest.raises(UnknownEpisode, match="episode 'nobody'"):
        log.save_grade("nobody", digest="0" * 64, rubric=("a", 1, "a" * 64), score=0, grade=b"{}")


@pytest.mark.parametrize("durable", [False, True])
def test_a_log_is_whole_in_one_file_once_it_is_closed(tmp_path, random_episode, durable):
    """A closed log leaves nothing beside it, and another instance reads all of it."""
    path = tmp_path / "log.db"
    with EventLog(path, durable=durable) as log:
        written = random_episode("workflow/expert", 4, log).events
        assert log.events("last").digest == written.digest
    assert list(tmp_path.iterdir()) == [path]
    with EventLog(path, readonly=True) as log:
        assert list(log.events("last")) == list(written)


def test_closing_twice_is_harmless(tmp_path):
    """A log that was closed can be closed again, as any file."""
    with EventLog(tmp_path / "log.db") as log:
        log.close()


@pytest.mark.parametrize("here", [True, False], ids=["here", "another-thread"])
def test_a_log_is_closed_with_its_owner(log, here):
    """In the thread that opened it: SQLite takes no other, and garbage is collected in any."""
    owners = [type("Owner", (), {})()]
    close_with(owners[0], log.close)
    if here:
        owners.clear()
    else:
        thread = Thread(target=owners.clear)
        thread.start()
        thread.join()
    assert not owners
    if here:
        with pytest.raises(NotALog, match="closed"):
            list(log.episodes())
    else:
        assert not list(log.episodes())
