"""
Pair the episodes of two runs, and check that they are comparable at all.

A pair is one episode of each run with the same scenario and seed; if a run repeats these, with
the same epoch as well. Scores of different settings are never compared.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from refold.engine import RefoldError
from refold.reports.outcomes import Outcome, Setting

Pair = tuple[Outcome, Outcome]
Runs = tuple[str, str]

_DIGEST_LETTERS = 8


def pair_outcomes(runs: Runs, left: Sequence[Outcome], right: Sequence[Outcome]) -> list[Pair]:
    """
    Return the pairs of the outcomes *left* and *right* of two *runs*, in the order of *left*.

    Raises:
        RefoldError: There are none, or a scenario's episodes are not comparable because rubric,
            rules or parameters differ.
    """
    _check_settings(runs, left, right)
    pairs = list(_find_pairs(left, right))
    if not pairs:
        raise RefoldError(
            f"runs {runs[0]!r} and {runs[1]!r}: expected episodes of the same scenario and seed "
            "that count in both, got none; record both with the same --seed and --epochs"
        )
    return pairs


def _check_settings(runs: Runs, left: Iterable[Outcome], right: Iterable[Outcome]) -> None:
    """Raise an error if the runs have a scenario of the same name with different settings."""
    sides: list[dict[str, dict[Setting, str]]] = [defaultdict(dict), defaultdict(dict)]
    for side, outcomes in zip(sides, (left, right), strict=True):
        for outcome in outcomes:
            side[outcome.setting.scenario].setdefault(outcome.setting, outcome.id)
    for scenario in sides[0]:
        settings = {**sides[0][scenario], **sides[1].get(scenario, {})}
        if scenario in sides[1] and len(settings) > 1:
            raise RefoldError(f"runs {runs[0]!r} and {runs[1]!r}: {_mismatch(scenario, settings)}")


def _mismatch(scenario: str, settings: Mapping[Setting, str]) -> str:
    if len({setting.rubric.digest for setting in settings}) > 1:
        thing = "rubric"
        rubrics = [setting.rubric for setting in settings]
        named = [f"{r.name!r} v{r.version} {r.digest[:_DIGEST_LETTERS]}" for r in rubrics]
    else:
        thing = "rules and parameters"
        named = [f"rules {each.rules}, {each.parameters[:_DIGEST_LETTERS]}" for each in settings]
    got = "; ".join(
        f"{name} (episode {id!r})" for name, id in zip(named, settings.values(), strict=True)
    )
    return f"expected the same {thing} for {scenario!r}, got {got}; compare runs recorded alike"


def _find_pairs(left: Sequence[Outcome], right: Sequence[Outcome]) -> Iterator[Pair]:
    repeated = {
        key
        for outcomes in (left, right)
        for key, times in Counter(map(scenario_and_seed, outcomes)).items()
        if times > 1
    }
    partners = dict(_with_pair_keys(right, repeated))
    for key, outcome in _with_pair_keys(left, repeated):
        if key in partners:
            yield outcome, partners[key]


def scenario_and_seed(outcome: Outcome) -> tuple[str, int]:
    """Return the name of the outcome's scenario, and its seed."""
    return outcome.setting.scenario, outcome.seed


def _with_pair_keys(
    outcomes: Iterable[Outcome], repeated: set[tuple[str, int]]
) -> Iterator[tuple[object, Outcome]]:
    """Yield each outcome with its pair's key: scenario, seed, and if repeated epoch and count."""
    seen: Counter[object] = Counter()
    for outcome in outcomes:
        world = scenario_and_seed(outcome)
        key: object = world
        # Without repetitions the epochs may differ: one run may have begun at another epoch.
        if world in repeated:
            place = (world, outcome.epoch)
            key = (*place, seen[place])
            seen[place] += 1
        yield key, outcome
