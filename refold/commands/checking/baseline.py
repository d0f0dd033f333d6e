"""The folder of a baseline: which file has the grades of which grader and scenario."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from attrs import Factory, define

from refold.commands.shared.files import output_file
from refold.engine import EpisodeInfo, RefoldError
from refold.graders import Grade
from refold.graders.baselines import BaselineFile, baseline_text, read_baseline
from refold.graders.judging import Judging
from refold.graders.sources import GradeSource, T

SUFFIX = ".grades"

_LONGEST_NAME = 100


def file_name(scenario: str) -> str:
    """Return the name of the file for *scenario*, which no other scenario has."""
    name = re.sub(r"[^A-Za-z0-9_-]+", ".", scenario).strip(".")[:_LONGEST_NAME]
    if name.replace(".", "/") != scenario:
        name = f"{name}.{sha256(scenario.encode()).hexdigest()[:8]}"
    return f"{name}{SUFFIX}"


@define
class Baseline(GradeSource):
    """
    The grades in *folder*, by one grader.

    Attributes:
        folder: Where they are; there need be none yet.
        files: By scenario, those that were read.
    """

    folder: Path
    files: dict[str, BaselineFile | None] = Factory(dict)
    _met: set[tuple[str, str]] = Factory(set)
    label: str = "baseline"

    def results(
        self, episodes: Iterable[T], _judging: Judging, _quiet: bool, /
    ) -> Iterator[tuple[T, Grade | None]]:
        """Yield each of *episodes* with the grade that the baseline has for its events, or None."""
        for episode in episodes:
            digest, scenario = episode.stream.digest, episode.scenario
            self._met.add((scenario, digest))
            file = self.file_of(scenario)
            yield episode, None if file is None else file.grades.get(digest)

    def path_of(self, scenario: str) -> Path:
        """Return the path of the file for *scenario*."""
        return self.folder / file_name(scenario)

    def file_of(self, scenario: str) -> BaselineFile | None:
        """
        Return the grades of *scenario*; None if there is no such file.

        Raises:
            RefoldError: The file cannot be read, or git could not merge it.
        """
        if scenario not in self.files:
            path = self.path_of(scenario)
            self.files[scenario] = _read(path) if path.exists() else None
        return self.files[scenario]

    def without_episode(self) -> int:
        """Return how many grades are of episodes that were not met, in files of any scenario."""
        paths = {self.path_of(scenario).name for scenario in self.files}
        number = sum(
            (scenario, digest) not in self._met
            for scenario, file in self.files.items()
            for digest in (file.grades if file else ())
        )
        for path in self._paths():
            number += 0 if path.name in paths else len(_read(path).grades)
        return number

    def remarks(self) -> Iterator[str]:
        """Yield which files hold grades of branches that were merged."""
        for scenario, file in self.files.items():
            if file is not None and file.merged:
                yield (
                    f"{self.path_of(scenario)}: {file.merged} of {len(file.grades)} grades are by "
                    "another rubric than the rest; `refold check --update` writes them again"
                )

    def write(self, grades: Iterable[tuple[EpisodeInfo, Grade]]) -> int:
        """
        Write *grades* in place of all that the folder holds; return how many files changed.

        Raises:
            RefoldError: A file cannot be written.
        """
        by_scenario: Mapping[str, list[tuple[str, Grade]]] = defaultdict(list)
        for info, grade in grades:
            by_scenario[info.scenario].append((_words(info), grade))
        texts = {self.path_of(name): baseline_text(many) for name, many in by_scenario.items()}
        changed = 0
        for path in self._paths():
            if path not in texts:
                path.unlink()
                changed += 1
        for path, text in texts.items():
            if not path.exists() or path.read_bytes() != text.encode():
                path.parent.mkdir(parents=True, exist_ok=True)
                with output_file(str(path)) as file:
                    file.write(text.encode())
                changed += 1
        return changed

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))


def _words(info: EpisodeInfo) -> str:
    return f"{info.scenario} {info.agent} seed {info.seed}"


def _read(path: Path) -> BaselineFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefoldError(f"{path}: expected a file of grades, got {error}") from None
    return read_baseline(text, str(path))
