import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from shell import Shell, check_refusal

from refold.engine import Episode, EventLog, NotALog, RefoldError
from refold.engine.errors import DiskFull, LogMoved, NewerLog
from refold.engine.log.file import sqlite_errors
from refold.engine.log.schema import VERSION
from refold.scenarios import load

MAIL = load("inbox/easy")
MODES = pytest.mark.parametrize("readonly", [True, False], ids=["readonly", "writing"])


def record_at(path):
    """Return *path*, after making a log there that holds the episode ``one``."""
    with EventLog(path) as log:
        Episode.start(MAIL, log=log, id="one")
    return path


@pytest.fixture
def recorded(tmp_path):
    """Return the path of a closed log that holds the episode ``one``."""
    return record_at(tmp_path / "log.db")


@pytest.fixture
def reachable():
    """Return the path of such a log that any user can reach; pytest's folders are its user's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield record_at(folder / "log.db")
        folder.chmod(0o700)


def database(path, script):
    """Run *script* on the database at *path*, made if missing, with plain sqlite3."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def folder_at(path):
    path.mkdir()


def text_at(path):
    path.write_text("Dear log, today I ran an agent.")


def header_at(path):
    path.write_bytes(b"SQLite format 3\0" + b"but not really" * 100)


def database_at(path):
    database(path, "CREATE TABLE events (id INTEGER PRIMARY KEY, payload TEXT)")


def wal_database_at(path):
    database(path, "PRAGMA journal_mode = WAL; CREATE TABLE events (payload)")


def impostor_at(path):
    pragmas = "PRAGMA application_id = 0x72666c64; PRAGMA user_version = 1"
    database(path, f"{pragmas}; CREATE TABLE events (payload)")


NO_LOGS = {
    "folder": (folder_at, "expected a log file, got a directory"),
    "text": (text_at, "expected a refold log, got another kind of file"),
    "header": (header_at, "expected a refold log, got another kind of file"),
    "database": (database_at, "expected a refold log, got another SQLite database"),
    "wal": (wal_database_at, "expected a refold log, got another SQLite database"),
    "impostor": (impostor_at, "expected the schema of a refold log, got another"),
}


@MODES
@pytest.mark.parametrize(("make", "words"), NO_LOGS.values(), ids=NO_LOGS)
def test_what_is_no_log_is_refused_and_left_alone(tmp_path, make, words, readonly):
    """A file of another kind is one clear error, and not a byte of it changes."""
    path = tmp_path / "it"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(NotALog, match=words):
        EventLog(path, readonly=readonly)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.db", "expected a log, got no such file; `refold record` makes one"),
        ("missing/log.db", "expected a log, got no such file"),
        ("empty", "expected a refold log, got another kind of file"),
        ("empty/log.db", "expected a log, got no such file"),
        ("x" * 300, "expected a .*, got .*[Nn]ame too long"),
    ],
    ids=["missing", "missing-folder", "empty", "file-as-folder", "long"],
)
def test_reading_makes_no_file(tmp_path, name, words):
    """Opened only for reading, a log that is not there is an error, not a new log."""
    (tmp_path / "empty").touch()
    with pytest.raises(NotALog, match=words):
        EventLog(tmp_path / name, readonly=True)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    assert (tmp_path / "empty").stat().st_size == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/log.db", "expected an existing folder, got '.*missing'"),
        ("file/log.db", "expected an existing folder, got '.*file'"),
        ("x" * 300, "expected a .*, got .*[Nn]ame too long"),
    ],
    ids=["missing-folder", "file-as-folder", "long"],
)
def test_a_log_is_made_in_an_existing_folder_only(tmp_path, name, words):
    """Writing makes the file, not the folders around it."""
    (tmp_path / "file").touch()
    with pytest.raises(NotALog, match=words):
        EventLog(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["what?mode=ro#x", "50%41.db", "ein Löwe.db", ":memory:"])
def test_any_file_name_will_do(tmp_path, name):
    """A name is taken by the letter, whatever it would mean in a URI or to SQLite."""
    with EventLog(tmp_path / name) as log:
        Episode.start(MAIL, log=log, id="one")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with EventLog(tmp_path / name, readonly=True) as log:
        assert log.find("last").id == "one"


def test_an_empty_file_becomes_a_log(tmp_path):
    """An empty file, as ``mktemp`` makes one, is as good as none for writing."""
    path = tmp_path / "log.db"
    path.touch()
    with EventLog(path) as log:
        assert log.count() == 0


@MODES
def test_a_newer_log_is_refused_and_left_alone(recorded, readonly):
    """A log of a later release is an error of its own that says what to do."""
    database(recorded, f"PRAGMA user_version = {VERSION + 1}")
    before = recorded.read_bytes()
    words = f"expected log version {VERSION} or older, got {VERSION + 1}; update refold"
    with pytest.raises(NewerLog, match=words):
        EventLog(recorded, readonly=readonly)
    assert recorded.read_bytes() == before


def archive_all(episode):
    """Play *episode* to its end."""
    while not episode.over:
        episode.step({"type": "archive"})


def unlink(path):
    """Remove the log at *path*."""
    path.unlink()


def replace(path):
    """Put another log at *path*."""
    EventLog(path.with_name("other.db")).close()
    path.with_name("other.db").replace(path)


@pytest.mark.parametrize(("hit", "got"), [(unlink, "no file"), (replace, "another file")])
def test_a_log_that_went_away_while_it_is_written_is_an_error(tmp_path, hit, got):
    """At the episode's end at the latest: what is written to a file without a name is lost."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        episode = Episode.start(load("inbox/easy"), log=log)
        hit(path)
        with pytest.raises(LogMoved, match=rf"expected the log that was opened, got {got} there"):
            archive_all(episode)
        assert not episode.over


def test_another_working_folder_moves_no_log(tmp_path, monkeypatch):
    """A relative path means the folder that the process was in when it opened the log."""
    monkeypatch.chdir(tmp_path)
    with EventLog("log.db") as log:
        episode = Episode.start(load("inbox/easy"), log=log)
        monkeypatch.chdir("/")
        archive_all(episode)
        assert log.find(episode.id).ended


def test_a_full_disk_is_told_as_one():
    """What is written to a full disk is told by that name, and what to do."""
    with closing(sqlite3.connect(":memory:")) as full:
        full.execute("PRAGMA max_page_count = 2")
        with pytest.raises(DiskFull, match=r"log\.db: expected room on the disk, got none"):
            write_much(full)


def write_much(connection):
    """Write more than two pages."""
    with sqlite_errors("log.db"):
        connection.execute("CREATE TABLE large AS SELECT zeroblob(100000)")


def test_a_write_that_fails_is_told_not_its_rollback(tmp_path):
    """Whatever the disk refuses, the error is the disk's, and what was stored stays readable."""
    shell = Shell(tmp_path)
    shell("record inbox/easy --agent random --log log.db --name a")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limit[1]))
    try:
        ran = shell("record workflow/hard --agent random --epochs 50 --log log.db", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    check_refusal(ran, "expected a usable refold log, got disk I/O error")
    assert "1 episode checked, 0 wrong" in shell("verify --log log.db").err


def test_a_readonly_log_reads_and_does_not_write(recorded):
    """Everything can be read; every way to write is refused, and the file stays as it was."""
    before = recorded.read_bytes()
    grade = {"digest": "0" * 64, "rubric": ("a", 1, "a" * 64), "score": 0.0, "grade": b"{}"}
    with EventLog(recorded, readonly=True) as log:
        assert len(log.events("one")) == 2
        assert [info.id for info in log.episodes()] == ["one"]
        for write in (
            lambda: Episode.start(MAIL, log=log),
            lambda: log.append(log.tail("one"), [b'{"type":"x"}']),
            lambda: log.save_grade("one", **grade),
        ):
            with pytest.raises(RefoldError, match=r"readonly|read-only"):
                write()
    assert recorded.read_bytes() == before


def test_a_reader_sees_what_a_writer_adds(recorded):
    """Readers need not be opened anew, nor wait for the writer to close."""
    with EventLog(recorded) as log, EventLog(recorded, readonly=True) as reader:
        for id in ("two", "three"):
            Episode.start(MAIL, log=log, id=id)
            assert reader.find("last").id == id


AS_NOBODY = """
import os, sys, tempfile
from refold.engine import Episode, EventLog, RefoldError
from refold.scenarios import load
with tempfile.TemporaryDirectory() as folder, EventLog(f"{folder}/log.db") as log:
    # Nobody may be unable to read Python itself; so what this imports, root imports.
    Episode.start(load("inbox/easy"), log=log, id="one")
    list(log.episodes()), log.events("one")
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with EventLog(sys.argv[1], readonly=sys.argv[2] == "True") as log:
        print([info.id for info in log.episodes()], len(log.events("one")))
except RefoldError as error:
    print(type(error).__name__, error)
"""


def as_nobody(path, *, readonly):
    """Return the words of a process without rights that opens *path*."""
    command = [sys.executable, "-c", AS_NOBODY, str(path), str(readonly)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.slow
@MODES
def test_a_log_without_permission_is_an_error(reachable, readonly):
    """A file that may not be read is one clear line."""
    reachable.chmod(0)
    said = as_nobody(reachable, readonly=readonly)
    assert said == f"NotALog {reachable}: expected a readable log, got Permission denied"


@pytest.mark.slow
@MODES
def test_a_log_in_a_closed_folder_is_an_error(reachable, readonly):
    """A file in a folder that may not be entered is one clear line as well."""
    reachable.parent.chmod(0o600)
    said = as_nobody(reachable, readonly=readonly)
    assert said.startswith(f"NotALog {reachable}: expected a")
    assert said.endswith("Permission denied")


@pytest.mark.slow
def test_a_log_that_cannot_be_written_can_be_read(reachable):
    """File and folder without write permission, as in an archive: reading works all the same."""
    reachable.chmod(0o444)
    reachable.parent.chmod(0o555)
    assert as_nobody(reachable, readonly=True) == "['one'] 2"
    assert as_nobody(reachable, readonly=False).startswith(f"NotALog {reachable}: expected a")


@pytest.mark.slow
def test_what_a_crash_left_beside_a_log_is_not_overlooked(reachable):
    """Where the write-ahead log cannot be read, there is an error, never half of the episodes."""
    archive = reachable.parent / "archive"
    archive.mkdir()
    with EventLog(reachable) as log:
        Episode.start(MAIL, log=log, id="two")
        for path in (reachable, reachable.parent / "log.db-wal"):
            shutil.copy(path, archive)
    archive.chmod(0o555)
    said = as_nobody(archive / "log.db", readonly=True)
    assert said.startswith(f"NotALog {archive / 'log.db'}: expected a") or "'two'" in said
