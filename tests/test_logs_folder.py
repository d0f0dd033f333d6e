"""``--log FOLDER/``: the logs in a folder are read as the one that ``merge`` would make of them."""

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from forging import alter
from shell import Shell

from refold.engine import EventLog, NotALog, open_to_read
from refold.engine.log.logs import MOST_LOGS

READ = (
    "episodes --json --limit 0",
    "episodes",
    "episodes --limit 3 --json",
    "episodes --sort score --json",
    "episodes --sort -tokens --json",
    "episodes --sort agent",
    "episodes --sort -duration --limit 4",
    "episodes --below 0.9 --json",
    "episodes --grep refund --json",
    "episodes --scenario inbox --run dice",
    "episodes --tag odd",
    "episodes --rubric inbox/easy --scenario inbox/easy --json",
    "runs --json",
    "runs",
    "leaderboard --json",
    "leaderboard --run dice",
    "report dice --json",
    "report last",
    "compare dice greedy --json",
    "show FIRST --json",
    "show LAST",
    "show last --json",
    "show dice:inbox/easy:SEED --json",
    "show last:workflow/easy:7 --json",
    "replay LAST --json",
    "diff FIRST LAST",
    "group workflow/easy",
    "baseline",
    "what-if LAST --at 1 --agent greedy",
    "grade --json",
    "grade LAST",
    "grade --json --jobs 2",
    "regrade --rubric inbox/easy --scenario inbox/easy --json",
    "regrade --jobs 2 --json",
    "verify --json",
    "verify --jobs 2",
    "verify FIRST LAST",
    "manifest",
    "labels",
    "export",
    "export LAST",
    "export --as chat",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Return a shell beside three logs in a folder, one of them deeper, and beside their merger."""
    shell = Shell(tmp_path_factory.mktemp("logs"))
    (shell.at / "all" / "node-2").mkdir(parents=True)
    shell("record inbox/easy workflow/easy --agent random --epochs 2 --name dice --log all/b.db")
    shell("record workflow/easy --agent greedy --name greedy --log all/node-2/a.db")
    # The same run in another log, as shards have it.
    shell("record inbox/easy --agent random --epochs 2 --seed 9 --name dice --log all/node-2/a.db")
    shell("record workflow/easy --agent greedy --name third --seed 7 --log all/c.db")
    first = shell.ids("--log", "all/b.db")[0]
    shell(f"tag {first} odd --by me --log all/b.db")
    shell("grade --save --log all/b.db")
    shell("merge all/b.db all/node-2/a.db all/c.db -o merged.db")
    (shell.at / "all" / "notes.txt").write_text("no log")
    return shell


def words_of(made: Shell, words: str) -> str:
    """Return *words* with ids and a seed in place of the words for them."""
    ids = made.ids("--log", "merged.db")
    with EventLog(made.at / "merged.db", readonly=True) as log:
        seed = log.find(ids[0]).seed
    for name, value in {"FIRST": ids[0], "LAST": ids[-1], "SEED": str(seed)}.items():
        words = words.replace(name, value)
    return words


@pytest.mark.slow
@pytest.mark.parametrize("words", READ)
def test_as_of_the_merged_log(made: Shell, words: str) -> None:
    """Every command that reads says of the folder what it says of the merged log."""
    command = words_of(made, words)
    code = int(words.startswith("diff"))
    one, several = (made(f"{command} --log {log}", code=code) for log in ("merged.db", "all"))
    assert several.out.replace("--log all", "--log merged.db") == one.out
    assert several.err == one.err
    assert one.out


def test_runs_of_several_logs(made: Shell) -> None:
    """A run that lies in two logs is one, and each log has an index of its own beside it."""
    runs = {each["name"]: each["episodes"] for each in made("runs --json --log all/").json["runs"]}
    assert runs == {"dice": 6, "greedy": 1, "third": 1}
    assert (made.at / "all" / "b.db.index").exists()
    assert not (made.at / "all.index").exists()


@pytest.fixture
def shell(made: Shell, tmp_path: Path) -> Shell:
    """Return a shell beside a copy of the folder."""
    shutil.copytree(made.at / "all", tmp_path / "all")
    return Shell(tmp_path)


WRITING = (
    "record inbox/easy --agent random",
    "grade --save",
    "resume last",
    "fork last --at 1 --agent random",
    "tag last odd --by me",
    "note last odd --by me",
    "import all/b.jsonl",
)


@pytest.mark.parametrize("words", WRITING)
def test_writing_needs_a_file(shell: Shell, words: str) -> None:
    """A command that writes refuses a folder in a line, and changes nothing in it."""
    shell("export --log all/b.db -o all/b.jsonl")
    before = {path: path.stat().st_mtime_ns for path in (shell.at / "all").rglob("*.db")}
    shell.refuses(f"{words} --log all", match="expected a log file, got a directory; name a file")
    assert {path: path.stat().st_mtime_ns for path in (shell.at / "all").rglob("*.db")} == before


def test_a_folder_without_logs(shell: Shell) -> None:
    """It is refused, and so is one that has too many."""
    (shell.at / "empty").mkdir()
    shell.refuses("runs --log empty", match="expected a folder with logs, files that end in .db")
    for number in range(MOST_LOGS + 1):
        (shell.at / "empty" / f"{number}.db").touch()
    shell.refuses("runs --log empty", match=f"expected at most {MOST_LOGS} logs, got 201; `refold")


def test_an_episode_in_two_logs(shell: Shell) -> None:
    """Both logs are named, for a copy of a log too, and for each command."""
    shutil.copy(shell.at / "all" / "c.db", shell.at / "all" / "copy.db")
    (id,) = shell.ids("--log", "all/c.db")
    for words in ("runs", "episodes", "show last", f"grade {id}", "verify"):
        ran = shell.refuses(f"{words} --log all", match=f"episode {id}: expected it in one log")
        assert re.search(r"all/c.db and all/copy.db; move", ran.err)


def test_a_file_that_is_no_log(shell: Shell) -> None:
    """A database of another kind, an empty file, and a stranger's tables are named and refused."""
    with closing(sqlite3.connect(shell.at / "all" / "d.db")) as other:
        other.execute("CREATE TABLE t (a)")
    shell.refuses("episodes --log all", match="all/d.db: expected a refold log, got another SQLite")
    (shell.at / "all" / "d.db").write_bytes(b"")
    shell.refuses("episodes --log all", match="all/d.db: expected a refold log, got another kind")
    (shell.at / "all" / "d.db").unlink()
    trigger = "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM grades; END"
    with closing(sqlite3.connect(shell.at / "all" / "c.db")) as forged:
        forged.execute(trigger)
    shell.refuses("episodes --log all", match="all/c.db: expected ")


def test_a_damaged_log(shell: Shell) -> None:
    """What cannot be read is named and left out, and the rest of all logs is listed."""
    good = shell.ids("--log", "all")
    damage = "UPDATE events SET hash = zeroblob(32) WHERE seq = 3 AND episode = 1"
    alter(shell.at / "all" / "node-2" / "a.db", (damage,))
    ran = shell("grade --json --log all", code=1)
    (bad,) = set(good) - {each["episode"] for each in ran.json["grades"]}
    assert ran.err.startswith(f"left out: episode {bad} event 3: expected the stored hash to fit")
    assert f"{bad}  " in shell("verify --log all", code=1).out
    (shell.at / "all" / "c.db").write_bytes(b"SQLite format 3\0" + b"?" * 5000)
    shell.refuses("runs --log all", match="all/c.db: expected a")


def test_links(shell: Shell) -> None:
    """A link to a log is read, one to a folder is not followed, and one in a circle is told."""
    (shell.at / "all" / "loop").symlink_to(shell.at / "all", target_is_directory=True)
    number = len(shell.ids("--log", "all"))
    shutil.move(shell.at / "all" / "c.db", shell.at / "c.db")
    (shell.at / "all" / "c.db").symlink_to(shell.at / "c.db")
    assert len(shell.ids("--log", "all")) == number
    (shell.at / "all" / "c.db").unlink()
    (shell.at / "all" / "c.db").symlink_to("c.db")
    shell.refuses("runs --log all", match="all/c.db: expected a log, got no such file")


AS_NOBODY = """
import os, sys
from refold.engine import RefoldError
from refold.engine.log.logs import find_logs
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    find_logs(sys.argv[1])
except RefoldError as error:
    print(error)
"""


def test_a_folder_that_cannot_be_read() -> None:
    """It is named."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "node-2").mkdir(0)
        command = [sys.executable, "-c", AS_NOBODY, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "node-2: expected a folder that can be read, got Permission denied" in done.stdout


def test_damaged_indexes(shell: Shell) -> None:
    """Each index that is damaged is made anew, and one that cannot be is done without."""
    found = shell("runs --json --log all").out
    for path in (shell.at / "all").rglob("*.index"):
        path.write_bytes(path.read_bytes()[:2000])
    assert shell("runs --json --log all").out == found
    index = shell.at / "all" / "c.db.index"
    index.unlink()
    index.mkdir()
    assert shell("runs --json --log all").out == found
    assert shell("episodes --sort score --log all").out.count("\n") == 9


def test_output_into_a_log(shell: Shell) -> None:
    """What is exported never takes the place of one of the logs."""
    shell.refuses("export --log all -o all/c.db", match="no part of the log all/c.db, got one")


def test_in_python(made: Shell) -> None:
    """What would write to a folder, or is of one file, raises; what reads does not."""
    with open_to_read(str(made.at / "all")) as log:
        infos = list(log.episodes())
        assert [log.find(info.id) for info in infos] == infos
        assert [info.id for info in log.episodes(newest_first=True)] == [
            info.id for info in reversed(infos)
        ]
        assert log.count() == len(infos) == 8
        assert log.size == sum(path.stat().st_size for path in (made.at / "all").rglob("*.db"))
        for use in (lambda: log.begin(infos[0], []), lambda: log.database, log.stamp):
            with pytest.raises(NotALog, match="expected a log file, got a directory"):
                use()
