"""Players: built-in policies and models behind one face, and many episodes at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from refold.agents.rollout import make_policy, play, replay_policy
from refold.engine import Episode, EpisodeInfo, Reseeded, StepResult

T = TypeVar("T")


class Player(Protocol):
    """Plays episodes that stand in a log, from wherever they stand."""

    async def play(self, episode: Episode, info: EpisodeInfo) -> None:
        """Play *episode*, which the log knows as *info*, as far as it goes."""


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
        """Play *episode* to its end, or until a script is."""
        seeds = [event.seed for event in episode.events if isinstance(event, Reseeded)]
        seed = seeds[-1] if seeds else info.seed
        policy = make_policy(self._agent, episode.family, seed=seed, epoch=info.epoch)
        replay_policy(policy, episode.events, since=info.fork_at or 0)
        play(episode, policy, watch=self._watch)
        await asyncio.sleep(0)


async def run_in_parallel(
    items: Iterable[T], work: Callable[[T], Awaitable[None]], *, parallel: int
) -> None:
    """
    Do *work* on each of *items*, *parallel* at a time; the first error stops all.

    Raises:
        ExceptionGroup: What *work* raised.
    """
    rest = iter(items)

    async def worker() -> None:
        for item in rest:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(worker())
