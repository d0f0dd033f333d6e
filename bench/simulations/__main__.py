"""
Print how often the statistics err: ``python -m bench.simulations``, hours.

``--studies N`` is the number of made-up studies behind each figure, 2,000 if not given; ten
agents are studied a fifth as often. Seeds are fixed: the figures are the same each time.
"""

import argparse

from bench.simulations import alarms, coverage


def main() -> None:
    """Run all simulations."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulations", description=__doc__)
    parser.add_argument("--studies", type=int, default=2_000)
    studies: int = parser.parse_args().studies
    print_coverage(studies)
    print_alarms(studies)


def print_coverage(studies: int) -> None:
    """Print the coverage of each interval of 95 %."""
    print("coverage of 95 % intervals")
    for name, (n, scores) in coverage.MEANS.items():
        _print(f"mean of scores, {name}", coverage.mean_of_scores(n, scores, studies))
    for name, change in coverage.CHANGES.items():
        _print(f"shift elsewhere, {name}", coverage.shift_elsewhere(*change, studies))
    for scenarios, episodes in ((7, 5), (20, 5)):
        share = coverage.pass_rate(scenarios, episodes, 0.2, studies)
        _print(f"pass rate, {scenarios} unequal scenarios of {episodes}", share)
    for scenarios, seeds in ((7, 5), (3, 5), (7, 2)):
        share = coverage.difference_of_scenarios(scenarios, seeds, studies)
        _print(f"difference on {scenarios} scenarios of {seeds}", share)


def print_alarms(studies: int) -> None:
    """Print how often gates fail, leads are clear, and noise floors are passed."""
    print("\ngates on 7 scenarios with 5 seeds, by true drop of the pass rate")
    for drop in (0.0, 0.13, 0.26, 0.44):
        _print(f"mean fell, {drop}", alarms.mean_fell(drop, studies))
        _print(f"worse at 95 %, {drop}", alarms.worse_fails(drop, studies, confidence=0.95))
        _print(f"worse at 99 %, {drop}", alarms.worse_fails(drop, studies))
        _print(
            f"worse at 99 %, each three times, {drop}", alarms.worse_fails(drop, studies, repeats=3)
        )
    print("\nerrors about equal agents")
    for agents in (2, 10):
        _print(f"any pair of {agents} clear", alarms.any_false_lead(agents, studies // 5))
    share = alarms.any_false_lead(10, studies // 5, adjust=False)
    _print("any pair of 10 clear, without Holm", share)
    _print("beyond the noise floor", alarms.beyond_noise(studies))


def _print(what: str, share: float) -> None:
    print(f"  {what:<66} {share:.4f}", flush=True)


if __name__ == "__main__":
    main()
