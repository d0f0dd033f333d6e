"""Events of older formats: read as this release's, stored as they were; goldens of each format."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from shell import Shell

from refold.engine import EventLog, LogDamaged, StepRewarded, Stream, fold_to
from refold.engine.chain import chain_heads
from refold.engine.codec import FORMAT
from refold.engine.log.schema import APPLICATION_ID, VERSION
from refold.engine.registry import all_families
from refold.engine.upcasting import UPCASTS
from refold.graders import grade
from refold.replays import verify
from refold.replays.golden import find_goldens, read_golden

FORMATS = Path(__file__).parent / "formats"
EXPORTS = sorted([*FORMATS.glob("v*.jsonl"), *FORMATS.glob("answered-v*.jsonl")])
LOGS = sorted(FORMATS.glob("log-v*.sql"))


def upcast_v0_v1(event):
    """Read an invented format 0, in which workers were agents and rewards had no parts."""
    if "agent" in event:
        event["worker"] = event.pop("agent")
    if event["type"] == "step_rewarded":
        event.setdefault("parts", {})
    return event


def as_format_0(payloads):
    """Return *payloads* as the invented format 0 would have stored them."""
    old = []
    for payload in payloads:
        event = msgspec.json.decode(payload)
        if event["type"] == "episode_started":
            event["format"] = 0
        if "worker" in event:
            event["agent"] = event.pop("worker")
        if event["type"] == "step_rewarded" and not event["parts"]:
            del event["parts"]
        old.append(msgspec.json.encode(event))
    return old


@pytest.fixture
def live():
    """Return a stream of this release."""
    return read_golden(next(path for path in find_goldens() if "workflow-hard" in path.name))


def test_an_older_format_is_read_as_this_one(live):
    """Same events, states, grade and verdict; the stored bytes and their digest are the old."""
    stored = as_format_0(live.payloads)
    assert any(b'"agent":' in payload for payload in stored)
    read = Stream.read(stored, episode="x", upcasts={0: upcast_v0_v1})
    assert list(read)[1:] == list(live)[1:]
    assert read.payloads == tuple(stored)
    assert read.digest == chain_heads(stored)[-1].hex() != live.digest
    assert read.current[1:] == live.payloads[1:]
    assert fold_to(read, 3) == fold_to(live, 3)
    assert grade(read).breakdown == grade(live).breakdown
    assert grade(read).episode_digest == read.digest
    assert verify(read) is None


def test_a_change_in_an_older_format_is_found(live):
    """Deciding again is against what the old events say, at the same place."""
    stored = as_format_0(live.payloads)
    seq = next(seq for seq, event in enumerate(live) if isinstance(event, StepRewarded))
    stored[seq] = msgspec.json.encode(msgspec.json.decode(stored[seq]) | {"reward": 9.0})
    read = Stream.read(stored, episode="x", upcasts={0: upcast_v0_v1})
    found = verify(read)
    assert (found.seq, found.difference[0]) == (seq, "$.reward")


def test_an_older_stream_goes_on_in_the_new_form(live):
    """A stream whose beginning is old and whose end is new, as resuming leaves it, is read."""
    half = len(live) // 2
    stored = [*as_format_0(live.payloads)[:half], *live.payloads[half:]]
    read = Stream.read(stored, episode="x", upcasts={0: upcast_v0_v1})
    assert list(read)[1:] == list(live)[1:]


def test_formats_are_raised_one_by_one(live):
    """Each function reads one format; those from the stream's on are applied in their order."""
    payload = live.payloads[0].replace(b'"format":1', b'"format":-1')
    seen = []

    def note(number):
        return lambda event: seen.append((number, event["type"])) or event

    Stream.read([payload], episode="x", upcasts={-1: note(-1), 0: note(0), FORMAT: note(FORMAT)})
    assert seen == [(-1, "episode_started"), (0, "episode_started")]


@pytest.mark.parametrize(
    ("old", "upcasts", "match"),
    [
        (0, UPCASTS, "episode x event 0: expected an event format from 1 to 1, got 0"),
        (-1, {0: upcast_v0_v1}, "event 0: expected an event format from 0 to 1, got -1"),
        (0, {0: lambda event: event["nothing"]}, "event 0: expected an event, got KeyError"),
        (0, {0: lambda event: event | {"type": "x"}}, "event 0: expected an event, got"),
    ],
)
def test_what_no_function_reads_is_damage(live, old, upcasts, match):
    """A format that never was, or an event that is none of its format."""
    payload = live.payloads[0].replace(b'"format":1', b'"format":%d' % old)
    with pytest.raises(LogDamaged, match=match):
        Stream.read([payload], episode="x", upcasts=upcasts)


def digests(path):
    """Return the digest of each episode of a log."""
    with EventLog(path, readonly=True) as log:
        return {info.id: log.events(info.id).digest for info in log.episodes()}


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_exports_of_every_format(tmp_path, path):
    """An export of each format is imported, verified and graded for ever, its digest the same."""
    shell = Shell(tmp_path)
    shell("import", path)
    lines = map(msgspec.json.decode, path.read_bytes().splitlines())
    headers = [line for line in lines if line["type"] == "episode"]
    assert digests(tmp_path / "refold.db") == {each["id"]: each["digest"] for each in headers}
    shell("verify")
    shell("grade")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_logs_of_every_version(tmp_path, path):
    """A log of each version is read as it is, brought up to date when written to, and the same."""
    log = tmp_path / "refold.db"
    with closing(sqlite3.connect(log)) as connection:
        connection.executescript(path.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    shell = Shell(tmp_path)
    shell("verify")
    before = digests(log)
    shell("record inbox/easy --agent baseline")
    shell("verify")
    assert before.items() <= digests(log).items()


def test_each_version_has_its_golden():
    """Whoever raises a format or a version stores what it was before, of every family."""
    names = [f"{head}v{n}.jsonl" for head in ("answered-", "") for n in range(1, FORMAT + 1)]
    assert [path.name for path in EXPORTS] == names
    assert [path.name for path in LOGS] == [f"log-v{n}.sql" for n in range(1, VERSION + 1)]
    assert set(UPCASTS) == set(range(1, FORMAT))
    stored = "".join(path.read_text() for path in EXPORTS)
    for family in all_families():
        assert f'"family":"{family.name}"' in stored
    assert f"PRAGMA application_id = {APPLICATION_ID};" in LOGS[-1].read_text()
