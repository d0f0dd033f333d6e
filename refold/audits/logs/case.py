"""A log that is being audited: its episodes with their grades, by what they were played in."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
        log: The log, open.
        path: The path of the log.
        outcome: What came of it.
        grade: Its grade, by the rubric that it was recorded with.
    """

    log: EventLog
    path: str
    outcome: Outcome
    grade: Grade

    @property
    def stream(self) -> Stream:
        """Its events, read anew: those of all episodes may be more than memory holds."""
        return self.log.events(self.outcome.id)

    @property
    def agent(self) -> str:
        """Who played it."""
        return self.outcome.agent

    @property
    def episode(self) -> Stored:
        """The episode, as a measurement shows it."""
        return Stored(self.outcome.id, self.path)

    @property
    def score(self) -> float:
        """Its score."""
        return self.grade.score


Saved = Sequence[SavedRun]
"""Episodes that can be compared, in the order in which they began."""


@frozen(eq=False)
class LogCase:
    """
    The episodes of a log that count.

    Attributes:
        path: The path of the log.
        runs: Its episodes, with their grades.
        damaged: Why others cannot be read, by their ids.
        ungraded: Why others cannot be graded, by their ids.
    """

    path: str
    runs: Saved
    damaged: Mapping[str, str]
    ungraded: Mapping[str, str]

    @classmethod
    def read(cls, log: EventLog, path: str, run: str | None, limits: Limits) -> "LogCase":
        """
        Return the episodes of *log* that have ended: those of *run*, or of all but audits if None.

        Forks are left out: another agent may have played their beginning.

        Raises:
            RefoldError: There is none.
            LimitReached: There is no time left.
        """
        damaged, ungraded = LeftOut(), LeftOut()
        infos = (
            info
            for info in log.episodes(run=run, left_out=damaged)
            if info.parent is None and (run is not None or info.run != RUN)
        )
        runs = []
        for episode, given in RecordedRubrics(ungraded).grade_all(
            read_episodes(log, infos, damaged)
        ):
            stop_at(limits)
            if given is not None and (outcome := outcome_of(episode, given)).excluded is None:
                runs.append(SavedRun(log, path, outcome, given))
        if not runs and not damaged and not ungraded:
            raise RefoldError(
                f"{path}: expected episodes that have ended, besides those of audits, got none; "
                "`refold record` plays some"
            )
        return cls(path, runs, damaged.problems, ungraded.problems)

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
