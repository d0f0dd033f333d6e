"""
A pytest plugin for people who test graders: saved episodes as fixtures, grades as snapshots.

Loaded into every pytest run where refold is installed, so nothing but pytest is imported here:
refold itself comes in with the first test that asks for an episode. A test suite that does not
is left alone.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from refold.engine import Stream
    from refold.graders import Grade
    from refold.pytest_plugin.episodes import SavedEpisodes

_SOURCES = {
    "log": ("FILE", "Log whose saved episodes the fixture 'episode' takes, one after another."),
    "goldens": ("FOLDER", "Folder of goldens, NAME.jsonl each, that 'episode' takes as well."),
}
_EPISODES_KEY: "pytest.StashKey[SavedEpisodes]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--refold-log`` and ``--refold-goldens``, and ini options that mean the same."""
    group = parser.getgroup("refold", "saved episodes (refold)")
    for name, (metavar, words) in _SOURCES.items():
        group.addoption(f"--refold-{name}", metavar=metavar, help=words)
        parser.addini(f"refold_{name}", f"{words} From the folder of this file.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "refold(scenario=..., agent=..., run=...): let the fixture 'episode' take only those of "
        "this scenario or family, this agent, this run.",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the log, if one was opened."""
    episodes = config.stash.get(_EPISODES_KEY, None)
    if episodes is not None:
        episodes.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes ``episode`` once for every saved episode that its marker wants."""
    if "_refold_saved" not in metafunc.fixturenames:
        return
    wanted: dict[str, Any] = {}
    for marker in metafunc.definition.iter_markers("refold"):
        wanted = {**marker.kwargs, **wanted}  # the closest one comes first
        if marker.args:
            _fail("@pytest.mark.refold: expected scenario=..., agent=... or run=..., got no name")
    found = _fail_if_refused(lambda: list(_saved_episodes(metafunc.config).find(**wanted)))
    metafunc.parametrize(
        "_refold_saved", found, ids=[each.test_id for each in found], indirect=True
    )


@pytest.fixture
def _refold_saved(request: pytest.FixtureRequest) -> "Stream":
    """Return one saved episode; parametrised with where each of them is."""
    stream: Stream = _fail_if_refused(lambda: _saved_episodes(request.config).read(request.param))
    return stream


@pytest.fixture
def episode(_refold_saved: "Stream") -> "Stream":
    """Return the events of a saved episode: the test runs for each one there is."""
    return _refold_saved


@pytest.fixture
def load_episode(request: pytest.FixtureRequest) -> "Callable[[str], Stream]":
    """Return a function that loads one saved episode: a golden's name, or an id as for refold."""

    def load(reference: str) -> "Stream":
        stream: Stream = _fail_if_refused(lambda: _saved_episodes(request.config).load(reference))
        return stream

    return load


@pytest.fixture
def grade_snapshot(request: pytest.FixtureRequest) -> "SnapshotAssertion":
    """Return what a grade can be compared with: its text when it was last reviewed."""
    if not request.config.pluginmanager.hasplugin("syrupy"):
        _fail("grade_snapshot: expected syrupy to be installed; `pip install syrupy`")
    from refold.pytest_plugin.snapshot import GradeSnapshotExtension  # noqa: PLC0415 - only if used

    snapshot: SnapshotAssertion = request.getfixturevalue("snapshot")
    return snapshot.use_extension(GradeSnapshotExtension)


def assert_same_grade(old: "Grade", new: "Grade", events: "Stream") -> None:
    """
    Check that two grades of one episode are the same: score, parts with their events, counts.

    Args:
        old: The grade as it should be.
        new: The grade as it is.
        events: The stream that both are of.

    Raises:
        AssertionError: They are not; it says part by part what changed, by how much, and which
            events no longer count, or count now.
    """
    __tracebackhide__ = True
    from refold.graders.changes import compare_grades  # noqa: PLC0415 - only if used
    from refold.graders.text import change_lines  # noqa: PLC0415

    change = compare_grades(old, new)
    if not change.same:
        raise AssertionError("\n".join(change_lines(change, events)))


def _saved_episodes(config: pytest.Config) -> "SavedEpisodes":
    """Return what finds saved episodes, made when it is first asked for."""
    if _EPISODES_KEY not in config.stash:
        from refold.pytest_plugin.episodes import SavedEpisodes  # noqa: PLC0415 - only if used

        config.stash[_EPISODES_KEY] = SavedEpisodes(
            *(_source_path(config, name) for name in _SOURCES)
        )
    return config.stash[_EPISODES_KEY]


def _source_path(config: pytest.Config, name: str) -> str | None:
    """Return where the episodes are: options of the command line, or else those of the file."""
    given = {each: config.getoption(f"refold_{each}") for each in _SOURCES}
    if any(given.values()):
        path: str | None = given[name]
        return str(config.invocation_params.dir / path) if path else None
    setting = config.getini(f"refold_{name}")
    folder = config.inipath.parent if config.inipath else config.rootpath
    return str(folder / setting) if setting else None


def _fail_if_refused(ask: Callable[[], Any]) -> Any:
    """Return what *ask* does; what refold refuses becomes a failure in one line."""
    from refold.engine.errors import RefoldError  # noqa: PLC0415 - only if used

    try:
        return ask()
    except RefoldError as error:
        problem = str(error)
    return _fail(problem)


def _fail(text: str) -> Any:
    pytest.fail(f"refold: {text}", pytrace=False)
