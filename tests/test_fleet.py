"""What travels between driver and workers, and what each side makes of it, without Ray."""

import asyncio
import os
import sqlite3
import sys
import zlib
from pathlib import Path

import msgspec
import pytest
from attrs import evolve
from shell import Shell

from refold.agents.mock.model import MockModel
from refold.commands.shared.model_options import USUAL_CHOICES
from refold.engine import Episode, EventLog, RefoldError
from refold.engine.chain import chain_heads
from refold.engine.errors import LogBusy
from refold.environments import Worlds
from refold.fleet import shards
from refold.fleet.bundles import Job, Result, pack, unpack
from refold.fleet.ledger import Ledger
from refold.fleet.player import BatchPlayer, Setup, without_secrets
from refold.fleet.preflight import Found, Needs, look, report
from refold.graders import grade, saved_grades
from refold.release import RELEASE
from refold.scenarios import load


class Both:
    """A log with open episodes, the driver's ledger of them, and workers on a node in *folder*."""

    def __init__(self, folder: Path, scenarios: list[str], agent: str = "greedy") -> None:
        self.log = EventLog(folder / "run.db")
        self.scores: list[float | None] = []
        ids = []
        for place, name in enumerate(scenarios):
            scenario, epoch = load(name), scenarios[:place].count(name)
            where = {"log": self.log, "agent": agent, "run": "run", "epoch": epoch}
            ids.append(Episode.start(scenario, seed=scenario.seed + epoch, **where).id)
        self.infos = [self.log.find(id) for id in ids]
        self.ids = ids
        self.agent = agent
        self.ledger = self.new_ledger()

    def new_ledger(self) -> Ledger:
        """Return the ledger of a driver that has just begun."""
        return Ledger(
            self.log, self.infos, lambda found: self.scores.extend(f.score for f in found)
        )

    def worker(self, **changes: object) -> BatchPlayer:
        """Return a worker."""
        choices = evolve(USUAL_CHOICES, max_retries=0, **changes)
        setup = Setup(self.ids[0], [self.agent], (), choices, Worlds(), str(Path.cwd()), 1)
        return BatchPlayer(setup)

    def play(self, ids: list[str] | None = None) -> bytes:
        """Return what a new worker makes of the episodes *ids*, of all if None."""

        async def work() -> bytes:
            worker = self.worker()
            await worker.open()
            bundle, problem = await worker.play(self.ledger.jobs(self.ids if ids is None else ids))
            assert problem is None
            return bundle

        return asyncio.run(work())


@pytest.fixture(autouse=True)
def _ending(monkeypatch):
    """Close the logs that are left open, as the end of a driver's or worker's process does."""
    opened: list[EventLog] = []
    start = EventLog.__init__

    def remember(log: EventLog, *given: object, **named: object) -> None:
        start(log, *given, **named)
        opened.append(log)

    monkeypatch.setattr(EventLog, "__init__", remember)
    yield
    for log in opened:
        log.close()


@pytest.fixture
def node(tmp_path, monkeypatch):
    """Return a node's disk, which is where temporary files go."""
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    return disk


@pytest.fixture
def both(tmp_path, node):
    return Both(tmp_path, ["workflow/easy", "workflow/hard", "workflow/medium"])


def changed(bundle: bytes, place: int, **fields: object) -> bytes:
    """Return *bundle* with other *fields* of the result at *place*."""
    results = list(unpack(bundle, Result))
    results[place] = msgspec.structs.replace(results[place], **fields)
    return pack(tuple(results))


def test_what_a_worker_played_is_what_one_process_plays(both, tmp_path):
    """Events and grades are equal to the byte, and done is done."""
    shell = Shell(tmp_path)
    shell("record workflow/easy workflow/hard workflow/medium --agent greedy --log one.db")
    taken = both.ledger.take(both.play())
    assert taken.done == set(both.ids)
    assert both.ledger.open() == []
    with EventLog(tmp_path / "one.db", readonly=True) as one:
        pairs = list(zip(one.episodes(), both.log.episodes(), strict=True))
        assert [a.digest for a, _ in pairs] == [b.digest for _, b in pairs]
        assert [one.grades(a.id) for a, _ in pairs] == [both.log.grades(b.id) for _, b in pairs]
    assert both.scores == [saved_grades(both.log, id)[0].score for id in both.ids]


def test_the_same_bundle_twice_changes_nothing(both):
    """A retry is no duplicate."""
    bundle = both.play()
    both.ledger.take(bundle)
    before = [(info.digest, info.events) for info in both.log.episodes()]
    assert both.ledger.take(bundle).done == frozenset()
    assert [(info.digest, info.events) for info in both.log.episodes()] == before
    assert both.ledger.refused == 0


def test_what_was_shipped_is_not_stored_twice(both):
    """A bundle may begin before the end of what the log has by now, if that is its beginning."""
    bundle = both.play(both.ids[:1])
    (whole,) = unpack(bundle, Result)
    short = whole.payloads[:3]
    prefix = both.log.events(both.ids[0]).payloads + short
    head = Episode.resume(both.log, both.ids[0]).events
    assert len(head) == whole.first
    digest = chain_heads(prefix)[-1].hex()
    part = changed(bundle, 0, payloads=short, digest=digest, played=False, grade=None)
    assert both.ledger.take(part).done == frozenset()
    assert both.log.find(both.ids[0]).events == len(prefix)
    assert both.ledger.take(bundle).done == {both.ids[0]}
    assert both.log.find(both.ids[0]).digest == whole.digest


@pytest.mark.parametrize(
    "fields",
    [
        {"digest": "0" * 64},
        {"first": 0},
        {"first": 10**6},
        {"id": "nobody"},
        {"payloads": (b'{"type":"x"}',)},
    ],
)
def test_what_does_not_go_on_as_the_log_does_is_left_out(both, fields):
    """An answer whose hashes do not fit is counted, and the others of its bundle are stored."""
    bundle = changed(both.play(), 1, **fields)
    before = both.log.find(both.ids[1]).digest
    assert both.ledger.take(bundle).done == {both.ids[0], both.ids[2]}
    assert both.log.find(both.ids[1]).digest == before
    assert both.ledger.refused == 1
    assert both.ledger.open() == [both.ids[1]]


def test_of_two_ways_the_first_stays(both):
    """Of two answers that differ, the one that came first is kept; the other is counted."""
    bundle = both.play(both.ids[:1])
    step = both.log.events(both.ids[0])
    other = Episode.start(load("workflow/easy"), agent="greedy")
    other.step({"action_type": "wait"})
    stream = other.events
    assert stream.payloads[: len(step)] == step.payloads
    result = shards.result_of(both.ids[0], len(step), stream, played=False)
    both.ledger.take(pack((result,)))
    assert both.ledger.take(bundle).done == frozenset()
    assert both.ledger.refused == 1
    assert both.log.find(both.ids[0]).digest == stream.digest


@pytest.mark.parametrize("payload", [b"no event", b'{"type":"x","y":"\xff"}', b'["type"]'])
def test_what_is_no_event_is_left_out(both, payload):
    """Bytes that a log cannot hold are refused even with a hash that fits."""
    (result,) = unpack(both.play(both.ids[:1]), Result)
    tail = both.log.tail(both.ids[0])
    head = chain_heads([payload], head=tail.head, seq=tail.seq)[-1].hex()
    bundle = changed(pack((result,)), 0, payloads=(payload,), digest=head, grade=None)
    assert both.ledger.take(bundle).done == frozenset()
    assert both.ledger.refused == 1
    assert both.log.find(both.ids[0]).events == result.first


def test_an_episode_that_is_twice_in_a_bundle_is_stored_once(both):
    """Whatever a worker sends, an episode is done once."""
    results = unpack(both.play(), Result)
    assert both.ledger.take(pack((*results, results[0]))).done == set(both.ids)
    assert len(both.scores) == 3


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        b"no bundle",
        zlib.compress(b"no message"),
        zlib.compress(msgspec.msgpack.encode([["id", "1", [], ""]])),
        zlib.compress(msgspec.msgpack.encode([["id", 0, [], ""]]))[:-3],
    ],
)
def test_what_is_no_bundle_is_told_in_a_line(both, bundle):
    """Bytes that are none of a worker's end the run with one line, and store nothing."""
    with pytest.raises(RefoldError, match=r"^bundle: expected episodes of a worker, got [^\n]*$"):
        both.ledger.take(bundle)


@pytest.mark.parametrize("content", [b"{}", b"\xff", b"[" * 2000, b'{"score": 2'])
def test_a_grade_that_is_none_stores_nothing_of_its_bundle(both, content):
    """One grade that cannot be read rolls the whole bundle back."""
    bundle = changed(both.play(), 2, grade=content)
    before = [info.digest for info in both.log.episodes()]
    with pytest.raises(RefoldError, match="bundle: expected the grade of episode"):
        both.ledger.take(bundle)
    assert [info.digest for info in both.log.episodes()] == before


def test_the_grade_of_other_events_is_not_saved(both):
    """A grade counts for the events that it names only; the episode is stored all the same."""
    bundle = both.play()
    others = unpack(bundle, Result)[0].grade
    assert both.ledger.take(changed(bundle, 2, grade=others)).done == set(both.ids)
    assert [len(both.log.grades(id)) for id in both.ids] == [1, 1, 0]
    assert both.scores[2] is None


@pytest.mark.slow
def test_a_locked_log_takes_nothing_and_loses_nothing(both, tmp_path):
    """While another writer holds the log, a bundle is rolled back whole; a resumed run has it."""
    bundle = both.play()
    before = [info.digest for info in both.log.episodes()]
    other = sqlite3.connect(tmp_path / "run.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogBusy, match="stop the other writer"):
        both.ledger.take(bundle)
    other.execute("ROLLBACK")
    other.close()
    assert [info.digest for info in both.log.episodes()] == before
    again = both.new_ledger()
    found = shards.gather(both.ids[0], again.wanted(both.ids))
    assert again.take(found).done == set(both.ids)


def test_what_dead_workers_left_is_gathered(both, node):
    """Of an episode in several shards, the one that ended counts; damaged shards are left out."""
    both.play(both.ids[:1])
    both.play(both.ids[1:])
    (folder,) = node.glob("refold-fleet-*/*")
    folder.joinpath("broken.db").write_bytes(b"SQLite format 3\0, or so it begins")
    with shards.new_shard(folder) as shard:
        job = unpack(both.ledger.jobs(both.ids[:1]), Job)[0]
        shard.begin(job.record, job.payloads)
        Episode.resume(shard, job.record.id).step({"action_type": "wait"})
    found = shards.gather(both.ids[0], both.ledger.wanted(both.ids))
    assert both.ledger.take(found).done == set(both.ids)
    shards.remove(both.ids[0])
    assert unpack(shards.gather(both.ids[0], {both.ids[0]: 1}), Result) == ()


def test_an_episode_that_goes_on_is_gathered_without_a_grade(both, node):
    """What a dead worker had begun is stored as far as it got, and played on from there."""
    folder = shards.folder_of(both.ids[0])
    with shards.new_shard(folder) as shard:
        job = unpack(both.ledger.jobs(both.ids[:1]), Job)[0]
        shard.begin(job.record, job.payloads)
        Episode.resume(shard, job.record.id).step({"action_type": "wait"})
    taken = both.ledger.take(shards.gather(both.ids[0], both.ledger.wanted(both.ids)))
    assert taken.done == frozenset()
    assert both.log.grades(both.ids[0]) == []
    assert both.log.find(both.ids[0]).steps == 1
    assert both.ledger.take(both.play()).done == set(both.ids)
    stream = both.log.events(both.ids[0])
    assert saved_grades(both.log, both.ids[0]) == [grade(stream)]


def test_a_shard_folder_of_somebody_else_is_refused(node):
    """Another user could have made the folder before: what lies there is not taken for ours."""
    folder = node / f"refold-fleet-{os.getuid()}"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with pytest.raises(RefoldError, match="expected a folder that is yours alone"):
        shards.folder_of("run")
    folder.rmdir()
    folder.symlink_to(node)
    with pytest.raises(RefoldError, match="expected a folder that is yours alone"):
        shards.folder_of("run")


@pytest.mark.parametrize("run", ["../elsewhere", "..", "/etc", "a/b", ""])
def test_an_id_of_a_hostile_log_is_no_path(node, run):
    """Nothing is made or removed outside of the folder, whatever a log calls its episodes."""
    for use in (shards.folder_of, shards.remove, lambda run: shards.gather(run, {})):
        with pytest.raises(RefoldError, match="episode id: expected"):
            use(run)
    assert list(node.iterdir()) == []


def test_a_bundle_is_small(tmp_path, node):
    """16 episodes of the task `hard` take at most 2.2 kB each on their way back."""
    both = Both(tmp_path, ["workflow/hard"] * 16, agent="random")
    assert len(both.play()) <= 16 * 2200


def test_an_episode_that_is_dealt_to_its_worker_again_gets_a_new_shard(both):
    """A worker may get an episode twice, as when its first answer was left out."""

    async def work() -> list[bytes]:
        worker = both.worker()
        await worker.open()
        return [(await worker.play(both.ledger.jobs(both.ids)))[0] for _ in range(2)]

    first, second = asyncio.run(work())
    assert first == second
    assert both.ledger.take(second).done == set(both.ids)


@pytest.mark.slow
def test_a_worker_ships_what_it_has_and_tells_what_stops_it(tmp_path, node):
    """What was recorded before a key was refused comes with the error."""
    both = Both(tmp_path, ["workflow/easy"], agent="openai:mock")

    async def work(url: str) -> tuple[bytes, object]:
        worker = both.worker(base_url=url)
        await worker.open()
        bundle, problem = await worker.play(both.ledger.jobs(both.ids))
        assert unpack(worker.ship(), Result) == ()
        return bundle, problem

    with MockModel(faults=["unauthorized"]) as model:
        bundle, problem = asyncio.run(work(model.base_url))
    assert "refused the key" in str(problem.restored())
    assert problem.restored().cause == "auth"
    before = both.log.find(both.ids[0]).events
    assert both.ledger.take(bundle).done == frozenset()
    assert both.log.find(both.ids[0]).events > before  # how the model is asked


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"api_key": "sk-1"}, "--api-key: expected no key"),
        ({"base_url": "http://me:secret@127.0.0.1/v1"}, "--base-url: expected an address without"),
        ({"base_url": "http://127.0.0.1/v1?key=secret"}, "--base-url: expected an address without"),
        ({"reuse": True}, "--reuse: expected no --fleet"),
        ({"offline": True}, "--offline: expected no --fleet"),
    ],
)
def test_nothing_secret_goes_to_workers(changes, words):
    """Keys, and addresses that hold some, are refused before anything is begun."""
    with pytest.raises(RefoldError, match=words) as caught:
        without_secrets(evolve(USUAL_CHOICES, **changes))
    assert "secret" not in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_a_node_says_what_it_lacks(monkeypatch):
    """Release, families and key are looked at, and each node that cannot play is named."""
    for name in ("OPENAI_API_KEY", "API_KEY", "HF_TOKEN", "OPENAI_BASE_URL", "API_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    families = [("workflow", 1)]
    assert look(Needs(RELEASE, families, None)) == Found(None)
    assert "expected release 9, got" in look(Needs("9", families, None)).problem
    assert "chess" in look(Needs(RELEASE, [("chess", 1)], None)).problem
    asked = Needs(RELEASE, families, USUAL_CHOICES)
    without = look(asked)
    assert "expected a key" in without.problem
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert look(asked) == Found(None, True)
    monkeypatch.delenv("OPENAI_API_KEY")
    local = evolve(asked, choices=evolve(USUAL_CHOICES, base_url="http://127.0.0.1:1/v1"))
    assert look(local) == Found(None, False)
    with pytest.raises(RefoldError, match=r"^fleet: node b: model: expected a key .* \(1 more"):
        report([("a", Found(None, True)), ("b", without)], asked)
    assert report([("a", Found(None, True))], asked).endswith("each with a key")
    assert report([("a", Found(None, False)), ("b", Found(None))], local).endswith("no key on a, b")


def test_wrong_options_are_refused_and_nothing_is_begun(tmp_path):
    """Bad words about fleets are one line and exit code 2; no log is made."""
    shell = Shell(tmp_path)
    for words, problem in (
        ("--fleet dask", "expected ray or ray=ADDRESS, got 'dask'"),
        ("--fleet ray=", "expected ray or ray=ADDRESS, got 'ray='"),
        ("--workers 2", "--workers: expected --fleet beside it"),
        ("--requests-per-minute 2", "--requests-per-minute: expected --fleet beside it"),
        ("--fleet ray --api-key sk-1", "--api-key: expected no key with --fleet"),
        ("--fleet ray --workers 0", "expected a whole number from 1 to 10000, got"),
    ):
        ran = shell(f"record workflow/easy --agent greedy {words}", code=2)
        assert problem in ran.err
        assert ran.err.count("\n") == 1
    assert not (tmp_path / "refold.db").exists()


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    """Without Ray, one line says what to install, and nothing is begun."""
    monkeypatch.setitem(sys.modules, "ray", None)
    ran = Shell(tmp_path)("record workflow/easy --agent greedy --fleet ray", code=2)
    assert ran.err == (
        "refold: --fleet: expected the extra 'ray', got none; `pip install 'refold[ray]'` brings "
        "it\n"
    )
    assert not (tmp_path / "refold.db").exists()


@pytest.mark.slow
def test_ray_is_imported_only_when_asked_for(tmp_path):
    """Commands that may play on a fleet do not wait for Ray's import."""
    script = (
        "import sys; from refold import cli; code = cli.run(sys.argv[1:]); "
        "sys.exit(code or 'ray' in sys.modules)"
    )
    Shell(tmp_path).program("record workflow/easy --agent greedy", script=script)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "expected a Ray cluster at 127.0.0.1:1, got"),
        ("127.0.0.1:99999999", "expected a Ray cluster at 127.0.0.1:99999999, got"),
        ("ray://127.0.0.1:10001", "expected auto or the HOST:PORT"),
        ("nowhere", "expected auto or the HOST:PORT"),
    ],
)
def test_a_wrong_address_is_told_at_once(tmp_path, address, words):
    """No cluster there: one line, within seconds, and nothing is begun."""
    ran = Shell(tmp_path)(f"record workflow/easy --agent greedy --fleet ray={address}", code=2)
    assert f"--fleet: {words}" in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "refold.db").exists()
