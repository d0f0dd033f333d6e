"""
A worker's work: it plays episodes in a shard and returns what was stored.

Nothing here knows Ray. Its methods run in one event loop, so that a shard has one user; episodes
that wait for a model, and batches, are played beside each other.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context

from attrs import evolve, frozen

from refold.agents.client import Filtered, Pace, Unavailable
from refold.agents.endpoint import without_secrets as without_user
from refold.agents.functions import ProgramFailed
from refold.agents.players import Player
from refold.commands.shared.model_choices import open_players, with_programs
from refold.commands.shared.model_options import ModelChoices
from refold.engine import Episode, EpisodeInfo, EventLog, RefoldError, Stream
from refold.environments import Worlds
from refold.fleet.bundles import Job, Result, pack, unpack
from refold.fleet.shards import folder_of, new_shard, read_results, result_of


@frozen
class Setup:
    """
    What a worker is told when it starts; no key is in it.

    Attributes:
        run: Id of the run's first episode.
        agents: The agents, as logs name them.
        programs: Those of them that are functions in files, with their paths.
        choices: The model options.
        worlds: Opens external environments.
        folder: The driver's current folder, which relative paths are meant from.
        parallel: Number of episodes that wait for models at once.
    """

    run: str
    agents: Sequence[str]
    programs: Sequence[str]
    choices: ModelChoices
    worlds: Worlds
    folder: str
    parallel: int


@frozen
class Problem:
    """An error as it travels; *kind* is the name of its class, *cause* that of ``Unavailable``."""

    kind: str
    words: str
    cause: str = ""

    @classmethod
    def of(cls, error: RefoldError) -> "Problem":
        """Return *error*, to be sent."""
        kinds = (Unavailable, ProgramFailed, RefoldError)
        kind = next(each.__name__ for each in kinds if isinstance(error, each))
        return cls(kind, str(error), error.cause if isinstance(error, Unavailable) else "")

    def restored(self) -> RefoldError:
        """Return the error, to be raised."""
        if self.kind == Unavailable.__name__:
            return Unavailable(self.words, self.cause)
        if self.kind == ProgramFailed.__name__:
            return ProgramFailed(self.words)
        return RefoldError(self.words)


class BatchPlayer:
    """
    Plays batches of episodes; ``open`` it first.

    Args:
        setup: How.
        pace: What requests to models wait for; None for nothing.
    """

    def __init__(self, setup: Setup, pace: Pace | None = None) -> None:
        self._setup = setup
        self._pace = pace
        self._shard: EventLog | None = None
        self._players: Mapping[str, Player] = {}
        self._context: Context | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(setup.parallel)
        self._playing: dict[str, tuple[EventLog, int]] = {}

    async def open(self) -> None:
        """
        Make everything ready.

        Raises:
            RefoldError: The agents cannot play here.
        """
        with suppress(OSError):  # another machine may not have it, nor need it
            os.chdir(self._setup.folder)
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._setup.parallel))
        opened: asyncio.Future[None] = loop.create_future()
        # One task keeps the players open: each call of Ray's is a task of its own, and what is set
        # in one, such as which model the environments ask, does not hold in the next.
        self._keeper = loop.create_task(self._keep_open(opened))
        await opened

    async def _keep_open(self, opened: "asyncio.Future[None]") -> None:
        try:
            choices = with_programs(self._setup.choices, *self._setup.programs)
            self._shard = new_shard(folder_of(self._setup.run))
            async with open_players(
                self._shard, self._setup.agents, choices, pace=self._pace
            ) as players:
                self._players = players
                self._context = copy_context()
                opened.set_result(None)
                await asyncio.Event().wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    async def play(self, bundle: bytes) -> tuple[bytes, Problem | None]:
        """
        Play the jobs in a *bundle*, one after the other.

        Returns:
            A bundle of what became of them, and what keeps this worker from going on, None for
            nothing.
        """
        jobs = unpack(bundle, Job)
        # As many at once as may be; what is dealt ahead waits here.
        async with self._places:
            play = self._play(jobs)
            task = asyncio.get_running_loop().create_task(play, context=self._context)
            results, problem = await task
        return pack(results), problem

    async def _play(self, jobs: Sequence[Job]) -> tuple[tuple[Result, ...], Problem | None]:
        results: list[Result] = []
        try:
            shard = self._begin(jobs)
            for job in jobs:
                results.append(await self._play_one(shard, job))  # noqa: PERF401 - kept on errors
        except RefoldError as error:
            return (*results, *self._rest(jobs[len(results) :])), Problem.of(error)
        finally:
            for job in jobs:
                self._playing.pop(job.record.id, None)
        return tuple(results), None

    def _begin(self, jobs: Sequence[Job]) -> EventLog:
        """Store *jobs* in a shard, a new one if they are in this one already; return it."""
        assert self._shard is not None
        if any(self._shard.holds(job.record.id) for job in jobs):
            self._shard = new_shard(folder_of(self._setup.run))
        with self._shard.transaction():
            for job in jobs:
                self._shard.begin(job.record, job.payloads)
        for job in jobs:
            self._playing[job.record.id] = self._shard, len(job.payloads)
        return self._shard

    async def _play_one(self, shard: EventLog, job: Job) -> Result:
        info = shard.find(job.record.id)
        stream, left = await self._play_episode(shard, info)
        return result_of(info.id, len(job.payloads), stream, played=left is None, left=left)

    async def _play_episode(self, shard: EventLog, info: EpisodeInfo) -> tuple[Stream, str | None]:
        episode = Episode.resume(shard, info.id, open_world=self._setup.worlds)
        left = None
        try:
            await self._players[info.agent].play(episode, info)
        except Filtered as error:
            left = str(error)
        finally:
            episode.close()
        return episode.events, left

    def ship(self) -> bytes:
        """Return a bundle of what was stored so far of the episodes that are being played."""
        return pack(tuple(self._stored(dict(self._playing))))

    def _rest(self, jobs: Sequence[Job]) -> list[Result]:
        ids = {job.record.id for job in jobs} & self._playing.keys()
        return self._stored({id: self._playing[id] for id in ids})

    def _stored(self, playing: Mapping[str, tuple[EventLog, int]]) -> list[Result]:
        return [
            result
            for id, (shard, first) in playing.items()
            for result in read_results(shard, {id: first})
        ]


def without_secrets(choices: ModelChoices) -> ModelChoices:
    """
    Return *choices* as workers are told them.

    Raises:
        RefoldError: They hold what may be secret, or need the run's own log.
    """
    if choices.api_key is not None:
        raise RefoldError(
            "--api-key: expected no key with --fleet, for Ray stores what workers are told; "
            "set OPENAI_API_KEY on each node"
        )
    if choices.base_url is not None and without_user(choices.base_url) != choices.base_url:
        raise RefoldError(
            "--base-url: expected an address without user, password and query with --fleet, for "
            "Ray stores what workers are told; set OPENAI_BASE_URL on each node"
        )
    if choices.reuse or choices.offline:
        option = "--offline" if choices.offline else "--reuse"
        raise RefoldError(
            f"{option}: expected no --fleet beside it, since workers do not have the log; "
            "leave one of them out"
        )
    return evolve(choices, programs={})
