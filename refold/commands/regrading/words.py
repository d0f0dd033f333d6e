"""The figures of a regrade as words, which several formats share."""

import shlex
from collections.abc import Iterator, Sequence

from attrs import frozen

from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import SHORT_ID_LENGTH
from refold.commands.shared.report_formatting import format_exclusions
from refold.reports.regrading.agents import AgentRow
from refold.reports.regrading.causes import CLAMPED, Cause
from refold.reports.regrading.idle import IdleCriterion
from refold.reports.regrading.moves import Move
from refold.reports.regrading.order import AgentPair
from refold.reports.regrading.report import RegradeReport
from refold.reports.regrading.shift import Shift
from refold.reports.statistics import CONFIDENCE

MANY_AGENTS = 8
"""From here on, a finding about two agents has to be strong to stand out among all pairs."""

_SCENARIOS_SHOWN = 5
_EVENTS_SHOWN = 3
_METHODS = {"student": "t", "gaffke": "bounded", "clopper_pearson": "bounded"}


@frozen
class Heading:
    """
    What was compared, and how to look at one episode of it.

    Attributes:
        old: What gave the old grades.
        new: What gave the new ones.
        command: The words of the command that compared them.
    """

    old: str
    new: str
    command: Sequence[str]

    @property
    def sides(self) -> str:
        """Both sides, the old one first."""
        return f"{self.old} -> {self.new}"

    def look(self, id: str) -> str:
        """Return the command that shows what moved in the episode *id*."""
        # Only made-up ids are cut; a name that someone chose stays whole.
        short = id[:SHORT_ID_LENGTH] if len(id) == 2 * SHORT_ID_LENGTH else id
        return shlex.join([*self.command, short])


def size_line(report: RegradeReport) -> str:
    """Return how much was compared, and what was not."""
    agents = pluralise(len(report.agents), "agent")
    scenarios = pluralise(len(report.scenarios), "scenario")
    size = f"{pluralise(report.episodes, 'episode')}, {scenarios}, {agents}"
    excluded = format_exclusions(report.excluded)
    return size if excluded is None else f"{size}; excluded: {excluded}"


def moved_line(report: RegradeReport) -> str:
    """Return how many episodes moved, and which way."""
    parts_only = report.verdict.moved - report.up - report.down
    ways = f"{report.up} up, {report.down} down"
    ways += f", {parts_only} in parts only" if parts_only else ""
    return f"{report.verdict.moved} of {report.episodes} ({ways})"


def passes_line(report: RegradeReport) -> str:
    """Return the passes before and after."""
    old, new = report.passed
    verdict = report.verdict
    return f"{old} -> {new} (at {report.pass_at:g}): {verdict.lost} lost, {verdict.gained} gained"


def where_line(report: RegradeReport) -> str:
    """Return the scenarios where most episodes moved."""
    moved = sorted(
        ((moved, many, name) for name, (many, moved) in report.scenarios.items() if moved),
        key=lambda each: -each[0],
    )
    shown = [f"{name} {moved} of {many}" for moved, many, name in moved[:_SCENARIOS_SHOWN]]
    more = len(moved) - len(shown)
    return ", ".join(shown) + (f" and {pluralise(more, 'scenario')} more" if more else "")


def elsewhere_line(shift: Shift) -> str:
    """Return what holds for other scenarios, or for other seeds of a single one."""
    if shift.low is None or shift.high is None or shift.method is None:
        remedy = "more scenarios" if shift.unit == "scenario" else "more scenarios or --epochs"
        return f"cannot tell from one {shift.unit_word} only; record {remedy}"
    way = "down" if shift.high < 0 else "up" if shift.low > 0 else "either way"
    units = pluralise(shift.units, shift.unit_word)
    how = f"{100 * CONFIDENCE:g} %, {units}, {_METHODS.get(shift.method, shift.method)}"
    return f"{shift.low:+.4f} to {shift.high:+.4f} ({how}): {way}"


def noise_line(agents: Sequence[AgentRow]) -> str:
    """Return how far replaying alone moves the mean of the least steady agent."""
    known = [(each.noise, each) for each in agents if each.noise is not None]
    if not known:
        return "cannot tell, no agent repeated a seed in every scenario; record with --same-seed"
    noise, row = max(known, key=lambda each: each[0])
    others = len(agents) - len(known)
    rest = f"; {others} not repeated" if others else ""
    if not noise:
        return f"{'all' if not others else 'those repeated'} always do the same{rest}"
    return (
        f"replaying moves {row.agent}'s mean by up to {noise:.4f}, this change by "
        f"{row.move:+.4f}{rest}"
    )


def events_words(cause: Cause) -> str:
    """Return the events behind a cause: by type where others count, else that they are the same."""
    if cause.change == CLAMPED:
        return ""
    others = [each for each in cause.events if each.how != "same"]
    if not others:
        return "the same events" if cause.events else "no event"
    shown = [f"{each.count} {each.type} {each.how}" for each in others[:_EVENTS_SHOWN]]
    more = len(others) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def order_title(pairs: Sequence[AgentPair]) -> str:
    """Return how many pairs there are, and how many of them changed places."""
    changed = sum(pair.word != "kept" for pair in pairs)
    if not changed:
        return f"order of agents: {pluralise(len(pairs), 'pair')}, none changed places"
    claim = "these scenarios, other seeds; p adjusted"
    return f"order of agents: {pluralise(len(pairs), 'pair')}, {changed} changed places ({claim})"


def pair_words(pair: AgentPair) -> str:
    """Return the p-value of a pair and what became of it, with the reason where it cannot tell."""
    said = f"p {pair.p:.2g}, {pluralise(pair.worlds, 'seed')}: {pair.word}"
    if pair.least_p is not None and pair.least_p > 1 - CONFIDENCE:
        said += f" (cannot tell: p below {pair.least_p:.2g} is impossible; record more --epochs)"
    return said


def idle_words(idle: IdleCriterion) -> str:
    """Return what a criterion that does nothing does."""
    episodes = pluralise(idle.episodes, "episode")
    if idle.kind == "constant":
        return f"constant, {idle.points:+.4f} in all of {episodes}"
    if idle.kind == "same":
        return f"the same as {idle.other} in all of {episodes}"
    return f"paid over no event, {idle.points:+.4f} in {episodes}"


def causes_words(move: Move) -> Iterator[str]:
    """Yield what moved an episode, cause by cause; there is always one."""
    for name, change in move.causes:
        yield f"{name}: {change}"
    if not move.causes:
        yield "score: rounding"
