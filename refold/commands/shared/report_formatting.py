"""Statistics as text: intervals, remarks about them, and episodes that were excluded."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from refold.commands.shared.output import SHORT_ID_LENGTH
from refold.reports.outcomes import Setting
from refold.reports.paired import Difference
from refold.reports.statistics import Estimate


def format_interval(interval: Estimate | Difference | None) -> str | None:
    """Return both ends of an interval; None for None."""
    return None if interval is None else f"{interval.low:.4f} to {interval.high:.4f}"


def format_exclusions(exclusions: Mapping[str, int]) -> str | None:
    """Return how many episodes were excluded for each reason; None if none were."""
    return ", ".join(f"{number} {reason}" for reason, number in exclusions.items()) or None


def setting_names(settings: Collection[Setting]) -> dict[Setting, str]:
    """Return the scenario's name for each setting; of equal names, with what tells them apart."""
    times = Counter(each.scenario for each in settings)
    return {
        each: each.scenario
        if times[each.scenario] == 1
        else f"{each.scenario} ({_distinction(each, settings)})"
        for each in settings
    }


def _distinction(setting: Setting, settings: Iterable[Setting]) -> str:
    namesakes = [each for each in settings if each.scenario == setting.scenario]
    return ", ".join(
        said
        for said, *others in zip(_facts(setting), *map(_facts, namesakes), strict=True)
        if len(set(others)) > 1
    )


def _facts(setting: Setting) -> tuple[str, ...]:
    return (
        f"family {setting.family}",
        f"rules {setting.rules}",
        f"rubric v{setting.rubric.version} {setting.rubric.digest[:SHORT_ID_LENGTH]}",
        f"parameters {setting.parameters[:SHORT_ID_LENGTH]}",
    )
