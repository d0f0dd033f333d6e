"""
Ray as the engine of a fleet: worker actors, and tasks that look at nodes; the only user of Ray.

Ray starts nothing again by itself: its own restarts hang where a node is gone. Nothing secret is
handed to it, since it keeps arguments and environments where others can read them.
"""

import asyncio
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Self

from attrs import define, field, frozen

from refold.commands.shared.fleet_options import Fleet
from refold.commands.shared.output import print_to_stderr
from refold.engine import RefoldError
from refold.fleet.bucket import Bucket
from refold.fleet.dealing import Batch, Buried, Came, Landed, Lost, Shipped, Up
from refold.fleet.ledger import Ledger
from refold.fleet.player import BatchPlayer, Problem, Setup
from refold.fleet.preflight import Found, Needs, look
from refold.fleet.shards import gather, remove

_WAIT = 1.0  # seconds that nothing may happen before the driver looks around
_NODE_SECONDS = 60.0  # for a node to answer before the run begins
_GATHER_SECONDS = 30.0  # for a node to hand over what a dead worker has left
_GATHERED = 500  # episodes asked for at once
_CLEANING_SECONDS = 5.0
_PATIENCE = 60.0  # seconds until a user is told what the run waits for
_BESIDE = 16  # calls of a worker that may be under way beside its episodes
_MOST_WAITING = 10_000  # requests that wait for their turn


class Worker:
    """What Ray runs as an actor: a ``BatchPlayer``."""

    def __init__(self, setup: Setup, needs: Needs, limiter: Any) -> None:
        self._player = BatchPlayer(setup, None if limiter is None else _FleetPace(limiter))
        self._needs = needs

    async def open(self) -> tuple[str, Problem | None]:
        """Return the node's id, and what keeps this worker from playing."""
        import ray  # noqa: PLC0415 - an extra

        node = ray.get_runtime_context().get_node_id()
        try:
            # Nodes may join a cluster at any time, so what the preflight found may not hold here.
            if problem := look(self._needs).problem:
                raise RefoldError(problem)
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


class _FleetPace:
    """The ``Pace`` that the *limiter* of a fleet keeps."""

    def __init__(self, limiter: Any) -> None:
        self._limiter = limiter

    async def take(self) -> None:
        await self._limiter.take.remote()

    async def pause(self, seconds: float) -> None:
        await self._limiter.pause.remote(seconds)


@define
class _Actor:
    """A worker as the driver knows it; *node* is known once it is up."""

    handle: Any
    node: str | None = None
    batches: dict[int, Batch] = field(factory=dict)
    shipped: float = field(factory=time.monotonic)


@frozen
class _Call:
    """A call that was not answered yet; *until* is when it need not be waited for any more."""

    kind: str
    worker: str
    number: int = -1
    until: float = float("inf")


class RayEngine:
    """
    The workers of one run; use it in a ``with``, which ends them.

    Args:
        fleet: The cluster, and how many workers there are to be.
        ledger: The episodes.
        needs: What workers need.
        ship_every: Seconds after which what is being played is stored.

    Attributes:
        setup: What workers are told; to be set before anything is done but looking at nodes.

    Raises:
        RefoldError: Ray is not installed.
    """

    setup: Setup

    def __init__(self, fleet: Fleet, ledger: Ledger, needs: Needs, *, ship_every: float) -> None:
        self._ray = _import_ray()
        self._fleet = fleet
        self.needs = needs
        self._ledger = ledger
        self._ship_every = ship_every
        self._actors: dict[str, _Actor] = {}
        self._places: dict[str, str] = {}  # nodes of lost workers
        self._calls: dict[Any, _Call] = {}
        self._happened: list[Came] = []
        self._started = 0
        self._patience: float | None = time.monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors.values():
            with suppress(Exception):  # whatever is wrong with Ray, the log is what counts
                self._ray.kill(actor.handle)

    @cached_property
    def _limiter(self) -> Any:
        """The actor that all requests pass, on the driver's node; None if there is no limit."""
        if self._fleet.rate is None:
            return None
        here = self._affinity(self._ray.get_runtime_context().get_node_id(), soft=False)
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        options |= {"max_concurrency": _MOST_WAITING, "scheduling_strategy": here}
        return self._ray.remote(Limiter).options(**options).remote(self._fleet.rate)

    @property
    def workers(self) -> int:
        """Number of workers that are wanted."""
        if self._fleet.workers is not None:
            return self._fleet.workers
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def look_at_nodes(self) -> list[tuple[str, Found]]:
        """Return what each node that has CPUs has of what is needed, by address."""
        nodes = self._nodes()
        answers = self._ask_nodes(nodes, look, [(self.needs,)], _NODE_SECONDS)
        return [(nodes[node], _found(answer)) for node, answer in answers]

    def gather(self, ids: Sequence[str]) -> Iterator[bytes]:
        """Yield what all nodes have of the open episodes *ids* from drivers that are gone."""
        parts = [ids[first : first + _GATHERED] for first in range(0, len(ids), _GATHERED)]
        asked = [(self.setup.run, self._ledger.wanted(part)) for part in parts]
        for _, answer in self._ask_nodes(self._nodes(), gather, asked, _NODE_SECONDS):
            if isinstance(answer, bytes):
                yield answer

    def clean(self) -> None:
        """Remove what workers have stored on their nodes, all of which is in the log."""
        for _ in self._ask_nodes(self._nodes(), remove, [(self.setup.run,)], _CLEANING_SECONDS):
            pass

    def start(self, *, after: str | None = None) -> None:
        """Start a worker; see ``Engine``."""
        self._started += 1
        name = f"worker {self._started}"
        options: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0}
        options["max_concurrency"] = self.setup.parallel + _BESIDE
        if after in self._places:
            options["scheduling_strategy"] = self._affinity(self._places.pop(after), soft=True)
        make = self._ray.remote(Worker).options(**options)
        actor = make.remote(self.setup, self.needs, self._limiter)
        self._actors[name] = _Actor(actor)
        self._calls[actor.open.remote()] = _Call("open", name)

    def deal(self, worker: str, batch: Batch) -> None:
        """Have *worker* play *batch*; see ``Engine``."""
        actor = self._actors[worker]
        if not actor.batches:
            actor.shipped = time.monotonic()
        actor.batches[batch.number] = batch
        call = actor.handle.play.remote(self._ledger.jobs(batch.ids))
        self._calls[call] = _Call("play", worker, batch.number)

    def wait(self) -> Iterable[Came]:
        """Return what has happened; see ``Engine``."""
        self._ship_what_is_due()
        self._tell_if_none_starts()
        self._happened += [each for ref in self._ready(_WAIT) for each in self._hear(ref)]
        now = time.monotonic()
        for ref in [ref for ref, call in self._calls.items() if call.until < now]:
            self._happened.append(Buried(self._calls.pop(ref).worker))
        happened, self._happened = self._happened, []
        return happened

    def recall(self, seconds: float) -> Iterator[bytes]:
        """Yield what busy workers have stored so far, waiting at most so many *seconds*."""
        refs = [each.handle.ship.remote() for each in self._actors.values() if each.batches]
        until = time.monotonic() + seconds
        while refs and (left := until - time.monotonic()) > 0:
            ready, refs = self._ray.wait(refs, timeout=left)
            for ref in ready:
                with suppress(self._ray.exceptions.RayError):
                    yield self._ray.get(ref)

    def _ready(self, seconds: float) -> Sequence[Any]:
        """Return the calls that were answered, after waiting for the first of them."""
        refs = list(self._calls)
        if not refs:
            return ()
        first, _ = self._ray.wait(refs, timeout=seconds)
        return self._ray.wait(refs, num_returns=len(refs), timeout=0)[0] if first else ()

    def _hear(self, ref: Any) -> Iterator[Came]:
        call = self._calls.pop(ref, None)
        if call is None:  # its worker was found dead just now
            return
        errors = self._ray.exceptions
        try:
            answer = self._ray.get(ref)
        except errors.RayTaskError:  # nothing of Ray's: a mistake in what it runs
            if call.kind != "gather":
                raise
            yield Buried(call.worker)
        except errors.RayError:
            yield from [Buried(call.worker)] if call.kind == "gather" else self._lose(call.worker)
        else:
            yield from self._answered(call, answer)

    def _answered(self, call: _Call, answer: Any) -> Iterator[Came]:
        if call.kind == "gather":
            yield Buried(call.worker, answer)
            return
        actor = self._actors[call.worker]
        if call.kind == "open":
            actor.node, problem = answer
            if problem is not None:
                raise problem.restored()
            yield Up(call.worker)
        elif call.kind == "ship":
            yield Shipped(call.worker, answer)
        else:
            bundle, problem = answer
            del actor.batches[call.number]
            yield Landed(call.worker, call.number, bundle, problem and problem.restored())

    def _lose(self, worker: str) -> Iterator[Came]:
        """Have the node of a dead *worker* hand over what it has left, if there may be anything."""
        actor = self._actors.pop(worker)
        self._calls = {ref: call for ref, call in self._calls.items() if call.worker != worker}
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(actor.handle)  # it may only be out of reach, and must not come back
        if actor.node is not None:
            self._places[worker] = actor.node
        yield Lost(worker)
        wanted = self._ledger.wanted(id for each in actor.batches.values() for id in each.ids)
        if actor.node is None or not wanted:
            yield Buried(worker)
            return
        ref = self._task(gather, actor.node).remote(self.setup.run, wanted)
        self._calls[ref] = _Call("gather", worker, until=time.monotonic() + _GATHER_SECONDS)

    def _ship_what_is_due(self) -> None:
        now = time.monotonic()
        for name, actor in self._actors.items():
            if actor.batches and now - actor.shipped >= self._ship_every:
                actor.shipped = now
                self._calls[actor.handle.ship.remote()] = _Call("ship", name)

    def _tell_if_none_starts(self) -> None:
        if self._patience is not None and time.monotonic() > self._patience:
            self._patience = None
            if not any(actor.node for actor in self._actors.values()):
                print_to_stderr(
                    f"fleet: no worker has started in {_PATIENCE:.0f} s; waiting for free CPUs"
                )

    def _nodes(self) -> dict[str, str]:
        """Return the address of each node that has CPUs, by id."""
        alive = (node for node in self._ray.nodes() if node["Alive"])
        return {
            node["NodeID"]: node["NodeManagerAddress"]
            for node in alive
            if node["Resources"].get("CPU")
        }

    def _affinity(self, node: str, *, soft: bool) -> Any:
        from ray.util.scheduling_strategies import (  # noqa: PLC0415 - an extra
            NodeAffinitySchedulingStrategy,
        )

        return NodeAffinitySchedulingStrategy(node_id=node, soft=soft)

    def _task(self, function: Any, node: str) -> Any:
        affinity = self._affinity(node, soft=False)
        task = self._ray.remote(function)
        return task.options(num_cpus=0, max_retries=0, scheduling_strategy=affinity)

    def _ask_nodes(
        self,
        nodes: Collection[str],
        function: Any,
        arguments: Iterable[tuple[Any, ...]],
        seconds: float,
    ) -> Iterator[tuple[str, Any]]:
        """Yield each of *nodes* with what *function* returns there for each of *arguments*.

        In place of that, the error, if it has not answered within so many *seconds*.
        """
        for each in arguments:
            refs = {node: self._task(function, node).remote(*each) for node in nodes}
            self._ray.wait(list(refs.values()), num_returns=len(refs), timeout=seconds)
            for node, ref in refs.items():
                try:
                    yield node, self._ray.get(ref, timeout=0.1)
                except self._ray.exceptions.RayError as error:
                    yield node, error


def _found(answer: Any) -> Found:
    if isinstance(answer, Found):
        return answer
    words = " ".join(str(answer).split())
    if "ModuleNotFoundError" in words:
        return Found("expected refold with this release, got none that fits; install it there")
    return Found(f"expected an answer, got {words[-200:] or type(answer).__name__}")


def _import_ray() -> Any:
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError:
        raise RefoldError(
            "--fleet: expected the extra 'ray', got none; `pip install 'refold[ray]'` brings it"
        ) from None
    return ray


@contextmanager
def connected(fleet: Fleet | None) -> Iterator[None]:
    """
    Connect to the cluster of *fleet*, if any, or start one on this machine, while this is open.

    Within a program that is connected already, this does nothing.

    Raises:
        RefoldError: Ray is not installed, or there is no such cluster.
    """
    ray = None if fleet is None else _import_ray()
    if ray is None or ray.is_initialized():
        yield
        return
    assert fleet is not None
    try:
        ray.init(**_init_options(fleet), log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, OSError, RuntimeError, TimeoutError, ValueError) as error:
        words = " ".join(str(error).split())
        raise RefoldError(f"--fleet: expected a Ray cluster, got none: {words[:200]}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _init_options(fleet: Fleet) -> dict[str, Any]:
    if fleet.address and fleet.address.startswith("ray://"):
        raise RefoldError(
            "--fleet: expected auto or the HOST:PORT of a cluster that this machine belongs to, "
            f"got {fleet.address!r:.100}; run the command on one of its nodes, as `ray job submit` "
            "does"
        )
    if fleet.address or os.environ.get("RAY_ADDRESS"):
        return {"address": fleet.address}
    # Read by what Ray starts. Nobody was asked about statistics; and workers are all that this
    # machine is to do, while Ray would let everything else go first.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")
    workers = fleet.workers or os.cpu_count() or 1
    return {"address": "local", "num_cpus": workers, "include_dashboard": False}
