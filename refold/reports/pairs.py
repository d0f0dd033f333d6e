"""
Pair the episodes of two runs, and check that they are comparable at all.

A pair is one episode of each run with the same scenario and seed; if a run repeats these, with
the same epoch as well; if the runs have several agents in common, by the same agent. Scores of
different settings are never compared.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
    check_settings(runs, left, right)
    pairs = list(_find_pairs(left, right))
    if not pairs:
        raise RefoldError(
            f"runs {runs[0]!r} and {runs[1]!r}: expected episodes of the same scenario and seed "
            "that count in both, got none; record both with the same --seed and --epochs"
        )
    return pairs


def check_settings(runs: Runs, left: Iterable[Outcome], right: Iterable[Outcome]) -> None:
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
    world_of = _world_by_agent if _share_agents(left, right) else scenario_and_seed
    repeated: set[object] = {
        world
        for outcomes in (left, right)
        for world, times in Counter(map(world_of, outcomes)).items()
        if times > 1
    }
    partners = dict(_with_pair_keys(right, world_of, repeated))
    for key, outcome in _with_pair_keys(left, world_of, repeated):
        if key in partners:
            yield outcome, partners[key]


def _share_agents(left: Iterable[Outcome], right: Iterable[Outcome]) -> bool:
    """Return whether both have the same agents, several: each is then its own partner."""
    agents, others = ({outcome.agent for outcome in side} for side in (left, right))
    return agents == others and len(agents) > 1


def scenario_and_seed(outcome: Outcome) -> tuple[str, int]:
    """Return the name of the outcome's scenario, and its seed."""
    return outcome.setting.scenario, outcome.seed


def _world_by_agent(outcome: Outcome) -> tuple[str, int, str]:
    return (*scenario_and_seed(outcome), outcome.agent)


def _with_pair_keys(
    outcomes: Iterable[Outcome], world_of: Callable[[Outcome], object], repeated: set[object]
) -> Iterator[tuple[object, Outcome]]:
    """Yield each outcome with its pair's key: its seed, and if repeated epoch and count."""
    seen: Counter[object] = Counter()
    for outcome in outcomes:
        world = world_of(outcome)
        key: object = world
        # Without repetitions the epochs may differ: one run may have begun at another epoch.
        if world in repeated:
            place = (world, outcome.epoch)
            key = (*place, seen[place])
            seen[place] += 1
        yield key, outcome
