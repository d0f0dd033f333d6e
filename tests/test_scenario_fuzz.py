"""Scenario files with random mistakes in them, and streams that carry such scenarios."""

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw
from worlds import Data, shipped, write

from refold.engine import Episode, EpisodeStarted, RefoldError, Stream, fold
from refold.engine.codec import encode
from refold.graders import grade
from refold.scenarios import Scenario, load, scenario_names

pytestmark = pytest.mark.slow

SHIPPED = {name: shipped(name) for name in scenario_names()}
GONE = object()
"""Stands for a key or an item that is left out."""

numbers = st.one_of(
    st.sampled_from([-1, 0, 1, 2, 23, 10**6, 2**63, 2**64, 10**30, 10**400]),
    st.sampled_from([0.0, -0.5, 0.5, 5e-324, 1e308, float("nan"), float("inf"), -float("inf")]),
    st.integers(),
    st.floats(),
)
words = st.one_of(
    st.sampled_from(["", "workflow", "inbox", "3", "alert_triage", "e1", "avoided", "{token}"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    st.just("x" * 300),
)
values = st.recursive(
    st.one_of(st.just(GONE), st.booleans(), numbers, words),
    lambda inner: st.one_of(
        st.lists(inner.filter(lambda each: each is not GONE), max_size=3),
        st.dictionaries(words, inner.filter(lambda each: each is not GONE), max_size=3),
    ),
    max_leaves=5,
)


def places(data: Any, *path: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield path and value of everything in *data*, and of a new key in each table."""
    inner: Any = ()
    if isinstance(data, dict):
        yield (*path, "new_key"), None
        inner = data.items()
    elif isinstance(data, list):
        inner = enumerate(data)
    for key, value in inner:
        yield (*path, key), value
        yield from places(value, *path, key)


def put(data: Data, path: tuple[Any, ...], value: Any) -> None:
    """Set, or leave out, what stands at *path*; do nothing if an earlier change took it away."""
    *way, last = path
    inner: Any = data
    for key in way:
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(inner, dict) and value is GONE:
        inner.pop(last, None)
    elif isinstance(inner, dict):
        inner[last] = value
    elif isinstance(inner, list) and isinstance(last, int) and last < len(inner):
        inner[last : last + 1] = [] if value is GONE else [value]


def kin(value: Any, texts: list[str]) -> st.SearchStrategy[Any]:
    """Return what may well stand in the place of *value*, and what may not."""
    match value:
        case bool() | dict():
            return values
        case int():
            return st.one_of(st.integers(0, 30), numbers)
        case float():
            return st.one_of(st.floats(0, 3), numbers)
        case str():
            return st.one_of(st.sampled_from(texts), words)
        case list():
            return st.one_of(st.permutations(value), st.lists(st.sampled_from(value or [0])))
    return values


@st.composite
def spoilt(draw: st.DrawFn) -> Data:
    """Return a shipped scenario file with one to three changes, not all of them mistakes."""
    data = deepcopy(SHIPPED[draw(st.sampled_from(sorted(SHIPPED)))])
    found = dict(places(data))
    texts = sorted({each for each in found.values() if isinstance(each, str)})
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(found)))
        put(data, path, draw(st.one_of(kin(found[path], texts), values)))
    return data


def play(scenario: Scenario) -> None:
    """Play a few steps, read the stream back and grade it."""
    episode = Episode.start(scenario)
    for _ in range(8):
        if not episode.over:
            episode.step(episode.legal_actions[len(episode.events) % len(episode.legal_actions)])
    stream = Stream.read(episode.events.payloads, episode="fuzz")
    assert fold(stream, family=stream.family) == episode.state
    assert grade(stream).to_json() == grade(episode.events).to_json()


@given(spoilt())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spoilt_file(tmp_path: Path, data: Data) -> None:
    """A file with mistakes is refused by an error of refold, or else it can be played."""
    try:
        scenario = load(write(tmp_path / "spoilt.toml", data))
    except RefoldError:
        return
    play(scenario)


@given(spoilt())
@settings(max_examples=150)
def test_spoilt_stream(data: Data) -> None:
    """A stream from a stranger, with any scenario in it, is refused or can be graded."""
    scenario = json.dumps({"name": "strange", **data}).encode()
    first = encode(EpisodeStarted(format=1, seed=1, scenario=Raw(scenario)))
    with suppress(RefoldError):
        stream = Stream.read([first], episode="strange")
        fold(stream, family=stream.family)
        grade(stream)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_rewritten_file(tmp_path: Path, name: str) -> None:
    """The files of these tests hold what the shipped ones hold."""
    copy = load(write(tmp_path / "copy.toml", SHIPPED[name]))
    assert (copy.parameters, copy.rubric) == (load(name).parameters, load(name).rubric)
