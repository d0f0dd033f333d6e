"""Playing episodes that stand in the log, many at once, each graded when it ends."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Iterable, Sequence

from rich.console import Console

from refold.agents.players import Player, run_in_parallel
from refold.commands.shared.episode_rows import episode_row, episodes_table
from refold.commands.shared.grade_output import ROWS_SHOWN, summary_table
from refold.commands.shared.model_options import ModelChoices, Watch, open_players
from refold.commands.shared.output import console, counted, print_json, words
from refold.commands.shared.progress import Tally
from refold.engine import Episode, EpisodeInfo, EventLog
from refold.engine.exchanges import INSTRUMENT_FAILED
from refold.graders import grade, save_grade, saved_grades
from refold.reports import Price

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def play_all(
    log: EventLog,
    infos: Sequence[EpisodeInfo],
    choices: ModelChoices,
    *,
    parallel: int = 1,
    label: str,
    price: Price | None = None,
    watch: Watch | None = None,
) -> None:
    """
    Play *infos*, episodes of *log*, from where they stand, and save the grade of each.

    Raises:
        RefoldError: The first error of a player; what was played stays, the rest stays open.
        KeyboardInterrupt: Ctrl-C was pressed; the same holds. Pressed again before this has been
            raised, it ends the process at once.
    """

    async def run() -> None:
        agents = list(dict.fromkeys(info.agent for info in infos))
        with Tally(total=len(infos), label=label, price=price) as tally:
            async with open_players(log, agents, choices, watch=watch) as players:

                async def one(info: EpisodeInfo) -> None:
                    await _play(log, info, players[info.agent], tally)

                await run_in_parallel(infos, one, parallel=parallel)

    try:
        asyncio.run(_interruptible(run()))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _interruptible(work: Awaitable[None]) -> None:
    """Do *work*, cancelled by Ctrl-C; asyncio's own way may print a traceback on the second."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    cancel = task.cancel
    pressed = False

    def interrupt(*_: object) -> None:
        nonlocal pressed
        if pressed:
            Console(stderr=True).show_cursor()
            os._exit(INTERRUPTED)
        pressed = True
        loop.call_soon_threadsafe(cancel)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        await work
    finally:
        signal.signal(signal.SIGINT, before)


async def _play(log: EventLog, info: EpisodeInfo, player: Player, tally: Tally) -> None:
    episode = Episode.resume(log, info.id)
    await player.play(episode, info)
    events = episode.events
    score = None
    if episode.end is None or episode.end.reason != INSTRUMENT_FAILED:
        given = grade(events)
        save_grade(log, info.id, given)
        score = given.score
    tally.add(events, score)


def grade_ended(log: EventLog, infos: Iterable[EpisodeInfo]) -> None:
    """Save the grades of those of *infos* that ended, but whose recorder died before it graded."""
    for info in infos:
        counts = info.ended is not None and info.reason != INSTRUMENT_FAILED
        if counts and not saved_grades(log, info.id):
            save_grade(log, info.id, grade(log.events(info.id)))


def print_episodes(log: EventLog, ids: Sequence[str], *, as_json: bool, **more: str) -> None:
    """Print what became of the episodes *ids*: each, or a summary for people if they are many."""
    infos = [log.find(id) for id in ids]
    rows = ((info, saved_grades(log, info.id)) for info in infos)
    if as_json:
        print_json("episodes", (episode_row(*row) for row in rows), **more)
        return
    if len(infos) <= ROWS_SHOWN:
        console().print(episodes_table(rows))
    else:
        scores = ((info.scenario, grades[0].score) for info, grades in rows if grades)
        console().print(summary_table(scores))
    failed = sum(info.reason == INSTRUMENT_FAILED for info in infos)
    if failed:
        words(f"{counted(failed, 'episode')} cut off because the API kept failing: not counted")
    running = sum(info.ended is None for info in infos)
    if running:
        words(f"{counted(running, 'episode')} not ended: out of actions, or interrupted")
