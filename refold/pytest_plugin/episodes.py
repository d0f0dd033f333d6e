"""Find and load saved episodes: the goldens of a folder, the episodes of a log, or both."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from refold.engine import EventLog, RefoldError, Stream
from refold.engine.definition import header_of
from refold.engine.log.left_out import LeftOut
from refold.graders.answers import look_up, only_judge
from refold.judges.questions import Question
from refold.judges.records import Judged
from refold.replays.golden import find_goldens, read_golden

_SHORT_ID = 8
_STREAMS_CACHED = 16  # tests of one module often take the same few episodes one after another
_NO_SOURCE = (
    "expected saved episodes, got none; run pytest with --refold-log FILE or --refold-goldens "
    "FOLDER, or set refold_log or refold_goldens in the ini file"
)


@frozen
class EpisodeLocation:
    """
    The location of a saved episode.

    Attributes:
        test_id: Its name in pytest's output.
        golden: Path of its golden; None for an episode of the log.
        id: Its id in the log; empty for a golden.
    """

    test_id: str
    golden: Path | None
    id: str = ""


class SavedEpisodes:
    """The saved episodes of a test run; *log* and *folder* are paths or None."""

    def __init__(self, log: str | None, folder: str | None) -> None:
        self._path = log
        self._folder = folder
        self._log: EventLog | None = None
        self.read = lru_cache(maxsize=_STREAMS_CACHED)(self._read)

    def close(self) -> None:
        """Close the log, if it was opened."""
        if self._log is not None:
            self._log.close()

    def find(
        self,
        *,
        scenario: str | None = None,
        agent: str | None = None,
        run: str | None = None,
        **other: object,
    ) -> Iterator[EpisodeLocation]:
        """
        Yield the goldens by name, then the log's episodes in the order they began.

        Args:
            scenario: Only those of this scenario name, or of this family.
            agent: Only those of this agent; goldens name none.
            run: Only those of this run; goldens name none.
            other: Refused: the marker has no other arguments.

        Raises:
            RefoldError: There is neither a log nor a folder, one is missing, or nothing matches.
        """
        if other:
            known = "scenario, agent or run"
            raise RefoldError(f"@pytest.mark.refold: expected {known}, got {', '.join(other)}")
        found = list(self._find_goldens(scenario)) if agent is None and run is None else []
        if self._path is not None:
            found += _find_in_log(self._open_log(), scenario, agent, run)
        if not found:
            raise RefoldError(self._not_found_text(scenario=scenario, agent=agent, run=run))
        yield from found

    def load(self, reference: str) -> Stream:
        """
        Return the episode that *reference* names: a golden, an id, a prefix of one, or ``last``.

        Raises:
            RefoldError: There is no such episode.
        """
        by_name = {each.test_id: each for each in self._find_goldens(None)}
        if reference in by_name:
            return self.read(by_name[reference])
        if self._path is None:
            if self._folder is None:
                raise RefoldError(_NO_SOURCE)
            known = ", ".join(sorted(by_name)) or "(there is none)"
            raise RefoldError(f"{self._folder}: expected one of {known}; got {reference!r}")
        return self.read(EpisodeLocation(reference, None, reference))

    def answer(self, question: Question, attempt: int) -> Judged:
        """
        Return what the log's one judge answered to *question* at this *attempt*.

        Raises:
            RefoldError: There is no log, or it holds no such answer, or those of several judges.
        """
        if self._path is None:
            raise RefoldError("judge: expected --refold-log FILE with answers, got no log")
        log = self._open_log()
        judge = only_judge(log)
        found = None if judge is None else look_up(log, judge, question, attempt)
        if found is None:
            raise RefoldError(
                f"judge: expected a recorded answer to {question.text!r:.200}, got none; "
                "`refold grade --judge MODEL` asks"
            )
        return found

    def _read(self, found: EpisodeLocation) -> Stream:
        if found.golden is not None:
            return read_golden(found.golden)
        return self._open_log().events(found.id)

    def _open_log(self) -> EventLog:
        assert self._path is not None
        if self._log is None:
            self._log = EventLog(self._path, readonly=True)
        return self._log

    def _find_goldens(self, scenario: str | None) -> Iterator[EpisodeLocation]:
        if self._folder is None:
            return
        if not Path(self._folder).is_dir():
            raise RefoldError(f"--refold-goldens {self._folder}: expected a folder, got none")
        for path in find_goldens(Path(self._folder)):
            found = EpisodeLocation(path.name.removesuffix(".jsonl"), Path(str(path)))
            if scenario is None or self._may_be_of(found, scenario):
                yield found

    def _may_be_of(self, found: EpisodeLocation, scenario: str) -> bool:
        """Return whether *found* is of *scenario*, or cannot be read: its own test shows that."""
        try:
            return _matches_scenario(header_of(self.read(found).scenario).name, scenario)
        except RefoldError:
            return True

    def _not_found_text(self, **wanted: str | None) -> str:
        places = [str(place) for place in (self._folder, self._path) if place is not None]
        if not places:
            return _NO_SOURCE
        asked = ", ".join(f"{key}={value!r}" for key, value in wanted.items() if value is not None)
        of = f" of {asked}" if asked else ""
        return f"{' and '.join(places)}: expected saved episodes{of}, got none"


def _find_in_log(
    log: EventLog, scenario: str | None, agent: str | None, run: str | None
) -> Iterator[EpisodeLocation]:
    """Yield the matching episodes of *log*, each with a test id as short as is unambiguous."""
    damaged = LeftOut()
    infos = log.episodes(scenario=scenario, agent=agent, run=run, left_out=damaged)
    fitting = [(info.scenario, info.id) for info in infos]
    # A test of its own for each, which fails with what is wrong, beside those of the others.
    fitting += [("damaged", id) for id in damaged.problems]
    short = Counter(f"{name}-{id[:_SHORT_ID]}" for name, id in fitting)
    for name, id in fitting:
        test_id = f"{name}-{id[:_SHORT_ID]}"
        yield EpisodeLocation(test_id if short[test_id] == 1 else f"{name}-{id}", None, id)


def _matches_scenario(name: str, scenario: str) -> bool:
    return name == scenario or name.startswith(f"{scenario}/")
