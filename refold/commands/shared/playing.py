"""Playing episodes of the log, several at once, and grading each when it ends."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from refold.agents.client import Filtered, Unavailable
from refold.agents.functions import ProgramFailed
from refold.agents.players import Player, run_in_parallel
from refold.commands.shared.cost_cap import CapReached, CostCap
from refold.commands.shared.episode_progress import EpisodeProgressBar
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.model_choices import StepWatcher, open_players
from refold.commands.shared.model_options import ModelChoices
from refold.commands.shared.output import print_to_stderr
from refold.engine import Episode, EpisodeInfo, EventLog, RefoldError
from refold.engine.exchanges import INSTRUMENT_FAILED, ActionForfeited
from refold.environments import Worlds
from refold.graders import grade, save_grade, saved_grades
from refold.reports import Prices
from refold.reports.usage import NO_PRICES

EXIT_INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 plus the number of SIGINT, as shells have it."""

PlayAll = Callable[..., int]
"""``play_all``, or what takes its place."""

_MOST_REASONS = 3
_LONGEST_REASON = 100  # letters


def play_run(
    log: EventLog,
    infos: Sequence[EpisodeInfo],
    choices: ModelChoices,
    *,
    name: str,
    label: str,
    parallel: int = 1,
    prices: Prices,
    cap: CostCap | None = None,
    worlds: Worlds | None = None,
    play: PlayAll | None = None,
) -> int:
    """
    Play *infos* as ``play_all`` does, and tell how to continue with *name* if that stops.

    *play* is what plays them in its place, if given.

    Returns:
        How many episodes the API's content filter or the *cap* left open.

    Raises:
        RefoldError, KeyboardInterrupt: As for ``play_all``.
    """
    try:
        left = (play or play_all)(
            log,
            infos,
            choices,
            parallel=parallel,
            label=label,
            prices=prices,
            cap=cap,
            worlds=worlds,
        )
    except KeyboardInterrupt:
        print_to_stderr(f"interrupted; `refold resume {name}` continues where it stopped")
        raise
    # What keeps the API from answering stops the run, and can be mended.
    except Unavailable as error:
        raise RefoldError(f"{error}; then `refold resume {name}` continues") from error
    except ProgramFailed as error:
        again = f"refold resume {name} --agent FILE.py:FUNCTION"
        raise RefoldError(f"{error}; then `{again}` continues") from error
    if cap is not None and cap.is_reached and left:
        print_to_stderr(f"`refold resume {name}{cap.advice}` continues")
    elif left:
        print_to_stderr(f"`refold resume {name}` tries again")
    return left


def play_all(
    log: EventLog,
    infos: Sequence[EpisodeInfo],
    choices: ModelChoices,
    *,
    parallel: int = 1,
    label: str,
    prices: Prices = NO_PRICES,
    cap: CostCap | None = None,
    watch: StepWatcher | None = None,
    worlds: Worlds | None = None,
) -> int:
    """
    Play the episodes *infos* of *log* from where they stand, and save the grade of each.

    Returns how many are left open: by the API's content filter, which may let the others pass, or
    by the *cap*.

    Args:
        log: The log, open for writing.
        infos: Episodes that have not ended.
        choices: The model options.
        parallel: Episodes to play at once.
        label: Text before the progress bar.
        prices: Prices of tokens, to show the cost so far.
        cap: What may be spent on requests to models; None for no cap.
        watch: Called with the result of each step.
        worlds: Opens the external environments that answer, where there are any.

    Raises:
        RefoldError: The first error of a player. Steps taken so far stay in the log, and the
            episodes that have not ended can be resumed.
        KeyboardInterrupt: Ctrl-C was pressed; the same holds. A second Ctrl-C before this is
            raised ends the process at once.
    """
    left: list[Filtered | CapReached] = []
    forfeits: Counter[str] = Counter()

    async def play_concurrently() -> None:
        # Environments that wait are asked in threads, of which Python has few where there are few
        # cores.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(parallel))
        agents = list(dict.fromkeys(info.agent for info in infos))
        with EpisodeProgressBar(total=len(infos), label=label, prices=prices) as progress:
            guard = cap.guard if cap else None
            async with open_players(log, agents, choices, watch=watch, guard=guard) as players:

                async def play_one(info: EpisodeInfo) -> None:
                    try:
                        if cap is not None:
                            cap.check(info.agent)
                        player = players[info.agent]
                        await _play_and_grade(log, info, player, progress, forfeits, worlds)
                    except (Filtered, CapReached) as error:
                        left.append(error)

                await run_in_parallel(infos, play_one, parallel=parallel)

    _run(play_concurrently())
    print_forfeits(forfeits)
    for kind, number in Counter(map(type, left)).items():
        # The last, which knows of all that was spent by then.
        why = next(error for error in reversed(left) if isinstance(error, kind))
        print_to_stderr(f"{pluralise(number, 'episode')} left open: {why}")
    return len(left)


def print_forfeits(forfeits: Counter[str]) -> None:
    """Print for how many steps the model gave no action, and the most frequent reasons."""
    if forfeits:
        most = forfeits.most_common(_MOST_REASONS)
        told = "; ".join(f"{reason[:_LONGEST_REASON]} ({times})" for reason, times in most)
        print_to_stderr(f"{pluralise(forfeits.total(), 'step')} forfeited by the model: {told}")


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run *work*, which Ctrl-C cancels, to its end or its first error."""
    try:
        asyncio.run(_run_interruptibly(work))
    # One error for the user: the first; the others are mostly its consequences.
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _run_interruptibly(work: Awaitable[None]) -> None:
    """Await *work*, and cancel it on Ctrl-C."""
    # Not left to asyncio.run, which may print a traceback when Ctrl-C is pressed a second time.
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    cancel = task.cancel
    pressed = False

    def interrupt(*_: object) -> None:
        nonlocal pressed
        if pressed:
            # The progress bar has hidden the cursor, and nothing runs any more to show it again.
            from rich.console import Console  # noqa: PLC0415 - slow, seldom needed

            Console(stderr=True).show_cursor()
            os._exit(EXIT_INTERRUPTED)
        pressed = True
        loop.call_soon_threadsafe(cancel)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        await work
    finally:
        signal.signal(signal.SIGINT, before)


async def _play_and_grade(
    log: EventLog,
    info: EpisodeInfo,
    player: Player,
    progress: EpisodeProgressBar,
    forfeits: Counter[str],
    worlds: Worlds | None,
) -> None:
    episode = Episode.resume(log, info.id, open_world=worlds)
    begun = len(episode.events)
    try:
        await player.play(episode, info)
    finally:
        episode.close()
    events = episode.events
    new = (event for event in events[begun:] if isinstance(event, ActionForfeited))
    forfeits.update(event.reason for event in new)
    score = None
    # An episode that the API's faults ended says nothing about the agent, so it gets no grade.
    if episode.end is None or episode.end.reason != INSTRUMENT_FAILED:
        result = grade(events)
        save_grade(log, info.id, result)
        score = result.score
    progress.add(events, score)


def save_missing_grades(log: EventLog, infos: Iterable[EpisodeInfo]) -> None:
    """Save the grade of each of *infos* that has ended but has none: its recorder had crashed."""
    for info in infos:
        counts = info.ended is not None and info.reason != INSTRUMENT_FAILED
        if counts and not saved_grades(log, info.id):
            save_grade(log, info.id, grade(log.events(info.id)))
