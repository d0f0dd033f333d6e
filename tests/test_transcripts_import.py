"""The command that imports runs of other tools: once each, told where from, whole or not at all."""

import contextlib
import io
import json
import random
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import transcript_files as made
from mutating import mutate
from shell import Shell
from sizes import first_fast

from refold.engine import EventLog, RefoldError, Stream
from refold.graders import grade
from refold.replays.conversations import find_conversation_problem
from refold.replays.verification import verify
from refold.transcripts import archive, reading
from refold.transcripts.formats import REFOLD, find_format
from refold.transcripts.importing import Importer
from refold.transcripts.sources import Source

ALONE = ("atif", "chat", "claude-code", "inspect", "nemo-gym", "swe-agent", "tau2", "verifiers")
"""Formats of which a file stands for itself."""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def write_bad_and_good(folder: Path) -> Path:
    """Write chat JSON Lines of which the second line is none."""
    path = made.write_lines(folder / "some.jsonl", made.CHAT)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], '{"messages": [{"content": "x"}]}', lines[1]]))
    return path


@pytest.mark.parametrize("name", first_fast([*ALONE, "harbor"], 3))
def test_commands_work_on_what_was_imported(shell: Shell, name: str) -> None:
    """Whatever works on refold's own episodes works on these."""
    path = made.write_all(shell.at)[name]
    found = shell("import --json", path).json
    ids = [each["id"] for each in found["episodes"]]
    shell("verify")
    shell("grade --save")
    shell("diff", ids[0], ids[0])
    shell("replay", ids[0])
    shown = shell("show --json", ids[0]).json["episodes"][0]
    assert (shown["origin"]["format"], len(shown["origin"]["sha256"])) == (name, 64)
    shell("export -o all.jsonl")
    shell("import all.jsonl --log other.db")
    assert shell.ids("--log", "other.db") == ids


def test_given_scores(shell: Shell) -> None:
    """The source's scores come out as they stand in it, and a plain reward as such."""
    made.write_lines(shell.at / "r.jsonl", made.NEMO_GYM)
    (episode,) = shell("import r.jsonl --json").json["episodes"]
    assert episode["given"] == [{"name": "reward", "value": 0.75}]
    assert (episode["agent"], episode["steps"], episode["epoch"]) == ("qwen", 2, 1)
    shell("grade --save")
    assert shell("show last --json").json["episodes"][0]["score"] == 0.75


def test_once(shell: Shell) -> None:
    """A file that is imported again, or under another name, adds nothing, and that is said."""
    path = made.write_lines(shell.at / "a.jsonl", made.CHAT)
    assert shell("import a.jsonl").err.startswith("2 episodes imported into refold.db\n")
    path.rename(shell.at / "b.jsonl")
    again = shell("import b.jsonl --json").json
    assert (again["episodes"], again["skipped"]) == ([], 2)
    assert "0 episodes imported into refold.db, 2 there already\n" in shell("import b.jsonl").err
    assert len(shell.ids()) == 2


def test_equal_lines_are_runs_of_their_own(shell: Shell) -> None:
    """Five equal trials in a file are five episodes, and still so the second time."""
    made.write_lines(shell.at / "a.jsonl", made.CHAT[:1] * 5)
    found = shell("import a.jsonl --json").json["episodes"]
    assert [each["epoch"] for each in found] == [0, 1, 2, 3, 4]
    assert len({each["digest"] for each in found}) == 1
    assert shell("import a.jsonl --json").json["skipped"] == 5


def test_digests_do_not_depend_on_the_place(shell: Shell) -> None:
    """The same trial in another folder, beside others, has the same id and digest."""
    made.write_lines(shell.at / "a.jsonl", made.CHAT)
    (shell.at / "deep").mkdir()
    made.write_lines(shell.at / "deep" / "z.jsonl", made.CHAT[::-1])
    one = shell("import a.jsonl --json --log one.db").json["episodes"]
    other = shell("import deep --json --log other.db").json["episodes"]
    key = ("id", "digest")
    assert [[each[k] for k in key] for each in one] == [
        [each[k] for k in key] for each in other[::-1]
    ]


def test_a_folder(shell: Shell) -> None:
    """All files of a folder are read, those of other kinds told; runs are named after files."""
    (shell.at / "in").mkdir()
    made.write_all(shell.at / "in")
    (shell.at / "in" / "other.json").write_text('{"colour": "red"}')
    (shell.at / "in" / "link.json").symlink_to("/etc/hostname")
    ran = shell("import in")
    assert ran.err.startswith("11 episodes imported into refold.db\n1 file of other kinds skipped")
    assert "in/other.json" in ran.err
    runs = {each["name"] for each in shell("runs --json").json["runs"]}
    assert {"trial", "sums", "traces"} <= runs


def test_run_and_format_can_be_said(shell: Shell) -> None:
    """``--run`` names the run, ``--from`` the format; a wrong one is an error."""
    made.write_lines(shell.at / "a.jsonl", made.CHAT)
    (first, _) = shell("import a.jsonl --from chat --run monday --json").json["episodes"]
    assert first["run"] == "monday"
    ran = shell("import a.jsonl --from atif", code=2)
    assert ran.err.startswith("left out: a.jsonl: expected JSON, got JSON is malformed")
    assert "refold: a.jsonl: expected at least one run that can be read, got none\n" in ran.err


def test_stdin(shell: Shell) -> None:
    """A file can come through a pipe."""
    path = made.write_eval(shell.at / "a.eval", [made.inspect_sample()])
    piped = io.BytesIO(path.read_bytes())
    (found,) = shell("import - --json", stdin=piped).json["episodes"]
    assert found["scenario"] == "sums/1"


def test_a_bad_trial_is_left_out(shell: Shell) -> None:
    """It is told in a line with file, place and what was expected; the others go in."""
    write_bad_and_good(shell.at)
    ran = shell("import some.jsonl --json", code=1)
    assert len(ran.json["episodes"]) == 2
    line = "some.jsonl line 2: $.messages[0]: expected an object with a role, got another value"
    assert ran.err == f"left out: {line}\n"
    assert ran.json["report"]["left_out"] == [line]


def test_strict(shell: Shell) -> None:
    """With ``--strict`` one bad trial refuses all, and nothing is left behind."""
    write_bad_and_good(shell.at)
    shell.refuses("import some.jsonl --strict", match=r"some\.jsonl line 2: .*without --strict")
    assert not (shell.at / "refold.db").exists()


def test_report(shell: Shell) -> None:
    """What was not kept or understood is counted by field: in a line, in a list, in JSON."""
    made.write_json(shell.at / "a.json", made.ATIF)
    ran = shell("import a.json --report")
    assert "not kept: steps[].timestamp (1), steps[].metrics.logprobs (1)\n" in ran.err
    assert "steps[].metrics.logprobs" in ran.out
    made.write_json(shell.at / "b.json", {**made.ATIF, "session_id": "b", "mood": "good"})
    report = shell("import b.json --json").json["report"]
    assert report["not_understood"] == {"mood": 1}
    assert report["not_kept"] == {"steps[].timestamp": 1, "steps[].metrics.logprobs": 1}


def test_agents_that_could_cost_something_are_marked(shell: Shell) -> None:
    """A name that ``resume`` would act on is only a claim."""
    made.write_lines(shell.at / "a.jsonl", [{**made.CHAT[0], "model": "openai:gpt-4o"}])
    (found,) = shell("import a.jsonl --json").json["episodes"]
    assert found["agent"] == "import:openai:gpt-4o"


def test_a_request_cannot_be_blanked() -> None:
    """What an import may leave untold, an episode that refold played may not."""
    path = Path(__file__).parent / "formats" / "asked-v1-json.jsonl"
    payloads = path.read_bytes().splitlines()
    assert find_conversation_problem(Stream.read(payloads, episode="e")) is None
    blank = [re.sub(rb'"request":"[0-9a-f]{64}"', b'"request":""', each) for each in payloads]
    assert blank != payloads
    problem = find_conversation_problem(Stream.read(blank, episode="e"))
    assert problem is not None
    assert "request: expected digest" in problem


def test_merge_keeps_origins(shell: Shell) -> None:
    """Logs that are merged still tell where their episodes came from."""
    made.write_json(shell.at / "a.json", made.ATIF)
    shell("import a.json")
    shell("merge refold.db -o all.db")
    with EventLog(shell.at / "all.db", readonly=True) as log:
        origin = log.origin(shell.ids()[0])
    assert origin is not None
    assert (origin.file, origin.format, origin.version) == ("a.json", "atif", "ATIF-v1.7")


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


HOSTILE: dict[str, Any] = {
    "deep line": lambda p: p.write_text('{"messages":' + deep(10**5) + "}"),
    "deep value": lambda p: p.write_text(
        '{"messages":[{"role":"user","content":' + deep(500) + "}]}"
    ),
    "not an object": lambda p: p.write_text('{"messages":5}\n[1]\n"x"\n'),
    "not Unicode": lambda p: p.write_bytes(b'{"messages":[{"role":"\xff\xfe"}]}'),
    "half an archive": lambda p: p.write_bytes(b"PK\x03\x04" + b"\0" * 99),
    "numbers": lambda p: made.write_lines(
        p, [{"messages": [{"role": 1}], "reward": 10**400, "seed": 10**30}]
    ),
    "steps": lambda p: made.write_json(p, {**made.ATIF, "steps": [None, 1]}),
    "circle": lambda p: made.write_lines(
        p, [{**made.VERIFIERS[0], "nodes": [{"message": made.MESSAGES[0], "parent": 0}]}]
    ),
    "no sample": lambda p: made.write_eval(p, [{"id": 1, "epoch": 1, "messages": {}}]),
    "chunks": lambda p: made.write_eval(p, []) and add(p, "samples/1_epoch_1/sample.json", "{}"),
}


def add(path: Path, name: str, content: str) -> None:
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, content)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(shell: Shell, name: str) -> None:
    """Whatever a file holds, the answer is words, a line each, and no part of a log."""
    HOSTILE[name](shell.at / "bad")
    ran = shell("import bad", code=2)
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert all(line.startswith(("left out: bad", "refold: bad")) for line in ran.err.splitlines())
    assert not (shell.at / "refold.db").exists()


def test_a_zip_bomb(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that declares more than the limit is not read, and the others are."""
    monkeypatch.setattr(archive, "LARGEST_ENTRY", 2**20)
    bomb = made.inspect_sample(2, store={"x": "0" * 2**21})
    made.write_eval(shell.at / "a.eval", [bomb, made.inspect_sample(1)])
    ran = shell("import a.eval --json", code=1)
    assert [each["scenario"] for each in ran.json["episodes"]] == ["sums/1"]
    assert "a.eval samples/2_epoch_1.json: expected at most 1048576 bytes, got 2" in ran.err


def test_zstandard_without_its_package(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that cannot be read here says what to install."""
    if sys.version_info >= (3, 14):
        pytest.skip("this Python reads Zstandard itself")
    path = made.write_eval(shell.at / "a.eval", [made.inspect_sample()], zipfile.ZIP_STORED)
    content = path.read_bytes()
    place = content.index(b"PK\x01\x02") + 10  # the method, in the central directory
    path.write_bytes(content[:place] + b"\x5d" + content[place + 1 :])
    monkeypatch.setitem(sys.modules, "backports", None)
    assert "pip install 'refold[zstd]'" in shell("import a.eval", code=2).err


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_damaged_entry(shell: Shell, method: int) -> None:
    """An entry whose content does not fit its checksum is left out, and the others are read."""
    samples = [made.inspect_sample(id) for id in (1, 2)]
    path = made.write_eval(shell.at / "a.eval", samples, method)
    content = bytearray(path.read_bytes())
    content[content.index(b"samples/1_epoch_1.json") + 200] ^= 0xFF
    path.write_bytes(content)
    ran = shell("import a.eval --json", code=1)
    assert [each["scenario"] for each in ran.json["episodes"]] == ["sums/2"]
    assert ran.err.startswith("left out: a.eval samples/1_epoch_1.json: expected")


def test_attachments_that_multiply(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file whose references come to more than a sample may have is refused."""
    monkeypatch.setattr("refold.transcripts.inspect_logs.LARGEST_SAMPLE", 1000)
    messages = [{"role": "user", "content": "attachment://abc"}] * 200
    made.write_eval(shell.at / "a.eval", [made.inspect_sample(messages=messages)])
    assert "expected at most 1000 letters, got more" in shell("import a.eval", code=2).err


def test_a_line_that_is_too_long(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out without being read into memory, and the lines after it are read."""
    monkeypatch.setattr(reading, "LONGEST_LINE", 10_000)
    long = {"messages": [{"role": "user", "content": "x" * 50_000}]}
    made.write_lines(shell.at / "a.jsonl", [made.CHAT[0], long, made.CHAT[1]])
    ran = shell("import a.jsonl --json", code=1)
    assert len(ran.json["episodes"]) == 2
    assert ran.err == "left out: a.jsonl line 2: expected at most 10000 bytes, got more\n"


def test_what_python_writes_beside_json(shell: Shell) -> None:
    """NaN and half surrogates are kept as far as they can be, and are no scores."""
    text = json.dumps({**made.CHAT[0], "loss": float("nan"), "reward": float("inf")})
    (shell.at / "a.jsonl").write_text(text.replace("It is 4.", "It is \\ud800 4."))
    (found,) = shell("import a.jsonl --json").json["episodes"]
    assert found["given"] == []
    with EventLog(shell.at / "refold.db", readonly=True) as log:
        payloads = b"".join(log.events(found["id"]).payloads)
    assert b'"loss":{"$float":"nan"}' in payloads
    assert "It is � 4.".encode() in payloads


def check_mutations(folder: Path, seeds: range) -> None:
    """Import a mutated file for each of *seeds*: words, or episodes that are sound."""
    files = {name: path for name, path in made.write_all(folder).items() if path.is_file()}
    assert tuple(files) == ALONE
    with EventLog(folder / "log.db") as log:
        for seed in seeds:
            name = ALONE[seed % len(ALONE)]
            data = io.BytesIO(mutate(files[name].read_bytes(), random.Random(seed)))
            with contextlib.suppress(RefoldError):
                kind = name if seed % 3 else find_format(data, "bad")
                if kind != REFOLD:
                    check_import(log, Source(data, "bad"), kind)


def check_import(log: EventLog, source: Source, kind: str) -> None:
    """Import *source*, and check each episode as ``verify`` and ``grade`` would."""
    importer = Importer(log)
    for each in importer.read(source, kind, run="r"):
        stream = log.events(each.info.id)
        assert verify(stream) is None
        assert find_conversation_problem(stream) is None
        grade(stream)
    assert all("\n" not in problem for problem in importer.report.problems)


def test_mutated_files(tmp_path: Path) -> None:
    """Hundreds of damaged files are words or sound episodes, never a crash."""
    check_mutations(tmp_path, range(300))


@pytest.mark.slow
def test_many_mutated_files(tmp_path: Path) -> None:
    """So are eight thousand."""
    check_mutations(tmp_path, range(1000, 9000))
