"""A log that is being audited: its episodes with their grades, by what they were played in."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from statistics import fmean

from attrs import frozen

from refold.audits.findings import Stored
from refold.audits.recording import RUN
from refold.audits.running import stop_at
from refold.engine import EventLog, RefoldError, Stream
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade
from refold.graders.sources import RecordedRubrics
from refold.reports.outcomes import Outcome, Setting, outcome_of, read_episodes
from refold.solving import Limits


@frozen(eq=False)
class SavedRun:
    """
    An episode of a log.

    Attributes:
        log: Path of the log.
        outcome: What came of it.
        grade: Its grade, by the rubric that it was recorded with.
        stream: Its events.
    """

    log: str
    outcome: Outcome
    grade: Grade
    stream: Stream

    @property
    def agent(self) -> str:
        """Who played it."""
        return self.outcome.agent

    @property
    def episode(self) -> Stored:
        """The episode, as a measurement shows it."""
        return Stored(self.outcome.id, self.log)

    @property
    def score(self) -> float:
        """Its score."""
        return self.grade.score


Saved = Sequence[SavedRun]
"""Episodes that can be compared, in the order in which they began."""


class LogCase:
    """
    The episodes of a log that count, without those of audits.

    Args:
        log: The log.
        path: Its path.
        run: Only the episodes of this run; all but those of audits if None.
        limits: When to stop.
    """

    def __init__(self, log: EventLog, path: str, run: str | None, limits: Limits) -> None:
        self.path = path
        self._log = log
        self._run = run
        self._limits = limits
        self._damaged, self._ungraded = LeftOut(), LeftOut()

    @cached_property
    def runs(self) -> Saved:
        """
        All episodes.

        Raises:
            RefoldError: There is none.
        """
        found = list(self._read())
        if not found and not self._damaged and not self._ungraded:
            raise RefoldError(
                "log: expected episodes that have ended, other than those of audits, got none; "
                "`refold record` plays some"
            )
        return found

    @property
    def damaged(self) -> Mapping[str, str]:
        """Why episodes cannot be read, by their ids."""
        return self._damaged.problems if self.runs is not None else {}

    @property
    def ungraded(self) -> Mapping[str, str]:
        """Why episodes cannot be graded, by their ids."""
        return self._ungraded.problems if self.runs is not None else {}

    @cached_property
    def by_setting(self) -> Mapping[str, Saved]:
        """The episodes by scenario and rubric, under a name for people."""
        groups: dict[Setting, list[SavedRun]] = {}
        for run in self.runs:
            groups.setdefault(run.outcome.setting, []).append(run)
        times = Counter(setting.scenario for setting in groups)
        return {
            _name(setting, alone=times[setting.scenario] == 1): runs
            for setting, runs in groups.items()
        }

    def _read(self) -> Iterator[SavedRun]:
        infos = self._log.episodes(run=self._run, left_out=self._damaged)
        own = (info for info in infos if info.parent is None and info.run != self._left_run)
        source = RecordedRubrics(self._ungraded)
        for episode, given in source.grade_all(read_episodes(self._log, own, self._damaged)):
            stop_at(self._limits)
            if given is None:
                continue
            outcome = outcome_of(episode, given)
            if outcome.excluded is None:
                yield SavedRun(self.path, outcome, given, episode.stream)

    @property
    def _left_run(self) -> str | None:
        return None if self._run == RUN else RUN


def by_agent(runs: Saved) -> Mapping[str, Mapping[int, Sequence[float]]]:
    """Return the scores of *runs* by agent and seed."""
    found: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        found.setdefault(run.agent, {}).setdefault(run.outcome.seed, []).append(run.score)
    return found


def mean_of_worlds(worlds: Mapping[int, Sequence[float]]) -> float:
    """Return the mean over worlds of the means of their scores."""
    return fmean(map(fmean, worlds.values()))


def _name(setting: Setting, *, alone: bool) -> str:
    if alone:
        return setting.scenario
    return f"{setting.scenario}, parameters {setting.parameters[:8]}, {setting.rubric.digest[:8]}"
