"""One grader of a check: grades all episodes, and compares them with the baseline by the rules."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from attrs import define, field, frozen

from refold.commands.checking.baseline import Baseline
from refold.commands.compare import judge_comparison
from refold.commands.regrading.formats import Finished
from refold.commands.regrading.html import SideBySide
from refold.commands.regrading.junit import JUnitCases
from refold.commands.regrading.sides import Selection, select
from refold.commands.regrading.words import Heading
from refold.commands.shared.grader_choice import GraderChoice
from refold.commands.shared.judge_options import NOBODY
from refold.commands.shared.judging import JudgeSession
from refold.engine import EpisodeInfo, EventLog, RefoldError
from refold.engine.log.left_out import LeftOut
from refold.graders import Grade
from refold.graders.pairing import Candidate, Pairing, read_candidates
from refold.graders.process import DEFAULT_TIMEOUT
from refold.graders.regrading import RegradeCounts, pair_each, regrade
from refold.project.settings import CheckedGrader, CheckedRuns
from refold.reports import compare, find_run
from refold.reports.gates import Rule, Verdict
from refold.reports.regrading import RegradeTotals, judge

RECORDED = "recorded"
"""Names the rubrics that episodes were recorded with, and their folder in the baseline."""


@frozen
class Checked:
    """
    What a check found of one grader.

    Attributes:
        name: Of the grader.
        finished: The report on what differs from the baseline, and the answers to the rules.
        cases: The episodes for JUnit.
        pairs: Those that moved most, for HTML.
        baseline: The grades compared with.
        digests: The digest of each episode, by id.
    """

    name: str
    finished: Finished
    cases: JUnitCases
    pairs: SideBySide
    baseline: Baseline
    digests: dict[str, str]


def grader_name(grader: CheckedGrader) -> str:
    """Return what the baseline calls *grader*: its file or folder, and its function."""
    path, _, function = (grader.grader or grader.rubrics or RECORDED).rpartition(":")
    parts = [Path(path).stem, function] if grader.grader else [Path(function).stem]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", ".".join(parts)).strip(".") or "grader"


@define
class GraderCheck:
    """
    Grades the episodes of *log* by *grader*.

    Args:
        log: The episodes.
        grader: What grades them; neither rubrics nor a function for the recorded rubrics.
        folder: Paths of the grader start from here.
        baseline: The grades to compare with.
        left_out: Notes the episodes that cannot be graded.
        candidate: Name of the fresh run, whose episodes no baseline has; None if there is none.
    """

    log: EventLog
    grader: CheckedGrader
    folder: Path
    baseline: Baseline
    left_out: LeftOut
    candidate: str | None
    _choice: GraderChoice = field(init=False)
    _session: JudgeSession = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Find the grader."""
        rubric, function = (
            None if path is None else os.path.relpath(self.folder / path)
            for path in (self.grader.rubrics, self.grader.grader)
        )
        self._choice = GraderChoice(rubric, False, function, DEFAULT_TIMEOUT)
        source = self._choice.source(self.log, self.left_out)
        self._session = JudgeSession(NOBODY, source, self.log)

    @cached_property
    def _selection(self) -> Selection:
        """The episodes that count, all of whose questions to a judge are answered."""
        found = select(self.log, [], self.left_out, scenario=None, agent=None, run=None)
        infos = [info for info in found.infos if info.run != self.candidate]
        if not infos:
            raise RefoldError("check: expected episodes to grade, got none that has ended")
        try:
            self._session.settle([info.id for info in infos], pass_at=0.0)
        except RefoldError as error:
            raise RefoldError(
                f"{error}; a check calls no judge: `refold grade --judge` keeps the answers in a "
                "log, and an export has them"
            ) from None
        return Selection(infos, found.excluded, whole=True)

    def grades(self) -> Iterator[tuple[EpisodeInfo, Grade]]:
        """Yield each episode with its grade; those without one are noted or not judged."""
        candidates = map(Candidate, self._selection.infos)
        episodes = read_candidates(self.log, candidates, self.left_out)
        for episode, grade in self._session.source.grade_all(episodes):
            if grade is not None:
                yield episode.candidate.info, grade

    @property
    def not_judged(self) -> int:
        """Number of episodes that a judge failed to give a verdict on."""
        return len(self._session.not_judged)

    def compare(
        self, rules: Sequence[Rule], runs: Sequence[Verdict], *, pass_at: float, look: Sequence[str]
    ) -> Checked:
        """
        Return what differs from the baseline.

        Args:
            rules: What to answer.
            runs: Answers to rules on runs, which follow.
            pass_at: The lowest score that passes.
            look: Words of the command that shows an episode, without the grader's.

        Raises:
            RefoldError: There is no baseline, or it cannot be read.
        """
        totals, tally = RegradeTotals(pass_at), RegradeCounts()
        cases, sides = JUnitCases(), SideBySide()
        selection = self._selection
        source = self._session.source
        pairs = pair_each(
            self.log,
            source,
            self.baseline,
            self._session.judging,
            self.left_out,
            Pairing(words=True),
            map(Candidate, selection.infos),
        )
        for each in totals.watch(regrade(pairs, source, self.baseline, tally)):
            cases.add(each)
            sides.add(each)
        if not tally.compared:
            raise RefoldError(
                f"{self.baseline.folder}: expected grades of these episodes, got none; "
                "`refold check --update` writes them"
            )
        report = totals.report(
            excluded=selection.excluded,
            missing=tally.unsaved + self.baseline.without_episode(),
            unjudged=tally.ungraded,
        )
        words = [*look, *self._words()]
        heading = Heading(str(self.baseline.folder), source.label.removeprefix("the "), words)
        verdicts = (*(judge(rule, report) for rule in rules), *runs)
        return Checked(
            self.baseline.folder.name,
            Finished(heading, report, verdicts),
            cases,
            sides,
            self.baseline,
            {info.id: info.digest for info in selection.infos},
        )

    def compare_runs(self, runs: CheckedRuns, rule: Rule, *, pass_at: float) -> Verdict:
        """
        Return the answer to *rule* of the fresh run against the recorded one.

        Raises:
            RefoldError: There is no such run, or both are the same.
        """
        names = find_run(self.log, runs.baseline), find_run(self.log, runs.candidate)
        if names[0] == names[1]:
            raise RefoldError(
                f"check.runs: expected two runs, got {names[0]!r} twice; record a fresh one"
            )
        compared = compare(
            self.log,
            names,
            pass_at=pass_at,
            left_out=self.left_out,
            source=self._session.source,
        )
        return judge_comparison(rule, compared, confidence=runs.confidence)

    def remarks(self) -> Iterator[str]:
        """Yield what has to be said of the grader and the baseline, each as one line."""
        yield from self._session.source.remarks()
        yield from self.baseline.remarks()

    def _words(self) -> list[str]:
        choice = self._choice
        if choice.rubric is not None:
            return ["--rubric", choice.rubric]
        return [] if choice.grader is None else ["--grader", choice.grader]
