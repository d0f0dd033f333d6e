"""
The work that two releases do in turns; run by each in a process of its own, from its checkout.

Reads lines of a kind of work and a scenario, and answers each with the CPU seconds of a unit.
Release 0.1.0 had its modules at the top level, hence the imports by name.
"""

import asyncio
import gc
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path.cwd()))

from bench.worlds import actions, dag, dag_script, played

OF_REFOLD = "refold." if find_spec("refold") else ""


def _module(name: str) -> Any:
    return import_module(OF_REFOLD + name)


engine, agents, load = _module("engine"), _module("agents"), _module("scenarios").load
fold, grade, verify = engine.fold, _module("graders").grade, _module("replays").verify
PolicyPlayer = _module("agents.players").PolicyPlayer

EPISODES = 60
"""Episodes of one measurement."""

_numbers = count()
Run = Callable[[], int]


class Works:
    """Prepares each kind of work in *folder*; what is returned does it and counts its units."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[str, tuple[Any, list[str]]] = {}

    def _new_log(self) -> Any:
        return engine.EventLog(self._folder / f"{next(_numbers)}.db")

    def _stored(self, name: str) -> tuple[Any, list[str]]:
        """Return a log of episodes of *name* by the scenario's own agent, and their ids."""
        if name not in self._logs:
            log = self._new_log()
            scenario, script = load(name), actions(played(name, _agent(name)))
            ids = [_play(engine.Episode.start(scenario, log=log), script) for _ in range(EPISODES)]
            log.close()
            self._logs[name] = (engine.EventLog(log.path, readonly=True), ids)
        return self._logs[name]

    def steps(self, name: str) -> Run:
        """Steps in memory."""
        scenario = load(name)
        script = actions(played(name, _agent(name)))

        def run() -> int:
            for _ in range(EPISODES):
                _play(engine.Episode.start(scenario), script)
            return EPISODES * len(script)

        return run

    def walk(self, name: str) -> Run:
        """Steps in memory, random and legal."""
        scenario = load(name)
        scripts = [actions(played(name, "random", seed)) for seed in range(3)]

        def run() -> int:
            for script in scripts:
                for _ in range(EPISODES // 3):
                    _play(engine.Episode.start(scenario), script)
            return EPISODES // 3 * sum(map(len, scripts))

        return run

    def dag(self, name: str) -> Run:
        """Steps on a DAG of subtasks × workers, its starts not timed."""
        scenario = dag(*map(int, name.split("x")))
        script = dag_script(scenario)
        episodes = [engine.Episode.start(scenario) for _ in range(1 + 4000 // len(script))]

        def run() -> int:
            for episode in episodes:
                _play(episode, script)
            return len(episodes) * len(script)

        return run

    def record(self, name: str) -> Run:
        """Episodes by the scenario's own agent, as ``refold record`` plays them."""
        log, scenario = self._new_log(), load(name)

        async def play() -> None:
            player = PolicyPlayer(_agent(name))
            for _ in range(EPISODES):
                episode = engine.Episode.start(scenario, log=log)
                await player.play(episode, log.find(episode.id))

        def run() -> int:
            asyncio.run(play())
            log.close()
            return EPISODES

        return run

    def commit(self, name: str) -> Run:
        """Episodes recorded step by step, a transaction each, as servers do."""
        log, scenario = self._new_log(), load(name)
        script = actions(played(name, _agent(name)))

        def run() -> int:
            for _ in range(EPISODES):
                _play(engine.Episode.start(scenario, log=log), script)
            log.close()
            return EPISODES

        return run

    def read(self, name: str) -> Run:
        """Events read, the chain checked, decoded and folded."""
        log, ids = self._stored(name)

        def run() -> int:
            events = 0
            for id in ids:
                stream = log.events(id)
                fold(stream, family=stream.family)
                events += len(stream)
            return events

        return run

    def grade(self, name: str) -> Run:
        """Episodes read and graded."""
        log, ids = self._stored(name)
        return lambda: len([grade(log.events(id)) for id in ids])

    def verify(self, name: str) -> Run:
        """Episodes read and verified."""
        log, ids = self._stored(name)
        return lambda: len([verify(log.events(id)) for id in ids])


def _agent(name: str) -> str:
    return "baseline" if name.startswith("inbox") else "greedy"


def _play(episode: Any, script: list[Any]) -> str:
    for action in script:
        episode.step(action)
    return str(episode.id)


def main() -> None:
    """Answer requests for work until there are no more."""
    with tempfile.TemporaryDirectory() as folder:
        works = Works(Path(folder))
        for line in sys.stdin:
            kind, name = line.split()
            run = getattr(works, kind)(name)
            gc.collect()
            began = process_time()
            units = run()
            print((process_time() - began) / units, flush=True)


if __name__ == "__main__":
    main()
