"""What Ray runs as actors: workers, and the limiter that their requests to models pass."""

import asyncio
import time
from socket import gethostname
from typing import Any

from refold.engine import RefoldError
from refold.fleet.bucket import Bucket
from refold.fleet.player import BatchPlayer, Problem, Setup
from refold.fleet.preflight import Needs, look


class Worker:
    """What Ray runs as an actor: a ``BatchPlayer``."""

    def __init__(self, setup: Setup, needs: Needs, limiter: Any) -> None:
        self._player = BatchPlayer(setup, None if limiter is None else FleetPace(limiter))
        self._needs = needs

    async def open(self) -> tuple[str, Problem | None]:
        """Return the node's id, and what keeps this worker from playing."""
        import ray  # noqa: PLC0415 - an extra

        node = ray.get_runtime_context().get_node_id()
        try:
            # Nodes may join a cluster at any time, so what the preflight found may not hold here.
            if problem := look(self._needs).problem:
                raise RefoldError(f"fleet: node {gethostname()}: {problem}; fix that")
            await self._player.open()
        except RefoldError as error:
            return node, Problem.of(error)
        return node, None

    async def play(self, bundle: bytes) -> tuple[bytes, Problem | None]:
        """Play a bundle of jobs, as ``BatchPlayer.play`` does."""
        return await self._player.play(bundle)

    async def ship(self) -> bytes:
        """Return what was stored so far of what is being played."""
        return self._player.ship()


class Limiter:
    """What Ray runs as the one actor that all requests of a fleet pass: a ``Bucket`` that waits."""

    def __init__(self, rate: int) -> None:
        self._bucket = Bucket(rate, time.monotonic())

    async def take(self) -> None:
        """Return when one more request may begin."""
        begin = self._bucket.take(time.monotonic())
        while (left := max(begin, self._bucket.resumes()) - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def pause(self, seconds: float) -> None:
        """Let no request begin for so many *seconds*."""
        self._bucket.pause(time.monotonic(), seconds)


class FleetPace:
    """The ``Pace`` that the *limiter* of a fleet keeps."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    async def take(self) -> None:
        """Return when one more request may begin."""
        await self._limiter.take.remote()

    async def pause(self, seconds: float) -> None:
        """Let none begin for so many *seconds*."""
        await self._limiter.pause.remote(seconds)
