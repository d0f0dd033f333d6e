"""A log is what the protocol says, not what SQLite does: episodes live in one of forty lines."""

import pytest
from attrs import evolve
from sizes import SMALLEST_AND_LARGEST

from refold.engine import Episode, EpisodeRecord, EventLog, StaleWriter, Stream, UnknownEpisode
from refold.engine.chain import GENESIS, chain_heads
from refold.engine.errors import EpisodeExists
from refold.engine.log.protocol import Log, Tail
from refold.replays import verify
from refold.scenarios import load

WAIT = {"action_type": "wait"}
HARD = load("workflow/hard")


class MemoryLog:
    """A log in lists."""

    def __init__(self) -> None:
        self._records: list[EpisodeRecord] = []
        self._payloads: list[list[bytes]] = []

    def begin(self, record, payloads, *, end=False):
        """Add an episode to the lists, and its first events."""
        if record.id in [known.id for known in self._records]:
            raise EpisodeExists(f"episode {record.id!r}: expected a new id, got one in use")
        self._records.append(record)
        self._payloads.append([])
        return self.append(Tail(len(self._records) - 1, 0, GENESIS), payloads, end=end)

    def append(self, tail, payloads, *, end=False):
        """Add *payloads* if *tail* still is the end of its list."""
        stored = self._payloads[tail.key]
        if len(stored) != tail.seq:
            raise StaleWriter(f"expected event {tail.seq} to be next, got {len(stored)}")
        stored.extend(payloads)
        if end:
            self._records[tail.key] = evolve(self._records[tail.key], ended_at="now")
        return self._tail(tail.key)

    def find(self, reference):
        """Return the record of the id *reference*; there are no prefixes here."""
        return self._records[self._key(reference)]

    def tail(self, reference):
        """Return the end of an episode's list."""
        return self._tail(self._key(reference))

    def events(self, reference):
        """Return an episode's list as a stream."""
        return Stream.read(self._payloads[self._key(reference)], episode=reference)

    def _tail(self, key):
        payloads = self._payloads[key]
        return Tail(key, len(payloads), chain_heads(payloads)[-1])

    def _key(self, reference):
        for key, record in enumerate(self._records):
            if record.id == reference:
                return key
        raise UnknownEpisode(f"episode {reference!r}: expected a known id")


@pytest.fixture(params=["sqlite", "memory"])
def any_log(request, tmp_path):
    """Yield a new log of each kind: the one that refold ships, and the smallest one."""
    if request.param == "memory":
        yield MemoryLog()
        return
    with EventLog(tmp_path / "log.db") as log:
        yield log


def test_both_are_logs():
    """The protocol asks for five methods, and each kind of log has them."""
    methods = {name for name in vars(Log) if not name.startswith("_")}
    assert methods == {"begin", "append", "find", "tail", "events"}
    for kind in (EventLog, MemoryLog):
        assert all(callable(getattr(kind, name)) for name in methods)


@pytest.mark.parametrize("scenario", SMALLEST_AND_LARGEST)
def test_an_episode_is_the_same_in_any_log(any_log, random_episode, scenario):
    """Played into it and read back: the events, bytes and digest of one that has no log."""
    alone = random_episode(scenario, 5).events
    episode = random_episode(scenario, 5, any_log)
    read = any_log.events(episode.id)
    assert list(read) == list(episode.events) == list(alone)
    assert read.payloads == episode.events.payloads == alone.payloads
    assert read.digest == episode.events.digest == alone.digest
    assert verify(read) is None
    record = any_log.find(episode.id)
    assert (record.scenario, record.seed, record.agent) == (scenario, 5, "random")
    assert (record.ended_at is not None) is episode.over


def test_an_episode_is_resumed_from_any_log(any_log):
    """It continues where it stopped; the writer that it overtook is refused and unchanged."""
    first = Episode.start(HARD, log=any_log, id="mine")
    first.step(WAIT)
    second = Episode.resume(any_log, "mine")
    assert second.state == first.state
    second.step(WAIT)
    before = first.state
    with pytest.raises(StaleWriter, match="to be"):
        first.step(WAIT)
    assert first.state == before
    assert list(any_log.events("mine")) == list(second.events)


def test_an_episode_is_forked_into_any_log(any_log):
    """The fork shares the first steps to the byte, and its record tells where it came from."""
    episode = Episode.start(HARD, log=any_log, id="mine")
    episode.step(WAIT)
    episode.step(WAIT)
    fork = Episode.fork(episode.events, 1, log=any_log, parent="mine", id="fork")
    shared = any_log.events("fork").payloads
    assert shared == episode.events.payloads[: len(shared)] == fork.events.payloads
    record = any_log.find("fork")
    assert (record.parent, record.fork_at, record.ended_at) == ("mine", 1, None)


def test_what_is_not_there_or_twice_is_refused_by_any_log(any_log):
    """An id names one episode, and only one that was begun."""
    Episode.start(HARD, log=any_log, id="mine")
    with pytest.raises(EpisodeExists, match="'mine': expected a new id"):
        Episode.start(HARD, log=any_log, id="mine")
    with pytest.raises(UnknownEpisode, match="'yours'"):
        Episode.resume(any_log, "yours")
