"""The three tools at the same episode: recording it, reading it again, grading it again."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import inspect_ai
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser
from inspect_ai.scorer import Score, Target, accuracy, scorer
from inspect_ai.solver import TaskState, solver

from bench.peers.episodes import SCENARIO, Recorded
from refold.engine import Episode, EventLog, fold
from refold.graders import grade
from refold.scenarios import load


class Tool(Protocol):
    """Records *episodes* times the same episode into *folder*; then reads and grades them."""

    def record(self, folder: Path, episodes: int) -> Any:
        """Record them, and return where."""

    def read(self, recorded: Any) -> int:
        """Read all of them into memory, and return their number."""

    def grade(self, recorded: Any) -> int | None:
        """Read and grade all of them, and return their number; None if the tool grades nothing."""


class Refold:
    """A transaction a step; read with the chain checked and folded; graded by the own rubric."""

    def __init__(self, given: Recorded) -> None:
        self._given = given

    def record(self, folder: Path, episodes: int) -> Path:
        """Record into one log."""
        path, scenario = folder / "refold.db", load(SCENARIO)
        with EventLog(path) as log:
            for _ in range(episodes):
                episode = Episode.start(scenario, log=log)
                for action in self._given.script:
                    episode.step(action)
        return path

    def read(self, recorded: Path) -> int:
        """Fold each stream."""
        with EventLog(recorded, readonly=True) as log:
            streams = (log.events(info.id) for info in log.episodes())
            return len([fold(stream, family=stream.family) for stream in streams])

    def grade(self, recorded: Path) -> int:
        """Grade each stream."""
        with EventLog(recorded, readonly=True) as log:
            return len([grade(log.events(info.id)) for info in log.episodes()])


class Played(Aggregate):
    """An episode whose events are those of refold as JSON; it only counts them."""

    @event("Begun")
    def __init__(self) -> None:
        self.events = 0

    @event("Happened")
    def happen(self, payload: str) -> None:
        """Add an event."""
        self.events += bool(payload)


class EventSourcing:
    """The same events as those of an aggregate in SQLite, saved step by step, without rules."""

    def __init__(self, given: Recorded) -> None:
        self._given = given

    def record(self, folder: Path, episodes: int) -> tuple[Any, Sequence[Any]]:
        """Record into one database."""
        database = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(folder / "eventsourcing.db"),
        }
        app: Any = Application(database)
        ids = []
        for _ in range(episodes):
            played: Any = Played()
            for step in self._given.steps:
                for payload in step:
                    played.happen(payload)
                app.save(played)
            ids.append(played.id)
        return app, ids

    def read(self, recorded: tuple[Any, Sequence[Any]]) -> int:
        """Fold each aggregate."""
        app, ids = recorded
        return len([app.repository.get(id) for id in ids])

    def grade(self, _recorded: Any) -> None:
        """Return None: it has no grades."""


class Inspect:
    """The same texts as messages of samples, without any model; scored by looking for a word."""

    def __init__(self, given: Recorded) -> None:
        self._given = given
        os.environ["INSPECT_DISPLAY"] = "none"

    def record(self, folder: Path, episodes: int) -> str:
        """Record one evaluation log."""
        samples = [Sample(input="Coordinate.", target="synthesize") for _ in range(episodes)]
        task = inspect_ai.Task(
            dataset=samples, solver=_talk(self._given.turns), scorer=_ends_with()
        )
        [log] = inspect_ai.eval(task, model="mockllm/model", log_dir=str(folder), display="none")
        assert log.status == "success", log.error
        return str(log.location)

    def read(self, recorded: str) -> int:
        """Read the log with all its samples."""
        return len(read_eval_log(recorded).samples or ())

    def grade(self, recorded: str) -> int:
        """Score the log again."""
        log = inspect_ai.score(
            read_eval_log(recorded), _ends_with(), action="overwrite", display="none"
        )
        return len(log.samples or ())


@solver
def _talk(turns: Sequence[tuple[str, str]]) -> Any:
    async def solve(state: TaskState, _generate: Any) -> TaskState:
        for told, done in turns:
            state.messages.append(ChatMessageUser(content=told))
            state.messages.append(ChatMessageAssistant(content=done))
        return state

    return solve


@scorer(metrics=[accuracy()])
def _ends_with() -> Any:
    async def found(state: TaskState, target: Target) -> Score:
        return Score(value=float(target.text in state.messages[-1].text))

    return found
