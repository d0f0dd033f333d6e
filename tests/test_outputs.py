"""Files that commands write: never over what they read, and whole or not at all."""

import os
import resource
import signal
import stat
import tempfile
import threading
from pathlib import Path

import pytest
from shell import Shell, check_refusal, copy_shell

OUTPUTS = {
    "export": "export --log l.db -o",
    "replay": "replay last --log l.db --html",
    "diff": "diff last last --log l.db --html",
    "merge": "merge l.db -o",
}
NAMES = ["l.db", "./l.db", "sub/../l.db", "link.db", "hard.db", "l.db-wal", "l.db-shm", "far/l.db"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a log."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell("record workflow/easy inbox/easy --agent random --log l.db")
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a shell with a log, and a symbolic and a hard link to it."""
    shell = copy_shell(made, tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "far").symlink_to(tmp_path)
    (tmp_path / "link.db").symlink_to("l.db")
    os.link(tmp_path / "l.db", tmp_path / "hard.db")
    return shell


@pytest.mark.parametrize("name", [*NAMES, "l.db-journal"])
@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_no_output_destroys_the_log(shell, words, name):
    """However an output names the log or a part of it, it is refused and the log is whole."""
    shell.refuses(f"{words} {name}", match="no part of the log l.db|expected no such file yet")
    shell("verify --log l.db")


@pytest.mark.parametrize("name", ["link.db-wal", "l.db-wal"])
def test_the_parts_of_a_log_behind_a_link(shell, name):
    """SQLite keeps a log's parts beside the file that a link leads to: neither name is written."""
    shell.refuses(f"export --log link.db -o {name}", match="no part of the log link.db")


@pytest.mark.slow
def test_stdout_that_is_the_log(shell):
    """Stdout that a shell appends to the log is refused like any other output."""
    with (shell.at / "l.db").open("ab") as log:
        check_refusal(shell.program("export --log l.db", code=2, stdout=log), "--output -: ")
    shell("verify --log l.db")


def test_another_database_is_not_replaced(shell):
    """An output over a database that the command does not use is refused: it may be a log."""
    shell("record inbox/easy --agent random --log other.db")
    shell.refuses("export --log l.db -o other.db", match="got a database; remove it first")


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_no_log_is_made_under_a_name_that_sqlite_uses(shell, end):
    """A log called like a part of another would be taken for that part."""
    shell.refuses(f"record inbox/easy --agent random --log l.db{end}", match="expected a name that")


def test_an_output_replaces_a_file_and_keeps_its_mode(shell):
    """An existing file is replaced as a whole, with its permissions; a link stays a link."""
    old = shell.at / "old.html"
    old.write_text("old")
    old.chmod(0o640)
    (shell.at / "to-old.html").symlink_to("old.html")
    shell("replay last --log l.db --html to-old.html")
    assert (shell.at / "to-old.html").is_symlink()
    assert old.read_bytes().startswith(b"<!doctype html>")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert not [path for path in shell.at.iterdir() if path.name.endswith(".tmp")]


def test_no_room_leaves_the_old_file(shell):
    """A disk that is full leaves an existing file as it was, and no part of the new one."""
    (shell.at / "old.html").write_text("old")
    before = shell.files()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limit[1]))
    try:
        ran = shell("replay last --log l.db --html old.html", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    check_refusal(ran, "old.html: expected a file that can be written, got File too large")
    assert shell.files() == before


def test_an_interrupt_leaves_the_old_file(shell, monkeypatch):
    """Ctrl-C while a file is written leaves the old one, and nothing beside it."""
    (shell.at / "old.jsonl").write_text("old")
    before = shell.files()
    monkeypatch.setattr(os, "fsync", lambda _handle: signal.raise_signal(signal.SIGINT))
    shell("export --log l.db -o old.jsonl", code=130)
    assert shell.files() == before


MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a name of its own in it


@pytest.mark.skipif(not MEMORY.is_dir(), reason="needs a file system in /dev")
def test_a_file_in_memory_is_a_file(shell):
    """It is replaced as a whole or not at all, though its path begins as that of a device."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        other = Path(folder) / "other.db"
        shell("record inbox/easy --agent random --log", other)
        shell.refuses("export --log l.db -o", other, match="got a database; remove it first")


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_what_a_shell_has_opened(shell, folder):
    """A descriptor, such as `>(command)` and `<(command)` become, is written to and read itself."""
    lines = shell("export --log l.db").out.encode()
    with (shell.at / "opened").open("w+b") as file:
        shell("export --log l.db -o", f"{folder}/{file.fileno()}")
        assert os.stat(file.name).st_ino == os.fstat(file.fileno()).st_ino
        assert file.read() == lines
    reader, writer = os.pipe()
    with open(reader, "rb"), open(writer, "wb") as file:
        threading.Thread(target=lambda: (file.write(lines), file.close())).start()
        shell(f"import {folder}/{reader} --log imported.db")
    assert shell("export --log imported.db").out.encode() == lines
    shell.refuses(
        f"import {folder}/999 --log new.db", match="999: expected a file that can be read"
    )


@pytest.mark.slow
def test_devices_and_pipes_are_written_to(shell):
    """What is no file is no file afterwards either: a null device, stdout, a named pipe."""
    lines = shell("export --log l.db").out
    assert shell("export --log l.db -o /dev/null").out == ""
    assert shell.program("export --log l.db -o /dev/stdout").out == lines
    with (shell.at / "appended").open("ab") as file:
        file.write(b"kept\n")
        file.flush()
        shell.program("export --log l.db -o /dev/stdout", stdout=file)
    assert (shell.at / "appended").read_text() == f"kept\n{lines}"
    os.mkfifo(shell.at / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((shell.at / "pipe").read_text()))
    reader.start()
    shell("export --log l.db -o pipe")
    reader.join()
    assert read == [lines]


def test_a_failed_import_leaves_nothing(shell):
    """A refused import into a new log leaves no part of one, and names the log that was asked."""
    (shell.at / "bad.jsonl").write_text("{}")
    before = sorted(path.name for path in shell.at.iterdir())
    shell.refuses("import bad.jsonl --log new.db", match="bad.jsonl line 1: expected the header")
    assert sorted(path.name for path in shell.at.iterdir()) == before


def test_a_pipe_without_a_writer_is_not_waited_for(shell):
    """A named pipe is no file to import: nobody may ever write to it."""
    os.mkfifo(shell.at / "pipe")
    shell.refuses("import pipe --log new.db", match="pipe: expected a file that can be read, got a")
