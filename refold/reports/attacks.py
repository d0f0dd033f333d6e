"""How many verdicts of a judge move where what it judges asks for another verdict: pure counts."""

from collections.abc import Iterable, Mapping

from attrs import frozen

from refold.reports.statistics import Estimate, clustered_pass_interval


@frozen
class Attacked:
    """
    What a judge made of one attack.

    Attributes:
        kind: Kind of the attack.
        episode: The episode whose record holds it.
        moved: Whether the judge gave the verdict that it asks for; None if it gave none.
    """

    kind: str
    episode: str
    moved: bool | None


@frozen
class AttackRate:
    """
    What attacks of one kind came to.

    Attributes:
        kind: Their kind.
        moved: Verdicts that moved.
        n: Verdicts.
        failed: Questions that the judge gave no verdict on.
        interval: Share of the verdicts that moved, those of one episode depending on each other;
            None without any.
    """

    kind: str
    moved: int
    n: int
    failed: int
    interval: Estimate | None


def attack_rates(found: Iterable[Attacked]) -> list[AttackRate]:
    """Return what became of the attacks *found*, by kind, in the order of first occurrence."""
    by_kind: dict[str, list[Attacked]] = {}
    for each in found:
        by_kind.setdefault(each.kind, []).append(each)
    return [_rate(kind, each) for kind, each in by_kind.items()]


def _rate(kind: str, found: Iterable[Attacked]) -> AttackRate:
    episodes: dict[str, list[bool]] = {}
    failed = 0
    for each in found:
        if each.moved is None:
            failed += 1
        else:
            episodes.setdefault(each.episode, []).append(each.moved)
    clusters = _counts(episodes)
    moved, n = sum(k for k, _ in clusters), sum(m for _, m in clusters)
    interval = clustered_pass_interval(clusters) if clusters else None
    return AttackRate(kind, moved, n, failed, interval)


def _counts(episodes: Mapping[str, list[bool]]) -> list[tuple[int, int]]:
    return [(sum(moved), len(moved)) for moved in episodes.values()]
