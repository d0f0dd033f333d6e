import json

import msgspec
import pytest
from attrs import evolve
from shell import Shell, check_refusal, copy_shell

from refold.engine import EventLog
from refold.engine.log.info import record_fields


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a shell with a log of several episodes, one of them open, and an export of each."""
    shell = Shell(tmp_path_factory.mktemp("shell"))
    (shell.at / "wait.jsonl").write_text('{"action_type":"wait"}')
    shell("record workflow/hard inbox/easy --agent random --epochs 2 --name first")
    shell("record workflow/easy --agent script:wait.jsonl --name half")
    for place, id in enumerate(shell.ids()):
        shell("export -o", f"{place}.jsonl", id)
    return shell


@pytest.fixture
def shell(made, tmp_path):
    """Return a copy of that, for a test to change."""
    return copy_shell(made, tmp_path)


def contents(path):
    """Return what the log at *path* tells of its episodes, and their stored bytes."""
    with EventLog(path, readonly=True) as log:
        return [(info, log.events(info.id).payloads) for info in log.episodes()]


def lines(shell, name="0.jsonl"):
    """Return header and events of an export."""
    header, *events = (shell.at / name).read_bytes().splitlines()
    return json.loads(header), events


def write(shell, header, events, name="0.jsonl"):
    """Write an export of *header* and *events*."""
    (shell.at / name).write_bytes(b"\n".join([msgspec.json.encode(header), *events, b""]))


def refuse(shell, match, *names):
    """Check that an import is refused into a new log, which is not made, and into one in use."""
    names = names or ("0.jsonl",)
    shell.refuses("import --log new.db", *names, match=match)
    shell("record inbox/hard --agent baseline --log used.db")
    before = contents(shell.at / "used.db")
    check_refusal(shell("import --log used.db", *names, code=2), match)
    assert contents(shell.at / "used.db") == before


def test_an_export_is_the_stored_bytes(shell):
    """A header line says what the log knows; below stand the stored events, byte for byte."""
    info, payloads = contents(shell.at / "refold.db")[0]
    header, events = lines(shell)
    assert events == list(payloads)
    assert (header["id"], header["digest"], header["events"]) == (info.id, info.digest, info.events)
    assert (header["agent"], header["run"], header["epoch"]) == ("random", "first", 0)
    assert shell("export", info.id).out.encode() == (shell.at / "0.jsonl").read_bytes()


def test_a_header_holds_the_whole_record(shell):
    """Whatever the log records of an episode is exported, under the same name."""
    info, payloads = contents(shell.at / "refold.db")[0]
    header, _ = lines(shell)
    told = {"type": "episode", "version": 1, "events": len(payloads), "digest": info.digest}
    assert header == {**told, **record_fields(info)}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "files", "pipe"])
def test_a_whole_log_survives_the_round_trip(shell, way):
    """
    Streams, digests, times and order arrive as they were, by file or by pipe.

    So does all else, but that the script of the episode that can still go on is marked.
    """
    exported = shell("export").out.encode()
    if way == "pipe":
        ran = shell.program("import - --log other.db", input=exported)
        assert ran.err == "5 episodes imported into other.db\n"
    elif way == "file":
        (shell.at / "all.jsonl").write_bytes(exported)
        shell("import all.jsonl --log other.db")
    else:
        shell("import --log other.db", *(f"{place}.jsonl" for place in range(5)))
    *whole, (half, payloads) = contents(shell.at / "refold.db")
    marked = evolve(half, agent="import:script:wait.jsonl")
    assert contents(shell.at / "other.db") == [*whole, (marked, payloads)]
    assert shell("export --log other.db").out.encode() == exported
    assert shell("verify --log other.db").err == "5 episodes checked, 0 wrong\n"


def test_an_import_tells_what_came(shell):
    """With --json the imported episodes are listed; the count is in words otherwise."""
    (came,) = shell("import 1.jsonl --log other.db --json").json["episodes"]
    assert came["digest"] == shell("episodes --json").json["episodes"][-2]["digest"]
    assert shell("import 2.jsonl --log other.db").err == "1 episode imported into other.db\n"


def test_an_open_episode_can_go_on_elsewhere(shell):
    """An episode that has no end is imported open, and, if trusted, resumed where it stands."""
    (shell.at / "wait.jsonl").write_text('{"action_type":"wait"}\n' * 99)
    shell("import 4.jsonl --log other.db")
    shell.refuses("resume last --log other.db", match="came with an import; `--trust` plays it")
    shell("resume last --trust --log other.db")
    (found,) = shell("episodes --log other.db --json").json["episodes"]
    assert (found["steps"], found["ended"]) == (15, "truncated")
    shell("verify --log other.db")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"digest": "0" * 64}, r"0.jsonl line 1: expected events of digest 000000000000, got"),
        ({"scenario": "workflow/easy"}, r"scenario: expected 'workflow/hard', as the events say"),
        ({"seed": 1}, r"seed: expected 44, as the events say, got 1; the file was altered"),
        ({"ended_at": None}, r"an end: expected True, as the events say, got False"),
        ({"epoch": 2**63}, r"expected epoch 0 to 9223372036854775807, got 9223372036854775808"),
        ({"seed": -1}, r"expected seed 0 to"),
        ({"events": 10**6}, r"expected 1000000 events after it, got .*the file is cut short"),
        ({"events": 3}, r"expected events of digest"),
        ({"events": 0}, r"expected episode_started, got no events"),
        ({"id": "last"}, r"episode id: expected 1 to 64 letters.*not 'last'"),
        ({"id": "../etc"}, r"episode id: expected 1 to 64 letters"),
        ({"version": 2}, r"line 1: expected the header of an exported episode, got"),
        ({"colour": "red"}, r"expected the header of an exported episode, got.*`colour`"),
        ({"type": "diary"}, r"expected the header of an exported episode, got"),
    ],
)
def test_an_altered_header(shell, change, match):
    """What a header says has to fit the events, or nothing is imported."""
    header, events = lines(shell)
    write(shell, header | change, events)
    refuse(shell, match)


@pytest.mark.parametrize(
    ("alter", "match"),
    [
        (lambda events: [events[0].replace(b":44", b":45", 1), *events[1:]], "file was altered"),
        (lambda events: events[:-1], r"events after it, got .*the file is cut short"),
        (lambda events: [*events[:-1], events[-1][:-20]], r"event \d+: expected an event, got"),
        (lambda events: [events[0], *events[2:], events[1]], "the file was altered"),
        (lambda events: [*events, b'{"type":"wait"}'], r"line \d+: expected the header"),
        (lambda events: [b"[]", *events[1:]], r"event 0: expected episode_started"),
        (lambda events: [b"\xff\xfe", *events[1:]], r"event 0: expected episode_started"),
        (
            lambda events: [events[0].replace(b'"workflow",', b'"poker",'), *events[1:]],
            r"expected .*'poker.1'",
        ),
    ],
    ids=["changed", "cut", "half a line", "moved", "more", "no start", "no text", "family"],
)
def test_altered_events(shell, alter, match):
    """Events that were changed, cut, moved or added are noticed, and nothing is imported."""
    header, events = lines(shell)
    write(shell, header, alter(events))
    refuse(shell, match)


@pytest.mark.parametrize(
    "content", [b"garbage", b"\0" * 99, b'{"type":"episode"}', b"[" * 10**5, b"\xff\n" * 9]
)
def test_no_export_at_all(shell, content):
    """A file that is something else is refused by its first line."""
    (shell.at / "0.jsonl").write_bytes(content)
    refuse(shell, "0.jsonl line 1: expected the header of an exported episode")


def test_all_or_nothing(shell):
    """One bad file, or one id that is taken, and no episode of the others is imported."""
    header, events = lines(shell, "2.jsonl")
    write(shell, header, events[:-1], "2.jsonl")
    refuse(shell, "2.jsonl line 1: .*cut short", "0.jsonl", "1.jsonl", "2.jsonl")
    taken = f"episode '{lines(shell)[0]['id']}': expected a new id, got one in use"
    shell.refuses("import 1.jsonl 0.jsonl", match=taken.replace(shell.ids()[0], shell.ids()[1]))
    refuse(shell, taken, "0.jsonl", "1.jsonl", "0.jsonl")


def test_an_empty_file(shell):
    """Nothing to import is a mistake, and makes no log."""
    (shell.at / "empty.jsonl").write_bytes(b"")
    refuse(shell, r"empty\.jsonl: expected exported episodes, got none", "empty.jsonl")


def test_an_export_is_not_begun_for_unknown_episodes(shell):
    """With a wrong id among the right ones the file stays as it was."""
    shell.refuses("export last nobody -o 0.jsonl", match="episode 'nobody'")


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("fork_at", 2**63, r"line 1: expected fork_at 0 to 9223372036854775807, got"),
        ("fork_at", -1, r"line 1: expected fork_at 0 to"),
        ("epoch", 2**63, r"line 1: expected epoch 0 to"),
        ("id", "x" * 10**6, r"line 1: expected id of at most 5000 characters, got 1000000"),
        ("id", "x" * 65, r"episode id: expected 1 to 64 letters"),
        ("agent", "x" * 10**6, r"line 1: expected agent of at most 5000 characters"),
        ("scenario", "x" * 10**6, r"line 1: expected scenario of at most 5000 characters"),
    ],
)
def test_a_header_out_of_bounds(shell, field, value, match):
    """A number that no column holds, or a name of any length, is one short line."""
    header, events = lines(shell)
    write(shell, {**header, "parent": "p", "fork_at": 1, field: value}, events)
    refuse(shell, match)
    assert len(shell("import 0.jsonl --log new.db", code=2).err) < 400
