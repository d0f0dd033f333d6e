"""The verdict on a comparison of runs, in words: the command and the page begin with it."""

from collections.abc import Iterator

from refold.reports import Comparison, Contrast
from refold.reports.many_runs import ManyRuns
from refold.reports.paired import Difference
from refold.reports.statistics import CONFIDENCE

_MATTERS = 0.05
"""A difference of scores that is below this is taken for none."""
_ASKED_FOR = 0.03
_DEAR = 1.25
"""A run costs more than another from so many times its cost on."""


def signed(value: float) -> str:
    """Return *value* with its sign and three decimal places."""
    return f"{value:+.3f}".replace("-", "−")


def headline(comparison: Comparison, second: str) -> str:
    """Return in a sentence whether the *second* of two runs is better, and by how much."""
    overall = comparison.overall
    found = overall.here
    pairs = "1 pair" if overall.pairs == 1 else f"{overall.pairs} pairs"
    count = len(comparison.scenarios)
    where = "this scenario" if count == 1 else f"these {count} scenarios"
    size = f"{signed(found.difference)} on average over {pairs} of {where}"
    if comparison.always_same:
        return f"{_exactly(found.difference, second)}: {size}, the same each time both were played."
    if not found.differing:
        return f"All equal: {pairs} of {where}, and no score differs."
    interval = f"95 % {signed(found.low)} to {signed(found.high)}"
    if found.is_clear():
        return f"{second} is {_better(found.difference)}: {size}, {interval}."
    if found.low >= -_MATTERS and found.high <= _MATTERS:
        return f"No difference that matters: {size}, {interval}."
    if found.least_p > 1 - CONFIDENCE:
        return f"Cannot tell: {size}, {interval}; too few of them differ ({found.differing})."
    return f"No clear difference: {size}, {interval}."


def _exactly(difference: float, second: str) -> str:
    return f"{second} is {_better(difference)}" if difference else "All equal"


def _better(difference: float) -> str:
    return "better" if difference > 0 else "worse"


def remarks(
    comparison: Comparison, second: str, costs: tuple[float | None, float | None]
) -> Iterator[str]:
    """Yield what else is to be said of the *second* run: what pairs can show, where, what cost."""
    found = comparison.overall.here
    if not comparison.always_same and found.differing and not found.is_clear():
        yield from _power(comparison.overall)
    if len(comparison.scenarios) > 1:
        for word in ("better", "worse"):
            told = [
                f"{setting.scenario} ({signed(each.here.difference)})"
                for setting, each in comparison.scenarios.items()
                if each.here.is_clear() and _better(each.here.difference) == word
            ]
            if told:
                yield f"{second} is {word} in {', '.join(told)}."
    yield from _cost_remark(*costs)


def _power(overall: Contrast) -> Iterator[str]:
    """Yield how small a difference these pairs show, and how many would show a smaller one."""
    least = overall.here.least_drop()
    if least is not None and least > _ASKED_FOR:
        needed = round(overall.pairs * (least / _ASKED_FOR) ** 2)
        yield (
            f"{overall.pairs} pairs show a difference of ±{least:.2f} four times in five; "
            f"for ±{_ASKED_FOR:.2f} it takes about {needed}."
        )


def _cost_remark(first: float | None, second: float | None) -> Iterator[str]:
    if first and second and not 1 / _DEAR < second / first < _DEAR:
        times = second / first
        how = f"{times:.1f} × as much" if times > 1 else f"{1 / times:.1f} × less"
        yield f"It costs {how} (${first:.2f} → ${second:.2f})."


def many_headline(compared: ManyRuns) -> str:
    """Return in a sentence which of several runs leads, or that it cannot be told."""
    first, second = compared.columns[:2]
    lead = next(
        each for each in compared.leads if (each.ahead, each.behind) == (first.name, second.name)
    )
    found = lead.difference
    if lead.clear:
        return f"{first.name} leads: {signed(found.difference)} over {second.name}, {_p(lead.p)}."
    behind = [each.behind for each in compared.leads if each.ahead == first.name and each.clear]
    if behind:
        return (
            f"{first.name} and {second.name} cannot be told apart; {first.name} is clearly ahead "
            f"of {' and '.join(behind)}."
        )
    return f"{first.name} and {second.name} cannot be told apart, nor any run from {first.name}."


def _p(p: float) -> str:
    return "p below 0.001" if p < 0.001 else f"p {p:.2g}"


def method_of(found: Difference) -> str:
    """Return how the interval of a difference was made, in words."""
    return {
        "student": "stratified t interval",
        "gaffke": "Gaffke's interval",
        "clopper_pearson": "exact interval",
        "korn_graubard": "exact interval",
    }[found.method]
