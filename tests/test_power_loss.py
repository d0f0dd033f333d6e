import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from power import Disk

from refold.engine import EventLog, RefoldError
from refold.engine.folding import step_ranges

pytestmark = pytest.mark.slow

CUTS = 200
LIES = 60


@pytest.fixture(params=["normal", "durable"])
def recorded(tmp_path, request):
    """Return a log that was recorded through the shim, and the trace of what was written."""
    path, trace = tmp_path / "log.db", tmp_path / "trace"
    program = [sys.executable, Path(__file__).with_name("power.py"), path, trace]
    subprocess.run(program + ["durable"] * (request.param == "durable"), check=True)
    with EventLog(path, readonly=True) as log:
        streams = {info.id: log.events(info.id) for info in log.episodes()}
    return request.param, streams, msgspec.msgpack.decode(trace.read_bytes())


def cuts(trace, dice, number):
    """Return places in *trace*, half of them right after a sync, a deletion or the like."""
    rare = [place for place, line in enumerate(trace) if line[0] not in ("write", "acknowledged")]
    near = [place + dice.choice([0, 1, 1, 2, 3]) for place in dice.choices(rare, k=number // 2)]
    return sorted(near + dice.choices(range(len(trace)), k=number - len(near)))


def after_cuts(tmp_path, trace, disk, number=CUTS):
    """Yield, for each of many cuts, the events acknowledged by then, and what is found after it."""
    dice = random.Random(5)
    acknowledged, done = {}, 0
    for place, cut in enumerate(cuts(trace, dice, number)):
        for kind, name, *more in trace[done:cut]:
            if kind == "acknowledged":
                acknowledged[name] = more[0]
            else:
                disk.do(kind, name, *more)
        done = max(done, cut)
        folder = tmp_path / str(place)
        disk.cut(folder, dice)
        yield acknowledged, folder / "log.db"
        shutil.rmtree(folder)


def found_in(path):
    """Return the stored bytes of every episode in a log after a power cut, which must be sound."""
    with EventLog(path) as log:
        found = {info.id: log.events(info.id).payloads for info in log.episodes()}
        for id, payloads in found.items():
            assert log.find(id).events == len(payloads)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return found


def test_a_power_cut(tmp_path, recorded):
    """Never a corrupt log nor half a step; with ``durable`` nothing acknowledged is lost."""
    mode, streams, trace = recorded
    stops = {id: [each.stop for each in step_ranges(stream)] for id, stream in streams.items()}
    lost = kept = 0
    for acknowledged, path in after_cuts(tmp_path, trace, Disk()):
        found = found_in(path)
        for id, payloads in found.items():
            assert payloads == streams[id].payloads[: len(payloads)]
            assert len(payloads) in stops[id]
        short = [id for id, events in acknowledged.items() if len(found.get(id, ())) < events]
        assert not (short and mode == "durable")
        lost += bool(short)
        kept += any(acknowledged.values()) and not short
    assert kept > CUTS / 10
    assert lost > CUTS / 10 or mode == "durable"


def test_a_disk_that_lies(tmp_path, recorded):
    """The checks above do find something: without syncs, logs are corrupt or steps lost."""
    _, _, trace = recorded
    bad = 0
    for acknowledged, path in after_cuts(tmp_path, trace, Disk(lying=True), LIES):
        try:
            found = found_in(path)
        except (RefoldError, AssertionError, sqlite3.Error):
            bad += 1
        else:
            bad += any(len(found.get(id, ())) < events for id, events in acknowledged.items())
    assert bad > LIES / 2
