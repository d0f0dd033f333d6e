"""What passes of a group have that failures lack, and the other way round. Counts, no tests."""

from collections import defaultdict
from collections.abc import Sequence

from attrs import frozen

from refold.reports.grouping.paths import Path


@frozen
class EventShare:
    """
    A kind of event, and who has it.

    Attributes:
        event: It in words, without numbers.
        passes: How many passes have it.
        failures: How many failures have it.
        agents: How many agents do; if it is one, the agent and the event cannot be told apart.
        difference: Share of the passes less share of the failures, -1 to 1.
    """

    event: str
    passes: int
    failures: int
    agents: int
    difference: float


def event_shares(paths: Sequence[Path]) -> list[EventShare]:
    """
    Return the kinds of event in *paths*, the largest difference of shares first, either way.

    Empty if all of them pass, or all fail.
    """
    passes = sum(path.passed for path in paths)
    failures = len(paths) - passes
    if not passes or not failures:
        return []
    having: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        for event in path.happened:
            having[event].append(path)
    found = [_share(event, on, passes, failures) for event, on in having.items()]
    return sorted(found, key=lambda each: (-abs(each.difference), -each.agents, each.event))


def _share(event: str, having: Sequence[Path], passes: int, failures: int) -> EventShare:
    passed = sum(path.passed for path in having)
    failed = len(having) - passed
    return EventShare(
        event=event,
        passes=passed,
        failures=failed,
        agents=len({path.agent for path in having}),
        difference=passed / passes - failed / failures,
    )
