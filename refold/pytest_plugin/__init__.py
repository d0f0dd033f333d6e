"""
A pytest plugin for people who test graders: saved episodes as fixtures, grades as snapshots.

Every pytest run in an environment with refold loads this module, so it imports nothing but
pytest; refold itself is imported by the first test that asks for an episode. Test suites that
never do are left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from refold.engine import Stream
    from refold.graders import Grade
    from refold.judges.asking import Answers
    from refold.judges.questions import Question
    from refold.judges.records import Judged
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
    """Register the marker."""
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
    """Run each test that takes ``episode`` once for every saved episode that its markers select."""
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
    """Return one saved episode; parametrized with the locations of all of them."""
    stream: Stream = _fail_if_refused(lambda: _saved_episodes(request.config).read(request.param))
    return stream


@pytest.fixture
def episode(_refold_saved: "Stream") -> "Stream":
    """Return the events of a saved episode; the test runs once for each of them."""
    return _refold_saved


@pytest.fixture
def load_episode(request: pytest.FixtureRequest) -> "Callable[[str], Stream]":
    """Return a function that loads one saved episode by a golden's name, an id or a prefix."""

    def load(reference: str) -> "Stream":
        stream: Stream = _fail_if_refused(lambda: _saved_episodes(request.config).load(reference))
        return stream

    return load


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> "Answers":
    """
    Return what the one judge in the log of ``--refold-log`` answered, for ``grade_by(ask=...)``.

    It asks nobody: a question without a recorded answer fails the test.
    """

    def look_up(question: "Question", attempt: int) -> "Judged":
        saved = _saved_episodes(request.config)
        found: Judged = _fail_if_refused(lambda: saved.answer(question, attempt))
        return found

    return look_up


def answers(given: "Mapping[str, str | Sequence[str]]") -> "Answers":
    """
    Return a judge for tests, for ``grade_by(ask=...)``: it says what *given* says.

    Args:
        given: By question, a word of its scale, or as many as there are votes. A question may be
            a pattern with ``*`` and ``?``; the first that fits counts.

    Raises:
        LookupError: When asked something else.
    """
    from refold.pytest_plugin.given import given_answers  # noqa: PLC0415 - only if used

    return given_answers(given)


@pytest.fixture
def grade_snapshot(request: pytest.FixtureRequest) -> "SnapshotAssertion":
    """Return the snapshot to compare a grade with: its text as last reviewed."""
    if not request.config.pluginmanager.hasplugin("syrupy"):
        _fail("grade_snapshot: expected syrupy to be installed; `pip install syrupy`")
    from refold.pytest_plugin.snapshot import GradeSnapshotExtension  # noqa: PLC0415 - only if used

    snapshot: SnapshotAssertion = request.getfixturevalue("snapshot")
    return snapshot.use_extension(GradeSnapshotExtension)


def assert_same_grade(old: "Grade", new: "Grade", events: "Stream") -> None:
    """
    Assert that two grades of one episode are equal: score, parts with their events, counts.

    Args:
        old: The grade as it should be.
        new: The grade as it is.
        events: The stream that both are of.

    Raises:
        AssertionError: They differ; the text says part by part what changed, by how much, and
            because of which events.
    """
    __tracebackhide__ = True
    from refold.graders.changes import compare_grades  # noqa: PLC0415 - only if used
    from refold.graders.text import change_lines, describe_event  # noqa: PLC0415

    change = compare_grades(old, new)
    if not change.same:
        raise AssertionError("\n".join(change_lines(change, partial(describe_event, events))))


def _saved_episodes(config: pytest.Config) -> "SavedEpisodes":
    """Return the run's ``SavedEpisodes``, created on first use."""
    if _EPISODES_KEY not in config.stash:
        from refold.pytest_plugin.episodes import SavedEpisodes  # noqa: PLC0415 - only if used

        config.stash[_EPISODES_KEY] = SavedEpisodes(
            *(_source_path(config, name) for name in _SOURCES)
        )
    return config.stash[_EPISODES_KEY]


def _source_path(config: pytest.Config, name: str) -> str | None:
    """Return the path of a source: from the command line if given there, else the ini file."""
    given = {each: config.getoption(f"refold_{each}") for each in _SOURCES}
    if any(given.values()):
        path: str | None = given[name]
        return str(config.invocation_params.dir / path) if path else None
    setting = config.getini(f"refold_{name}")
    folder = config.inipath.parent if config.inipath else config.rootpath
    return str(folder / setting) if setting else None


def _fail_if_refused(ask: Callable[[], Any]) -> Any:
    """Return the result of *ask*; an error of refold's becomes a test failure of one line."""
    from refold.engine.errors import RefoldError  # noqa: PLC0415 - only if used

    try:
        return ask()
    except RefoldError as error:
        problem = str(error)
    return _fail(problem)  # outside of the except, so that pytest shows no chained traceback


def _fail(text: str) -> Any:
    from refold.engine.terminal_text import safe_text  # noqa: PLC0415 - only if used

    pytest.fail(safe_text(f"refold: {text}"), pytrace=False)
