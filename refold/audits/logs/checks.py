"""Checks of saved runs: how hard their tasks are, what scores tell apart, what criteria pay."""

from collections.abc import Callable, Iterator, Sequence
from math import fsum
from statistics import fmean, pvariance, variance

from attrs import evolve

from refold.audits import lines
from refold.audits.again import otherwise_decided, several_grades
from refold.audits.findings import Check, Measurement, Stored
from refold.audits.logs.case import LogCase, Saved, by_agent, mean_of_worlds
from refold.reports.paired import difference_here
from refold.reports.statistics import Estimate, grouped_mean_interval

PASS = 0.7
"""The score that some run has to reach."""
LEAST_ROOM = 0.05
"""How far below the highest score the best agent has to stay, for a better one to be seen."""
MOST_NOISE = 0.5
"""Share of the variance of scores that may come from playing the same world once more."""
LEAST_APART = 0.01
"""How far apart the best and the worst agent are, at the lower end of the interval."""
LEAST_HIGHER = 0.01
"""How much more of a criterion the better half of the runs has to earn."""


def reachability(case: LogCase) -> Iterator[Measurement]:
    """Measure the highest score of any run."""
    for name, runs in case.by_setting.items():
        best = max(runs, key=lambda run: run.score)
        about = f"the best of {len(runs)} runs is of {best.agent!r:.100}; {_difficulty(runs)}"
        yield Measurement(name, best.score, PASS, about, best.episode)


def headroom(case: LogCase) -> Iterator[Measurement]:
    """Measure how far the best agent's mean stays below the highest score."""
    for name, runs in case.by_setting.items():
        agents = by_agent(runs)
        agent = max(agents, key=lambda each: mean_of_worlds(agents[each]))
        bounds = runs[0].outcome.setting.bounds
        found = grouped_mean_interval(list(agents[agent].values()), bounds=bounds)
        about = f"the best agent, {agent!r:.100}, scores {_interval(found)}, of {bounds[1]:g}"
        shown = max((run for run in runs if run.agent == agent), key=lambda run: run.score)
        yield Measurement(name, bounds[1] - found.mean, LEAST_ROOM, about, shown.episode)


def variance_bound(case: LogCase) -> Iterator[Measurement]:
    """Measure what share of the variance of scores comes from playing a seed once more."""
    for name, runs in case.by_setting.items():
        worlds = [scores for seeds in by_agent(runs).values() for scores in seeds.values()]
        again = [scores for scores in worlds if len(scores) > 1]
        spread = pvariance([run.score for run in runs])
        if not again or not spread:
            about = "no agent has played a seed twice" if not again else "all scores are equal"
            yield Measurement(name, None, None, about)
            continue
        free = sum(len(scores) - 1 for scores in again)
        within = fsum((len(scores) - 1) * variance(scores) for scores in again) / free
        about = (
            f"scores of one agent with one seed have a variance of {within:.4f}, all scores one of "
            f"{spread:.4f}, from {len(again)} seeds that were played more than once"
        )
        yield Measurement(name, within / spread, MOST_NOISE, about)


def separation(case: LogCase) -> Iterator[Measurement]:
    """Measure how far apart the best and the worst agent are for certain."""
    for name, runs in case.by_setting.items():
        agents = by_agent(runs)
        ordered = sorted(agents, key=lambda each: mean_of_worlds(agents[each]))
        worst, best = ordered[0], ordered[-1]
        both = [seed for seed in agents[best] if seed in agents[worst]]
        if best == worst or not both:
            yield Measurement(name, None, None, "no two agents have played the same seeds")
            continue
        apart = [fmean(agents[best][seed]) - fmean(agents[worst][seed]) for seed in both]
        found = difference_here([apart])
        about = (
            f"{best!r:.100} is {found.difference:.4f} above {worst!r:.100}, {found.low:.4f} to "
            f"{found.high:.4f} with 95 % confidence; seeds that both have played: {len(both)}"
        )
        yield Measurement(name, found.low, LEAST_APART, about)


def dead(case: LogCase) -> Iterator[Measurement]:
    """Measure the highest that each criterion pays in any run."""
    for name, runs in case.by_setting.items():
        for place, criterion in lines.paying(runs):
            best = max(runs, key=lambda run: lines.share_of(run.grade.parts[place]))
            share = lines.share_of(best.grade.parts[place])
            about = f"pays at most {share:.4f} of its weight in {len(runs)} runs"
            yield Measurement(f"{name}, {criterion}", share, LEAST_HIGHER, about, best.episode)


def discrimination(case: LogCase) -> Iterator[Measurement]:
    """Measure how much more of each criterion the better half of the runs earns."""
    for name, runs in case.by_setting.items():
        ordered = sorted(runs, key=lambda run: run.score)
        half = len(ordered) // 2
        if not half or ordered[0].score == ordered[-1].score:
            yield Measurement(name, None, None, "no two runs differ in score")
            continue
        for place, criterion in lines.paying(runs):
            low, high = _mean(ordered[:half], place), _mean(ordered[-half:], place)
            if not low and not high:
                continue  # dead, which another check tells
            about = f"the worse half of the runs earns {low:.4f} of it, the better half {high:.4f}"
            yield Measurement(
                f"{name}, {criterion}", high - low, LEAST_HIGHER, about, ordered[0].episode
            )


def determinism(case: LogCase) -> Iterator[Measurement]:
    """Measure how many runs have more than one grade when they are graded again."""
    yield from several_grades(case.runs)
    if case.ungraded:
        why = next(iter(case.ungraded.values()))
        yield Measurement("", None, None, f"{len(case.ungraded)} runs cannot be graded: {why}")


def replayability(case: LogCase) -> Iterator[Measurement]:
    """Measure how many runs cannot be read, or are not what the rules decide."""
    yield from otherwise_decided(case.runs)
    if case.damaged:
        id, why = next(iter(case.damaged.items()))
        about = f"{len(case.damaged)} runs cannot be read: {why}"
        yield Measurement("", float(len(case.damaged)), 0.0, about, Stored(id, case.path))


def _mean(runs: Saved, place: int) -> float:
    return fmean(lines.share_of(run.grade.parts[place]) for run in runs)


def _difficulty(runs: Saved) -> str:
    scores: dict[int, list[float]] = {}
    for run in runs:
        scores.setdefault(run.outcome.seed, []).append(run.score)
    found = grouped_mean_interval(list(scores.values()), bounds=runs[0].outcome.setting.bounds)
    return f"all agents together score {_interval(found)}"


def _interval(found: Estimate) -> str:
    return f"{found.mean:.4f} ({found.low:.4f} to {found.high:.4f} with 95 % confidence)"


def _by_setting(
    measure: Callable[[Sequence[lines.GradedRun]], Iterator[Measurement]],
) -> Callable[[LogCase], Iterator[Measurement]]:
    """Return the measure of a log that takes *measure* of the runs of each setting."""

    def measure_each(case: LogCase) -> Iterator[Measurement]:
        for name, runs in case.by_setting.items():
            for found in measure(runs):
                yield evolve(found, part=f"{name}, {found.part}" if found.part else name)

    return measure_each


CHECKS = (
    Check("statistical.reward_reachability", "some run does well", "at least", reachability),
    Check("statistical.headroom", "a better agent would be seen", "at least", headroom),
    Check("statistical.variance_bound", "scores are more than noise", "at most", variance_bound),
    Check("statistical.difficulty_separation", "agents are told apart", "at least", separation),
    Check("criteria.dead", "each criterion can pay", "at least", dead),
    Check(
        "criteria.vacuous",
        "no criterion pays without evidence",
        "at most",
        _by_setting(lines.vacuous),
    ),
    Check("criteria.constant", "each criterion varies", "at least", _by_setting(lines.constant)),
    Check(
        "criteria.duplicate",
        "no two criteria are the same",
        "at most",
        _by_setting(lines.duplicate),
    ),
    Check(
        "criteria.discrimination",
        "each criterion tells good runs apart",
        "at least",
        discrimination,
    ),
    Check("semantic.verifier_determinism", "one run has one grade", "at most", determinism),
    Check("semantic.replayability", "runs can be replayed", "at most", replayability),
)
"""The checks of saved runs."""
