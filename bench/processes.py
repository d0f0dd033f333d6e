"""A command of refold as a process with workers: what CPU time and memory they take."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep

from attrs import frozen

ROOT = Path(__file__).parents[1]

# A program of its own: workers import what starts them.
_SCRIPT = """
import json, resource, sys
from refold import cli
cli.run(sys.argv[1:])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([each.ru_utime + each.ru_stime for each in used]), file=sys.stderr)
"""


@frozen
class Taken:
    """
    What a command took.

    Attributes:
        own: Seconds of CPU time of the process itself.
        workers: Those of its workers together.
        wall: Seconds of wall time.
        peak: Most memory of the process, in MB, as Linux tells it; 0 elsewhere.
        worker_peak: That of its largest worker; 0 without any.
    """

    own: float
    workers: float
    wall: float
    peak: float
    worker_peak: float


def run_command(words: Sequence[str]) -> Taken:
    """Run ``refold`` with these *words* and return what it took."""
    began = perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        peaks: dict[int, float] = {}
        while process.poll() is None:  # what it says at the end fits a pipe
            for pid in (process.pid, *_workers(process.pid)):
                peaks[pid] = max(_peak(pid), peaks.get(pid, 0.0))
            sleep(0.05)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 0, told
    own, workers = json.loads(told.splitlines()[-1])
    peak = peaks.pop(process.pid, 0.0)
    return Taken(own, workers, perf_counter() - began, peak, max(peaks.values(), default=0.0))


def _workers(pid: int) -> Sequence[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return ()


def _peak(pid: int) -> float:
    """Return the peak memory of a process in MB; 0 if it is not known, or there is none."""
    try:  # not by getrusage, which remembers the peak of who started it
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
