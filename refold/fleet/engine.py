"""
Ray as the engine of a fleet: it starts workers, deals to them, and hears what happens.

Ray starts nothing again by itself: its own restarts hang where a node is gone. Nothing secret is
handed to it, since it keeps arguments and environments where others can read them.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from refold.commands.shared.output import print_to_stderr
from refold.engine.closing import Closing
from refold.fleet.actors import Limiter, Worker
from refold.fleet.cluster import Cluster
from refold.fleet.dealing import Batch, Buried, Came, Landed, Lost, Shipped, Up
from refold.fleet.ledger import Ledger
from refold.fleet.player import Setup
from refold.fleet.preflight import Found, Needs, look
from refold.fleet.shards import gather, remove

_WAIT = 1.0  # seconds that nothing may happen before the driver looks around
_NODE_SECONDS = 60.0  # for a node to answer before the run begins
_GATHER_SECONDS = 30.0  # for a node to hand over what a dead worker has left
_GATHERED = 2000  # episodes asked for at once
_CLEANING_SECONDS = 5.0
_PATIENCE = 60.0  # seconds until a user is told what the run waits for
_BESIDE = 16  # calls of a worker that may be under way beside its episodes
_MOST_WAITING = 10_000  # requests that wait for their turn


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


class RayEngine(Closing):
    """
    The workers of one run; use it in a ``with``, which ends them.

    Args:
        cluster: Where they run.
        setup: What they are told.
        needs: What they need.
        ledger: The episodes.
        rate: Requests to models that all of them may begin in a minute; None for any number.
        ship_every: Seconds after which what is being played is stored.
    """

    def __init__(
        self,
        cluster: Cluster,
        setup: Setup,
        needs: Needs,
        ledger: Ledger,
        *,
        rate: int | None,
        ship_every: float,
    ) -> None:
        self._cluster = cluster
        self._ray = cluster.ray
        self._setup = setup
        self._needs = needs
        self._ledger = ledger
        self._rate = rate
        self._ship_every = ship_every
        self._actors: dict[str, _Actor] = {}
        self._places: dict[str, str] = {}  # nodes of lost workers
        self._calls: dict[Any, _Call] = {}
        self._happened: list[Came] = []
        self._started = 0
        self._patience: float | None = time.monotonic() + _PATIENCE

    def close(self) -> None:
        """End the workers."""
        for actor in self._actors.values():
            with suppress(Exception):  # whatever is wrong with Ray, the log is what counts
                self._ray.kill(actor.handle)

    @cached_property
    def _limiter(self) -> Any:
        """The actor that all requests pass, on the driver's node; None if there is no limit."""
        if self._rate is None:
            return None
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}
        options |= {"max_concurrency": _MOST_WAITING, "scheduling_strategy": self._cluster.here}
        return self._ray.remote(Limiter).options(**options).remote(self._rate)

    def look_at_nodes(self) -> list[tuple[str, Found]]:
        """Return what each node that has CPUs has of what is needed, by address."""
        answers = self._cluster.ask(look, [(self._needs,)], _NODE_SECONDS)
        return [(address, _found(answer)) for address, answer in answers]

    def gather(self, ids: Sequence[str]) -> Iterator[bytes]:
        """Yield what all nodes have of the open episodes *ids* from drivers that are gone."""
        parts = [ids[first : first + _GATHERED] for first in range(0, len(ids), _GATHERED)]
        asked = [(self._setup.run, self._ledger.wanted(part)) for part in parts]
        for _, answer in self._cluster.ask(gather, asked, _NODE_SECONDS):
            if isinstance(answer, bytes):
                yield answer

    def clean(self) -> None:
        """Remove what workers have stored on their nodes, all of which is in the log."""
        for _ in self._cluster.ask(remove, [(self._setup.run,)], _CLEANING_SECONDS):
            pass

    def start(self, *, after: str | None = None) -> None:
        """Start a worker; see ``Engine``."""
        self._started += 1
        name = f"worker {self._started}"
        options: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0}
        options["max_concurrency"] = self._setup.parallel + _BESIDE
        if after in self._places:
            place = self._places.pop(after)
            options["scheduling_strategy"] = self._cluster.affinity(place, soft=True)
        make = self._ray.remote(Worker).options(**options)
        actor = make.remote(self._setup, self._needs, self._limiter)
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
        ref = self._cluster.task(gather, actor.node).remote(self._setup.run, wanted)
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


def _found(answer: Any) -> Found:
    if isinstance(answer, Found):
        return answer
    words = " ".join(str(answer).split())
    if "ModuleNotFoundError" in words:
        return Found("expected refold with this release, got none that fits; install it there")
    return Found(f"expected an answer, got {words[-200:] or type(answer).__name__}")
