"""Steps in external environments, some of which are waited for while other episodes go on."""

import asyncio
from typing import Any

from refold.engine import Episode, Input, StepResult


async def begin(episode: Episode) -> None:
    """Have the environment of *episode* begin, if there is one that has not."""
    if episode.can_begin:
        # In a thread even where it does not wait: to open an environment may take seconds.
        episode.begin(await asyncio.to_thread(episode.ask))


async def take_step(episode: Episode, action: Any, *inputs: Input) -> StepResult:
    """Take *action* as ``Episode.step`` does; if its environment waits, others are served."""
    if episode.world is None or not episode.world.waits:
        return episode.step(action, *inputs)
    answers = await asyncio.to_thread(episode.ask, action)
    return episode.step(action, *inputs, answers=answers)
