"""What ``refold.record`` adds to a step of a training loop, one environment and several in step."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import gymnasium

import refold
from bench.rows import Bar, Row
from bench.timing import Work, in_turns

STEP = Bar("value", most=150)
STEP_OF_SEVERAL = Bar("value", most=60)
SEVERAL = 16
BATCH = 1000


def recorder_rows(folder: Path, rounds: int, steps: int) -> Iterator[Row]:
    """Yield a row for each kind of environment, with about *steps* steps in each measurement."""
    paths = (folder / f"recorder-{number}.db" for number in count())
    for name in ("CartPole-v1", "FrozenLake-v1"):
        make = partial(gymnasium.make, name)
        yield _row(f"record() a step, {name}", make, paths, rounds, steps)
    yield _row(
        f"record() a step of {SEVERAL} in step, in batches",
        _make_several,
        paths,
        rounds,
        steps,
        bar=STEP_OF_SEVERAL,
        batch=BATCH,
    )


def _make_several() -> Any:
    return gymnasium.make_vec("CartPole-v1", num_envs=SEVERAL, vectorization_mode="sync")


def _row(
    work: str,
    make: Callable[[], Any],
    paths: Iterator[Path],
    rounds: int,
    steps: int,
    *,
    bar: Bar = STEP,
    batch: int = 1,
) -> Row:
    def recorded() -> Any:
        return refold.record(make(), log=next(paths), batch=batch)

    rates = in_turns(_loop(recorded, steps), _loop(make, steps), rounds=rounds)
    more = 1e6 / rates.rate - 1e6 / rates.control
    return Row(work, more, "µs more", "the loop alone", 1 / rates.ratio, rates.spread, bar)


def _loop(make: Callable[[], Any], steps: int) -> Work:
    """Return the work of a loop that acts at random, its making not timed."""

    def prepare() -> Callable[[], int]:
        env = make()
        env.action_space.seed(1)
        several = getattr(env, "num_envs", 0)

        def run() -> int:
            env.reset(seed=1)
            for _ in range(steps // (several or 1)):
                _, _, terminated, truncated, _ = env.step(env.action_space.sample())
                if not several and (terminated or truncated):
                    env.reset()
            env.close()
            return steps

        return run

    return prepare
