"""What a check found, over all graders, goldens and runs: the answers, and the exit code."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from refold.commands.checking.grading import Checked
from refold.commands.regrading.junit import broken_rule
from refold.commands.shared.gate_options import exit_code_of
from refold.reports.gates import Verdict
from refold.reports.regrading.moves import Move


@frozen
class Golden:
    """A golden that was decided again: its *name* and *problem*, None if it has none."""

    name: str
    problem: str | None


@frozen
class CheckResult:
    """
    What a check found.

    Attributes:
        goldens: The goldens that were decided again.
        beside: Answers to rules that no grader has a part in.
        graders: What was found of each grader.
        cannot_tell: What a rule counts for that cannot be told: ``pass`` or ``fail``.
        left_out: Whether episodes could not be graded.
    """

    goldens: Sequence[Golden]
    beside: Sequence[Verdict]
    graders: Sequence[Checked]
    cannot_tell: str
    left_out: bool

    @property
    def code(self) -> int:
        """0 as allowed, 1 if a rule is broken or an episode could not be graded."""
        return 1 if self.left_out else exit_code_of(list(self._verdicts()), self.cannot_tell)

    @property
    def verdict(self) -> str:
        """The check in one line."""
        broken = {"fails", "cannot tell"} if self.cannot_tell == "fail" else {"fails"}
        rules = [each.rule for each in self._verdicts() if each.answer in broken]
        if rules:
            return f"check fails: {', '.join(dict.fromkeys(rules))}"
        return "check fails: episodes left out" if self.left_out else "check passes"

    def count(self, name: str) -> int:
        """Return how many episodes ``moved``, or were ``lost`` or ``gained``, over all graders."""
        return sum(getattr(each.finished.report.verdict, name) for each in self.graders)

    def rows(self) -> Iterator[tuple[str, Verdict]]:
        """Yield the answer to each rule, with the name of the grader; empty for no grader."""
        for verdict in self.beside:
            yield "", verdict
        for each in self.graders:
            for verdict in each.finished.verdicts:
                yield each.name, verdict

    def _verdicts(self) -> Iterator[Verdict]:
        return (verdict for _, verdict in self.rows())


def breaking_moves(checked: Checked) -> Iterator[tuple[str, Move]]:
    """Yield moves that break a rule, each with the rule: flips first, and then the largest."""
    done = checked.finished
    broken = {each.rule.partition(":")[0]: each for each in done.verdicts if each.answer == "fails"}
    seen = set()
    for move in (*done.report.flips, *(each.move for each in done.report.largest)):
        rule = broken_rule(move, broken, done.report.pass_at, asked=True)
        if rule is not None and move.episode not in seen:
            seen.add(move.episode)
            yield rule, move
