"""What was imported, exported and imported again is the same to the byte, where a format can."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import exporting
import pytest
import talks
import transcript_files as made

from refold.engine import EventLog, RefoldError
from refold.transcripts.exports.chat import chat_line
from refold.transcripts.exports.runs import read_run


@pytest.fixture
def other(tmp_path):
    """Return another log than the one exported from."""
    with EventLog(tmp_path / "other.db") as log:
        yield log


@pytest.mark.parametrize("kind", [*exporting.FORMATS, "verifiers"])
def test_atif_holds_every_import(log, other, tmp_path, kind):
    """A run of any tool comes back from ATIF with its digest, its id and its epoch."""
    for run in exporting.imported_runs(log, tmp_path, kind):
        data = json.dumps(exporting.atif(run)).encode()
        (back,) = exporting.import_bytes(other, data, "atif")
        assert (back.digest, back.id, back.agent) == (run.digest, run.info.id, run.trial.agent)
        assert back.epoch == run.info.epoch or run.trial.epoch is None


@pytest.mark.parametrize("kind", [*exporting.FORMATS, "verifiers"])
def test_inspect_holds_every_import(log, other, tmp_path, kind):
    """A run of any tool comes back from an ``.eval`` archive with its digest and its id."""
    runs = exporting.imported_runs(log, tmp_path, kind)
    back = exporting.import_bytes(other, exporting.archive(*runs), "inspect")
    assert [(each.digest, each.id) for each in back] == [(run.digest, run.info.id) for run in runs]


def test_runs_of_several_benchmarks_share_an_archive(log, other, tmp_path):
    """Each comes back with its own benchmark, agent and task, none twice under one sample id."""
    runs = [
        run
        for kind in ("chat", "tau2", "inspect", "verifiers")
        for run in exporting.imported_runs(log, tmp_path / kind, kind)
    ]
    runs += [read_run(log, run.info) for run in runs]
    data = exporting.archive(*runs)
    back = exporting.import_bytes(other, data, "inspect")
    assert [each.digest for each in back] == [run.digest for run in runs]
    names = [each for each in zipfile.ZipFile(BytesIO(data)).namelist() if "samples/" in each]
    assert len(names) == len(set(names)) == len(runs)


def test_chat_holds_chats(log, other, tmp_path):
    """Chat lines with fields of their API only come back with their digest."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": "Hi"},
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {
                            "id": "a",
                            "type": "function",
                            "function": {"name": "look", "arguments": '{"at": 1}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "a", "content": "it"},
                {"role": "assistant", "content": "I see.", "reasoning_content": "so"},
            ],
            "task": "t1",
            "model": "m",
            "seed": 3,
            "reward": 0.5,
            "scores": {"style": 1.0},
        }
    ]
    path = made.write_lines(tmp_path / "a.jsonl", lines)
    (info,) = exporting.import_file(log, path)
    line, left = chat_line(read_run(log, log.find(info.id)))
    (back,) = exporting.import_bytes(other, line, "chat")
    assert (back.digest, back.id, left) == (info.digest, info.id, {})


def test_an_import_into_the_same_log_adds_nothing(log, tmp_path):
    """What was exported from a log is known to it."""
    (run,) = exporting.imported_runs(log, tmp_path, "inspect")
    before = log.count()
    exporting.import_bytes(log, exporting.archive(run), "inspect")
    assert log.count() == before


@pytest.mark.parametrize("make", [exporting.shop, exporting.inbox])
def test_own_episodes_come_back_the_same_each_time(log, other, tmp_path, make):
    """By value: the second import has the digest of the first, and refold's grade as a score."""
    run = make(log)
    data = json.dumps(exporting.atif(run)).encode()
    (first,) = exporting.import_bytes(other, data, "atif")
    with EventLog(tmp_path / "third.db") as third:
        again = json.dumps(exporting.atif(read_run(other, other.find(first.id)))).encode()
        (second,) = exporting.import_bytes(third, again, "atif")
        (sample,) = exporting.import_bytes(third, exporting.archive(run), "inspect")
    assert first.id == second.id == sample.id
    back = read_run(other, other.find(first.id))
    given = {each.name: each.value for each in back.trial.scores}
    assert given["refold"] == run.grade.score
    assert len(back.trial.turns) == len(run.trial.turns)


def test_a_file_that_was_edited_is_read_as_it_stands(log, other):
    """What an editor took out or changed is not put back from what the export kept beside it."""
    document = exporting.atif(exporting.shop(log))
    document["steps"][1]["message"] = "Something else."
    (back,) = exporting.import_bytes(other, json.dumps(document).encode(), "atif")
    trial = read_run(other, other.find(back.id)).trial
    assert trial.beginning[-1]["content"] == "Something else."
    assert trial.turns[0].finish is None


@pytest.mark.parametrize(
    "kept",
    [1, {"of": "x"}, {"of": "x", "patch": {}, "more": 1}, "patch"],
)
def test_what_an_export_kept_may_be_forged(log, other, kept):
    """Anything else in its place is told in a line, and never trusted."""
    document = exporting.atif(exporting.shop(log))
    document["extra"]["refold"] = kept
    with pytest.raises(RefoldError, match=r"extra\.refold: (expected|object)"):
        exporting.import_bytes(other, json.dumps(document).encode(), "atif")


@pytest.mark.parametrize(
    "patch",
    [
        {"in": {"turns": {"in": {"x": {"is": 1}}}}},
        {"in": {"turns": {"is": 1}}},
        {"in": {"turns": 1}},
        {"in": {"benchmark": {"in": {"a": {"is": 1}}}}},
        {"in": 1},
        {"is": None},
        {"in": {"scores": {"is": [{"type": "score_given"}]}}},
    ],
)
def test_a_patch_that_does_not_fit(log, other, patch):
    """A forged patch is refused in a line; nothing of it reaches the log."""
    document = exporting.atif(exporting.shop(log))
    document["extra"]["refold"]["patch"] = patch
    with pytest.raises(RefoldError, match=r"x.*extra\.refold: (expected|object)"):
        exporting.import_bytes(other, json.dumps(document).encode(), "atif")
    assert other.count() == 0


def test_a_forged_patch_names_no_world(log, other):
    """An environment that is no format of a transcript is not taken from a file."""
    document = exporting.atif(exporting.shop(log))
    document["extra"]["refold"]["patch"]["in"]["environment"] = {"is": "python"}
    (back,) = exporting.import_bytes(other, json.dumps(document).encode(), "atif")
    assert b'"environment":"atif"' in other.events(back.id).payloads[0]


def test_a_hostile_conversation_comes_back(log, other):
    """Control characters and odd roles go through ATIF and inspect_ai, and come back equal."""
    run = exporting.store(log, talks.hostile_shop())
    (one,) = exporting.import_bytes(other, json.dumps(exporting.atif(run)).encode(), "atif")
    (two,) = exporting.import_bytes(other, exporting.archive(run), "inspect")
    assert one.id == two.id


def test_lone_surrogates_of_a_source(log, other, tmp_path: Path):
    """A half character in a source breaks neither the import nor a file that is written of it."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"messages": [{"role": "assistant", "content": "a\\ud800\\u0007b"}]}')
    (info,) = exporting.import_file(log, path)
    run = read_run(log, log.find(info.id))
    (back,) = exporting.import_bytes(other, json.dumps(exporting.atif(run)).encode(), "atif")
    assert back.digest == info.digest
