"""Players: one interface to built-in policies and models, and episodes played in parallel."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from typing import Protocol, TypeVar

from refold.agents.rollout import is_costly, make_policy, next_action, replay_policy
from refold.agents.worlds import begin, take_step
from refold.engine import ActionTaken, Episode, EpisodeInfo, Reseeded, StepResult
from refold.engine.presentation import Policy

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
        durable: Whether each step is to survive a power cut.
    """

    def __init__(
        self,
        agent: str,
        *,
        watch: Callable[[StepResult], None] | None = None,
        durable: bool = False,
    ) -> None:
        self._agent = agent
        self._watch = watch
        # What can be played again in no time need not be stored step by step.
        self._quick = not (is_costly(agent) or watch or durable)

    async def play(self, episode: Episode, info: EpisodeInfo) -> None:
        """Play *episode* to its end, or to the end of its script."""
        await begin(episode)
        seeds = [event.seed for event in episode.events if isinstance(event, Reseeded)]
        seed = seeds[-1] if seeds else info.seed
        stream, since = episode.events, info.fork_at or 0
        taken = [event.action for event in stream if isinstance(event, ActionTaken)]
        policy = make_policy(
            self._agent,
            episode.family,
            seed=seed,
            epoch=info.epoch,
            scenario=stream.scenario,
            taken=taken[:since],
        )
        replay_policy(policy, stream, since=since)
        together = self._quick and not episode.family.answered
        with episode.in_one_transaction() if together else nullcontext():
            await self._play(episode, policy)
        await asyncio.sleep(0)  # policies never wait: without this, Ctrl-C would not get through

    async def _play(self, episode: Episode, policy: Policy) -> None:
        while not episode.over:
            action = next_action(policy, episode)
            if action is None:
                return
            result = await take_step(episode, action)
            if self._watch:
                self._watch(result)


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
