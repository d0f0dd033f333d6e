"""Names for settings: the scenario's, with what tells it apart where several share it."""

from collections import Counter
from collections.abc import Collection, Iterable

from refold.reports.outcomes import Setting

_LETTERS = 8  # of a digest


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
        f"rubric v{setting.rubric.version} {setting.rubric.digest[:_LETTERS]}",
        f"parameters {setting.parameters[:_LETTERS]}",
    )
