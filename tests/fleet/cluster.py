"""A Ray cluster of two nodes on this machine, each with a disk of its own, and how to hurt it."""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ray._raylet import GcsClient
from ray.cluster_utils import Cluster

SECONDS = 300
"""How long anything may take."""

# Those of Ray's own daemons: found dead within seconds, not within half a minute.
_SYSTEM = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 4,
}


def until(found: Callable[[], Any], what: str) -> Any:
    """Return what *found* finds, once that is something; *what* it is, for the error."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError(f"expected {what} within {SECONDS} s, got none")


def processes() -> Iterator[tuple[int, int, str]]:
    """Yield id, parent and command line of each process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                yield int(folder.name), int(parent), words


def kill(*pids: int) -> None:
    """End processes at once, as far as they are there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Node:
    """A node: its daemons, its workers, and the folder that is its disk."""

    def __init__(self, node: Any, disk: Path) -> None:
        self.disk = disk
        self._node = node
        infos = [info for kind in node.all_processes.values() for info in kind]
        self._daemons = [info.process.pid for info in infos]
        (self._raylet,) = [info.process.pid for info in node.all_processes["raylet"]]
        self._seen: set[int] = set()

    @property
    def workers(self) -> list[int]:
        """Ids of the processes that play."""
        found = [pid for pid, _, words in self._children() if words.startswith("ray::Worker")]
        return sorted(found)

    def _children(self) -> list[tuple[int, int, str]]:
        found = [each for each in processes() if each[1] == self._raylet]
        self._seen |= {pid for pid, _, _ in found}
        return found

    def die(self) -> None:
        """End the node with all that runs on it, at once, and remove its disk."""
        self._children()
        kill(*self._daemons, *self._seen)
        shutil.rmtree(self.disk)

    def reap(self) -> None:
        """End what is left of it: orphans of a raylet do not end when they are asked to."""
        self._children()
        kill(*self._daemons)
        mine = {pid for pid, _, words in processes() if words.startswith("ray::")}
        kill(*(self._seen & mine))


class TwoNodes:
    """
    Two nodes with two CPUs each.

    Attributes:
        address: What ``--fleet ray=`` takes.
        nodes: The node that cannot be spared, and the other one.
        session: Ray's session folder.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        common: dict[str, Any] = {"num_cpus": 2, "include_dashboard": False}
        self._cluster = Cluster()
        made = []
        for name in ("one", "two"):
            disk = folder / name
            disk.mkdir()
            variables = {**environment, "TMPDIR": str(disk)}
            first = {"temp_dir": str(folder), "_system_config": _SYSTEM} if not made else {}
            made.append(Node(self._cluster.add_node(**common, **first, env_vars=variables), disk))
        self.nodes = made
        self.address = self._cluster.address
        self.session = Path(self._cluster.head_node.get_session_dir_path())

    def kill_a_worker(self, dice: random.Random) -> int | None:
        """End one of the processes that play, if there are any; return its id."""
        workers = [pid for node in self.nodes for pid in node.workers]
        victim = dice.choice(workers) if workers else None
        if victim is not None:
            kill(victim)
        return victim

    def tables(self) -> Mapping[str, Sequence[bytes]]:
        """Return what Ray stores of jobs, actors and workers, and its values by keys, as bytes."""
        state = self._cluster.global_state._connect_and_get_accessor()
        client = GcsClient(address=self.address)
        return {
            "jobs": state.get_job_table(),
            "actors": state.get_actor_table(None, None),
            "workers": state.get_worker_table(),
            "values": [
                key + (client.internal_kv_get(key, space) or b"")
                for space in (None, b"fun", b"job", b"session", b"cluster")
                for key in client.internal_kv_keys(b"", space)
            ],
        }

    def close(self) -> None:
        """End all of it."""
        for node in reversed(self.nodes):
            node.reap()


@contextmanager
def two_nodes(environment: Mapping[str, str]) -> Iterator[TwoNodes]:
    """Give a cluster whose nodes have these variables in their *environment*."""
    # A short path: Ray's sockets lie below it, and their names may have about a hundred letters.
    folder = Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"})
    cluster = TwoNodes(folder, environment)
    try:
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)


REFOLD = str(Path(sys.executable).with_name("refold"))
"""The program, as it is installed."""
