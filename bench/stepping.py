"""Steps in memory: each task, an inbox, and a large DAG against a small one."""

from collections.abc import Callable, Iterator
from typing import Any

from bench.plain import PlainInbox, PlainWorkflow
from bench.rows import Bar, Row, rate_row, time_row
from bench.timing import Work, in_turns
from bench.worlds import MAILS, TASKS, Script, actions, dag, dag_script, played, short
from refold.engine import Episode, Stream, fold
from refold.scenarios import Scenario, load

WALKS = 3
STEPS = Bar("value", least=40_000)
GROWTH = Bar("ratio", most=2.2)


def step_rows(rounds: int, steps: int) -> Iterator[Row]:
    """Yield a row for each task and policy, with about *steps* steps in each measurement."""
    for name in TASKS:
        walks = [played(name, "random", seed) for seed in range(WALKS)]
        yield _task(name, "greedy", [played(name, "greedy")], rounds, steps)
        yield _task(name, "random", walks, rounds, steps)
    yield _task(MAILS, "baseline", [played(MAILS, "baseline")], rounds, steps)
    yield _dag(rounds, steps)


def _task(name: str, agent: str, streams: list[Stream], rounds: int, steps: int) -> Row:
    scenario = load(name)
    worlds = [_plain_world(scenario, stream) for stream in streams]
    scripts = [actions(stream) for stream in streams]
    for world, stream, script in zip(worlds, streams, scripts, strict=True):
        _check_control(world(), stream, script)
    times = 1 + steps // sum(map(len, scripts))
    rates = in_turns(
        _episodes(scenario, scripts, times), _controls(worlds, scripts, times), rounds=rounds
    )
    return rate_row(
        f"steps, {short(name)} {agent}", "steps/s", "plain mutable program", rates, STEPS
    )


def _plain_world(scenario: Scenario, stream: Stream) -> Callable[[], Any]:
    if scenario.family == "workflow":
        return lambda: PlainWorkflow(scenario.parameters, scenario.seed)
    arrived = fold(stream[:2], family=stream.family)
    categories = {id: email.category for id, email in arrived.pending.items()}
    steps = scenario.parameters.max_steps
    return lambda: PlainInbox(dict(categories), arrived.keywords, steps)


def _check_control(world: Any, stream: Stream, script: Script) -> None:
    for action in script:
        world.step(action)
    total = fold(stream, family=stream.family).total
    assert abs(world.total - total) < 1e-9, f"control earned {world.total}, refold {total}"


def _episodes(scenario: Scenario, scripts: list[Script], times: int) -> Work:
    def run() -> int:
        for _ in range(times):
            for script in scripts:
                episode = Episode.start(scenario)
                for action in script:
                    episode.step(action)
        return times * sum(map(len, scripts))

    return lambda: run


def _controls(worlds: list[Callable[[], Any]], scripts: list[Script], times: int) -> Work:
    def run() -> int:
        for _ in range(times):
            for world, script in zip(worlds, scripts, strict=True):
                playing = world()
                for action in script:
                    playing.step(action)
        return times * sum(map(len, scripts))

    return lambda: run


def _dag(rounds: int, steps: int) -> Row:
    large, small = dag(1000, 100), dag(10, 10)
    rates = in_turns(steps_only(large, steps // 4), steps_only(small, steps // 4), rounds=rounds)
    return time_row(
        "step, DAG of 1,000 × 100", "µs", "step, DAG of 10 × 10", rates, GROWTH, scale=1e6
    )


def steps_only(scenario: Scenario, steps: int) -> Work:
    """Return the work of playing the DAG *scenario*, about *steps* steps, its starts not timed."""
    script = dag_script(scenario)
    times = 1 + steps // len(script)

    def prepare() -> Callable[[], int]:
        episodes = [Episode.start(scenario) for _ in range(times)]

        def run() -> int:
            for episode in episodes:
                for action in script:
                    episode.step(action)
            return times * len(script)

        return run

    return prepare
