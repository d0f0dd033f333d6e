"""Players: one interface to built-in policies and models, and episodes played in parallel."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from refold.agents.rollout import make_policy, next_action, replay_policy
from refold.agents.worlds import begin, take_step
from refold.engine import Episode, EpisodeInfo, Reseeded, StepResult

T = TypeVar("T")


class Player(Protocol):
    """Plays episodes of a log, starting from wherever they stand."""

    async def play(self, episode: Episode, info: EpisodeInfo) -> None:
        """Play *episode*, whose row in the log is *info*, as far as possible."""


class PolicyPlayer:
    """
    Plays the built-in agents and scripts.

    Args:
        agent: A key of ``AGENTS``, with a file in place of FILE.
        watch: Called after each step.
    """

    def __init__(self, agent: str, *, watch: Callable[[StepResult], None] | None = None) -> None:
        self._agent = agent
        self._watch = watch

    async def play(self, episode: Episode, info: EpisodeInfo) -> None:
        """Play *episode* to its end, or to the end of its script."""
        await begin(episode)
        seeds = [event.seed for event in episode.events if isinstance(event, Reseeded)]
        seed = seeds[-1] if seeds else info.seed
        stream = episode.events
        policy = make_policy(
            self._agent, episode.family, seed=seed, epoch=info.epoch, scenario=stream.scenario
        )
        replay_policy(policy, stream, since=info.fork_at or 0)
        while not episode.over:
            action = next_action(policy, episode)
            if action is None:
                break
            result = await take_step(episode, action)
            if self._watch:
                self._watch(result)
        await asyncio.sleep(0)  # policies never wait: without this, Ctrl-C would not get through


async def run_in_parallel(
    items: Iterable[T], work: Callable[[T], Awaitable[None]], *, parallel: int
) -> None:
    """
    Call *work* on each of *items*, at most *parallel* at a time; the first error cancels all.

    Raises:
        ExceptionGroup: The errors that *work* raised.
    """
    rest = iter(items)  # shared: each worker takes the next item, so none waits for a slow one

    async def worker() -> None:
        for item in rest:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(worker())
