"""Data frames without their libraries: what is read, and what is said where none is installed."""

import importlib.util
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from forging import alter
from recorded_runs import record

import refold
from refold.engine import EventLog, NotALog, RefoldError
from refold.reports import frames
from refold.reports.frames import Frames

NAMES = ("episodes", "steps", "model_calls", "messages", "tool_calls", "grades")


def only(*names: str):
    """Return a stand-in for ``find_spec`` that finds the libraries *names* alone."""
    real = importlib.util.find_spec
    return lambda name: real("json") if name in names else None


@pytest.mark.parametrize(
    ("installed", "using", "match"),
    [
        ((), None, "expected pandas or polars to be installed; `pip install pandas` or `pip insta"),
        ((), "pandas", r"^data frames: expected pandas to be installed; `pip install pandas`$"),
        (("pandas",), "polars", "expected polars to be installed; `pip install polars`$"),
        (("pandas",), "arrow", "using: expected 'pandas' or 'polars', got 'arrow'"),
    ],
)
def test_a_missing_library_is_named(log, monkeypatch, installed, using, match) -> None:
    """One line says what to install, at once."""
    monkeypatch.setattr(frames, "find_spec", only(*installed))
    with pytest.raises(RefoldError, match=match) as error:
        refold.read(log, using=using)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("installed", ["pandas", "polars"])
def test_a_library_that_is_there_is_enough(log, monkeypatch, installed) -> None:
    """Either of them will do."""
    monkeypatch.setattr(frames, "find_spec", only(installed))
    assert "tool_calls" in repr(refold.read(log))


def test_a_log_that_is_none_is_refused_at_once(tmp_path: Path, monkeypatch) -> None:
    """Not only when the first frame is asked for; and no file is made."""
    monkeypatch.setattr(frames, "find_spec", only("pandas"))
    with pytest.raises(NotALog, match="no such file"):
        refold.read(tmp_path / "no.db")
    assert not list(tmp_path.iterdir())


def test_columns_come_in_order_with_their_kinds(log: EventLog) -> None:
    """Episodes are in the order in which they began, whatever their ids; times are times."""
    ids = record(log, "one", "baseline", ["inbox/easy"], epochs=5)
    made = Frames(log, dict)
    kind, found = made.episodes["episode"]
    assert (kind, list(found)) == ("text", ids)
    kind, began = made.episodes["started_at"]
    assert kind == "time"
    assert all(isinstance(each, datetime) and each.tzinfo is UTC for each in began)
    pairs = zip(made.tool_calls["episode"][1], made.tool_calls["seq"][1], strict=True)
    assert list(pairs) == sorted(pairs_of(log, ids), key=lambda pair: (ids.index(pair[0]), pair[1]))


def pairs_of(log: EventLog, ids: list[str]) -> list[tuple[str, int]]:
    """Return episode and seq of every action."""
    return [
        (id, seq)
        for id in reversed(ids)
        for seq, event in enumerate(log.events(id))
        if type(event).__name__ == "ActionTaken"
    ]


def test_an_empty_log_has_all_columns(log: EventLog) -> None:
    """Frames without rows have the columns of the views."""
    made = Frames(log, lambda columns: {name: list(each) for name, (_, each) in columns.items()})
    for name in NAMES:
        found = getattr(made, name)
        assert found["episode"] == []
        assert len(found) >= 7


def test_a_time_that_is_none_is_null(log: EventLog) -> None:
    """The columns of times are no evidence, so anything may stand there."""
    with closing(sqlite3.connect(log.path, isolation_level=None)) as outsider:
        outsider.execute(
            "INSERT INTO episodes (uid, scenario, seed, agent, run, epoch, release, started_at,"
            " ended_at) VALUES ('x', 's', 1, 'a', 'r', 0, '1', 'then', '2026-01-31T10:00:00Z')"
        )
    made = Frames(log, dict).episodes
    assert made["started_at"] == ("time", [None])
    assert made["ended_at"] == ("time", [datetime(2026, 1, 31, 10, tzinfo=UTC)])


def test_a_damaged_log_is_said_to_be_one(log: EventLog) -> None:
    """An event that is no JSON is a line that names the log, as in all commands."""
    record(log, "one", "baseline", ["inbox/easy"])
    damaged = '{"type":"step_rewarded","step":'
    alter(log.path, ("UPDATE events SET payload = ? WHERE seq = 4", damaged))
    with pytest.raises(NotALog, match=r"expected a usable refold log, got malformed JSON"):
        assert Frames(log, dict).steps
