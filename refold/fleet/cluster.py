"""A Ray cluster: connecting to one or starting one, its nodes, and functions that run there."""

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from refold.commands.shared.fleet_options import Fleet
from refold.engine import RefoldError

_NAMES = ("auto", "local")  # what Ray takes beside HOST:PORT
_CONNECT_SECONDS = 5.0


class Cluster:
    """
    The cluster that this process is connected to.

    Attributes:
        ray: The module, which only fleets import.

    Raises:
        RefoldError: Ray is not installed.
    """

    def __init__(self) -> None:
        self.ray = _import_ray()

    @property
    def cpus(self) -> int:
        """Number of its CPUs, at least 1."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    @property
    def here(self) -> Any:
        """The scheduling strategy of what has to run on this process's own node."""
        return self.affinity(self.ray.get_runtime_context().get_node_id(), soft=False)

    def nodes(self) -> dict[str, str]:
        """Return the address of each node that has CPUs, by id."""
        alive = (node for node in self.ray.nodes() if node["Alive"])
        return {
            node["NodeID"]: node["NodeManagerAddress"]
            for node in alive
            if node["Resources"].get("CPU")
        }

    def affinity(self, node: str, *, soft: bool) -> Any:
        """Return the scheduling strategy of what runs on *node*; elsewhere too, if *soft*."""
        from ray.util.scheduling_strategies import (  # noqa: PLC0415 - an extra
            NodeAffinitySchedulingStrategy,
        )

        return NodeAffinitySchedulingStrategy(node_id=node, soft=soft)

    def task(self, function: Any, node: str) -> Any:
        """Return *function* as something that runs once, on *node*, whatever room it has."""
        affinity = self.affinity(node, soft=False)
        task = self.ray.remote(function)
        return task.options(num_cpus=0, max_retries=0, scheduling_strategy=affinity)

    def ask(
        self, function: Any, arguments: Iterable[tuple[Any, ...]], seconds: float
    ) -> Iterator[tuple[str, Any]]:
        """
        Yield the address of each node with what *function* returns there for each of *arguments*.

        The error in place of that, if there is one, or no answer within so many *seconds*. A node
        that leaves the cluster meanwhile is left out: one that died is listed for some seconds.
        """
        nodes = self.nodes()
        for each in arguments:
            refs = {node: self.task(function, node).remote(*each) for node in nodes}
            if not refs:  # a cluster may begin with no node that plays
                return
            self.ray.wait(list(refs.values()), num_returns=len(refs), timeout=seconds)
            for node, ref in refs.items():
                try:
                    yield nodes[node], self.ray.get(ref, timeout=0.1)
                except self.ray.exceptions.RayError as error:
                    if node in self.nodes():
                        yield nodes[node], error


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

    A program that is connected already stays so.

    Raises:
        RefoldError: Ray is not installed, or there is no such cluster.
    """
    if fleet is None:
        yield
        return
    options = _init_options(fleet)
    ray = _import_ray()
    if ray.is_initialized():
        yield
        return
    try:
        if options["address"] == "auto" and (found := _running_here()):
            _check_address(found)
        ray.init(**options, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, OSError, RuntimeError, TimeoutError, ValueError) as error:
        words = " ".join(str(error).split())
        raise RefoldError(f"--fleet: expected a Ray cluster, got none: {words[:200]}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _init_options(fleet: Fleet) -> dict[str, Any]:
    address = fleet.address or os.environ.get("RAY_ADDRESS")
    if address is not None and address not in _NAMES:
        _check_address(address)
    if address not in (None, "local"):
        return {"address": address}
    # Read by what Ray starts. Nobody was asked about statistics; and workers are all that this
    # machine is to do, while Ray would let everything else go first.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")
    workers = fleet.workers or os.cpu_count() or 1
    return {"address": "local", "num_cpus": workers, "include_dashboard": False}


def _running_here() -> str | None:
    """Return the address that Ray means by auto, which may be of a cluster that is gone."""
    try:
        from ray._private.services import (  # noqa: PLC0415 - an extra
            get_ray_address_from_environment as find,
        )
    except ImportError:  # it is Ray's own business, and may move; then Ray tries for minutes
        return None
    address: str | None = find("auto", None)
    return address


def _check_address(address: str) -> None:
    """Raise ``RefoldError`` unless something listens at *address*: Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal():
        raise RefoldError(
            "--fleet: expected auto or the HOST:PORT of a cluster that this machine belongs to, "
            f"got {address!r:.100}; run the command on one of its nodes, as `ray job submit` does"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise RefoldError(
            f"--fleet: expected a Ray cluster at {address:.100}, got {error}; `ray status` on one "
            "of its nodes tells the address"
        ) from None
