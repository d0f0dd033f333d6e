"""
Questions to the server about a large log: ``python -m bench.asking LOG``, by hand.

``bench.million`` writes logs with their index. The server and its client are processes of their
own; printed are milliseconds of a request: CPU time of the server, and wall time, the median and
the slowest, which on a busy machine say little.
"""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.request import urlopen

from bench.serving import started

QUESTIONS: Mapping[str, str] = {
    "list": "limit=50",
    "next page": "limit=50&before=LAST",
    "filter by run": "limit=50&run=run-7",
    "filter by score": "limit=50&below=0.5",
    "filter by error": "limit=50&error=ERROR",
    "search": "limit=50&text=password",
    "search, many hits": "limit=50&text=the",
    "sort by score": "limit=50&sort=score",
    "sort by steps, second page": "limit=50&sort=-steps&before=LAST",
    "sort by duration": "limit=50&sort=-duration",
    "filter, search and sort": "limit=50&text=invoice&below=0.9&sort=-reward",
}


def main() -> None:
    """Ask a server and print a line for each kind of question."""
    parser = argparse.ArgumentParser(prog="python -m bench.asking", description=__doc__)
    parser.add_argument("log")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with started("refold", "--log", given.log) as (url, server):
        base = url.replace("ws", "http", 1).removesuffix("/ws") + "/episodes?"
        first = _ask(base, "limit=50")
        last, errors = first["next"], first["errors"]
        for name, words in QUESTIONS.items():
            asked = words.replace("LAST", last).replace("ERROR", errors[0] if errors else "none")
            _ask(base, asked)
            used = _cpu(server.pid)
            times = [_timed(base, asked) for _ in range(given.rounds)]
            cpu = 1e3 * (_cpu(server.pid) - used) / given.rounds
            wall = f"{median(times):.0f} ms wall, slowest {max(times):.0f}"
            print(f"{name}: {cpu:.0f} ms of CPU, {wall}", flush=True)


def _timed(base: str, words: str) -> float:
    began = perf_counter()
    _ask(base, words)
    return 1e3 * (perf_counter() - began)


def _cpu(pid: int) -> float:
    """Return the seconds of CPU time that the process *pid* has used, as Linux tells them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ask(base: str, words: str) -> dict[str, object]:
    with urlopen(base + words) as answer:  # noqa: S310 - of the server that was started here
        found: dict[str, object] = json.load(answer)
    return found


if __name__ == "__main__":
    main()
