"""Data frames of the real libraries: the rows of the views, with the types that they need."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pandas
import polars
import pytest
import talks
from pages import blocks
from recorded_runs import called, record
from test_docs import Reader

import refold
from refold.engine import Episode
from refold.reports.frames import Frames
from refold.scenarios import load

NAMES = ("episodes", "steps", "model_calls", "messages", "tool_calls", "grades")
LIBRARIES = ("pandas", "polars")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a log with a talk, an episode of the rules, and one that is left."""
    with refold.EventLog(tmp_path / "refold.db") as log:
        talks.shop(log)
        (id,) = record(log, "one", "baseline", ["inbox/easy"])
        left = Episode.start(load("inbox/easy"), log=log, agent="x", run="left")
        left.note(called(None))
        given = refold.grade(log.events(id))
        rubric = (given.rubric.name, given.rubric.version, given.rubric.digest)
        log.save_grade(
            id,
            digest=given.episode_digest,
            rubric=rubric,
            score=given.score,
            grade=given.to_json(),
        )
    return tmp_path / "refold.db"


@pytest.mark.parametrize("name", NAMES)
def test_both_libraries_give_the_same_rows(path: Path, name: str) -> None:
    """Columns, order and values are equal, nulls included."""
    ours = getattr(refold.read(path, using="pandas"), name)
    theirs = getattr(refold.read(path, using="polars"), name)
    assert isinstance(ours, pandas.DataFrame)
    assert isinstance(theirs, polars.DataFrame)
    assert list(ours.columns) == theirs.columns
    plain = ours.astype(object).where(ours.notna(), None)
    assert [tuple(row) for row in plain.itertuples(index=False)] == theirs.rows()
    assert len(theirs)


def test_types_of_pandas(path: Path) -> None:
    """Integers stay integers beside nulls; times know their zone; missing values are null."""
    episodes = refold.read(path, using="pandas").episodes
    kinds = {name: str(episodes[name].dtype) for name in episodes}
    assert (kinds["steps"], kinds["total"], kinds["agent"]) == ("Int64", "float64", "string")
    assert kinds["started_at"] == kinds["ended_at"] == "datetime64[ms, UTC]"
    left = episodes[episodes.run == "left"].iloc[0]
    assert pandas.isna(left.ended_at)
    assert pandas.isna(left.score)
    assert pandas.isna(left.input_tokens)
    assert episodes.input_tokens.sum() == 5 * 900


def test_types_of_polars(path: Path) -> None:
    """The same in polars, where times can be computed with as they are."""
    episodes = refold.read(path, using="polars").episodes
    kinds = dict(zip(episodes.columns, episodes.dtypes, strict=True))
    assert kinds["steps"] == kinds["fork_at"] == polars.Int64
    assert kinds["cost"] == kinds["score"] == polars.Float64
    assert kinds["started_at"] == polars.Datetime("ms", "UTC")
    assert episodes["parent"].dtype == polars.String
    began = episodes["started_at"][0]
    assert abs((datetime.now(UTC) - began).total_seconds()) < 600


@pytest.mark.parametrize("using", LIBRARIES)
def test_frames_of_an_empty_log_have_their_columns(tmp_path: Path, using: str) -> None:
    """What is computed from a log works on an empty one."""
    with refold.EventLog(tmp_path / "empty.db") as log:
        frames = refold.read(log, using=using)
        for name in NAMES:
            assert getattr(frames, name).shape[0] == 0
            assert getattr(frames, name).shape[1] >= 7
        assert str(frames.episodes["started_at"].dtype).lower().startswith("datetime")


def test_whichever_is_installed_is_used(path: Path) -> None:
    """Pandas is taken where both are there; an open log can be given in place of a path."""
    with refold.EventLog(path) as log:
        frames = refold.read(log)
        assert isinstance(frames, Frames)
        assert isinstance(frames.episodes, pandas.DataFrame)


def test_the_page_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of the page on queries that needs these libraries prints what stands below."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFOLD_LOG", raising=False)
    reader = Reader()
    reader.read("docs/query.md")
    count = 0
    for (language, name, _), (_, _, shown) in pairwise(blocks("docs/query.md")):
        if language == "python" and name:
            reader.compare(shown, reader.run(f"python {name}"), name)
            count += 1
    assert count == 2
