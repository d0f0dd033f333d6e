"""Rubrics of TOML files as sources of grades: one file for all episodes, or a folder by name."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from refold.engine import EventLog, RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.log.left_out import LeftOut
from refold.graders.grading import Grade, Grader, RubricName
from refold.graders.judging import Judging
from refold.graders.sources import (
    Bounds,
    Gradable,
    GradeSource,
    Result,
    T,
    enumerate_names,
    grade_as_recorded,
    rubric_label,
)
from refold.judges.asking import NotAsked, NotJudged
from refold.scenarios import load_rubric, read_rubric_name, scenario_names
from refold.scenarios.criteria import find_criteria
from refold.scenarios.rubric import Rubric, RubricJudge
from refold.scenarios.spec import rubric_file


class _RubricFiles(GradeSource):
    """Graders of rubrics in files, read once for each family, whose measures they draw on."""

    def __init__(self) -> None:
        self._graders: dict[tuple[str, str, int], tuple[Rubric, Grader]] = {}
        self._bounds: dict[str, Bounds] = {}

    def bounds_of(self, rubric: RubricName) -> Bounds:
        """Return floor and ceiling of the rubric."""
        return self._bounds.get(rubric.digest, (0.0, 1.0))

    def _grader(self, path: str, episode: Gradable) -> tuple[Rubric, Grader]:
        family = episode.stream.family
        key = path, family.name, family.rules
        if key not in self._graders:
            rubric = load_rubric(*key)
            criteria = find_criteria(family.name, family.rules)
            self._graders[key] = rubric, Grader(rubric, criteria)
            self._bounds[rubric.digest] = rubric.floor, rubric.ceiling
        return self._graders[key]


class RubricFile(_RubricFiles):
    """
    The rubric of a TOML file.

    One that is named after a scenario grades only episodes of that scenario, unless
    *any_scenario* says otherwise. The *log* tells which scenarios there are.
    """

    def __init__(self, path: str, log: EventLog, *, any_scenario: bool) -> None:
        super().__init__()
        self.label = path
        self._path = path
        self._log = log
        self._any_scenario = any_scenario
        self._fitting: set[str] = set()

    def results(
        self, episodes: Iterable[T], judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with its grade; raises RefoldError for another scenario's."""
        for episode in episodes:
            rubric, grader = self._grader(self._path, episode)
            if not self._any_scenario and episode.scenario not in self._fitting:
                self._check(rubric, episode)
                self._fitting.add(episode.scenario)
            yield episode, _grade(grader, episode, judging)

    def _note(self, given: Grade | None) -> None:
        if given is not None:
            self.label = rubric_label(given.rubric)

    def may_ask(self) -> bool:
        """Return whether the file speaks of a judge at all."""
        return b"judge" in rubric_file(self._path)

    def judge_of(self, events: Stream) -> RubricJudge | None:
        """Return the judge that the rubric names; None for nobody."""
        return load_rubric(self._path, events.family.name, events.family.rules).judge

    def _check(self, rubric: Rubric, episode: Gradable) -> None:
        if rubric.name == episode.scenario:
            return
        played = Counter(info.scenario for info in self._log.episodes(left_out=LeftOut()))
        if rubric.name in played or rubric.name in scenario_names():
            number = played[episode.scenario]
            raise RefoldError(
                f"rubric {rubric.name!r} v{rubric.version}: expected episodes of {rubric.name}, "
                f"got {episode.scenario} ({number}); narrow with --scenario, or say --any-scenario"
            )


class RubricFolder(_RubricFiles):
    """
    The rubrics of a folder's TOML files, each for the scenario that it is named after.

    Episodes of other scenarios keep the rubric that they were recorded with; *left_out* notes
    those that it fails.

    Raises:
        RefoldError: The folder has no rubric, or two of one name.
    """

    def __init__(self, path: str, left_out: LeftOut) -> None:
        super().__init__()
        self._left_out = left_out
        self.label = path
        self._paths: dict[str, str] = {}
        for file in sorted(Path(path).glob("*.toml")):
            name = read_rubric_name(file)
            if name in self._paths:
                raise RefoldError(
                    f"{path}: expected one rubric of each name, got {name!r} in "
                    f"{self._paths[name]} and {file}; remove one"
                )
            self._paths[name] = str(file)
        if not self._paths:
            raise RefoldError(f"{path}: expected TOML files with a [rubric], got none")
        self._kept: dict[str, None] = {}

    def results(
        self, episodes: Iterable[T], _judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Result]]:
        """Yield each of *episodes* with its grade, by the folder's rubric if it has one."""
        for episode in episodes:
            if episode.scenario in self._paths:
                yield (
                    episode,
                    self._grader(self._paths[episode.scenario], episode)[1].grade(episode.facts),
                )
            else:
                yield from self._left_out.read_each([episode], grade_as_recorded)

    def _note(self, given: Grade | None) -> None:
        if given is not None and given.scenario not in self._paths:
            self._kept[given.scenario] = None

    def may_ask(self) -> bool:
        """Return whether any of the files speaks of a judge."""
        return any(b"judge" in rubric_file(path) for path in self._paths.values())

    def judge_of(self, events: Stream) -> RubricJudge | None:
        """Return the judge that the rubric for these events names; None for nobody."""
        path = self._paths.get(header_of(events.scenario).name)
        if path is None:
            return None
        return load_rubric(path, events.family.name, events.family.rules).judge

    def remarks(self) -> Iterator[str]:
        """Yield which scenarios kept their recorded rubrics."""
        if self._kept:
            names = enumerate_names(self._kept)
            yield f"{self.label} has no rubric for {names}: graded as recorded"


def _grade(grader: Grader, episode: Gradable, judging: Judging) -> Result:
    if not grader.asks:
        return grader.grade(episode.facts)
    try:
        answers = judging.answers
        return grader(episode.stream, answers, judge=judging.judge, again=judging.again)
    except (NotAsked, NotJudged) as error:
        return error
