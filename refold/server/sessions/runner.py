"""
Playing in sessions: reset and step, recorded by the one writer of the process before any answer.

Everything here runs on the event loop's thread, as the log demands, and never waits: an answer
means that the step is in the log.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, TypeGuard

from attrs import define, field, frozen

from refold.engine import Episode, EpisodeOver, EventLog, StepRewarded
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import EpisodeExists
from refold.graders import save_grade
from refold.server.sessions.catalogue import TaskCatalogue
from refold.server.sessions.errors import BadRequest, NoEpisode
from refold.server.sessions.messages import State, encode_envelope
from refold.server.sessions.store import Session

DEFAULT_AGENT = "openenv"
"""Who plays, unless the client says so."""

TEXT_PATTERN = r"[^\x00-\x1f\x7f-\x9f]+"
"""What names and ids may hold."""

_MOST_NAMES = 10_000
_LONGEST_ID = 255
_LONGEST_NAME = 100
_TASK_KEYS = ("task_id", "task", "task_name", "scenario")


@frozen
class ResetRequest:
    """
    What a reset asks for.

    Attributes:
        task: Name of the task, None for the default.
        seed: Seed of the world, None for the scenario's own.
        episode_id: What the player calls the episode, None if it does not care.
        agent: Who plays, a name for people.
        run: Name of the run it belongs to.
    """

    task: str | None = None
    seed: int | None = None
    episode_id: str | None = None
    agent: str = DEFAULT_AGENT
    run: str = ""

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "ResetRequest":
        """
        Return what *arguments*, the arguments of a reset, says; what it does not know is ignored.

        Raises:
            BadRequest: A value is of the wrong type, or out of bounds.
        """
        task = next((arguments[key] for key in _TASK_KEYS if arguments.get(key) is not None), None)
        if task is not None and not isinstance(task, str):
            raise BadRequest(f"expected a task's name, got {task!r:.100}", "task_id")
        return cls(
            task=task,
            seed=_read_seed(arguments.get("seed")),
            episode_id=_read_text(arguments, "episode_id", _LONGEST_ID),
            agent=_read_text(arguments, "agent", _LONGEST_NAME) or DEFAULT_AGENT,
            run=_read_text(arguments, "run", _LONGEST_NAME) or "",
        )


def is_valid_text(value: Any, longest: int) -> TypeGuard[str]:
    """Return whether *value* is a text of 1 to *longest* letters, none of which controls."""
    return (
        isinstance(value, str) and len(value) <= longest and bool(re.fullmatch(TEXT_PATTERN, value))
    )


def _read_seed(value: Any) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= LARGEST_SEED):
        return value
    raise BadRequest(f"expected a whole number 0 to {LARGEST_SEED}, got {value!r:.100}", "seed")


def _read_text(arguments: Mapping[str, Any], key: str, longest: int) -> str | None:
    value = arguments.get(key)
    if value is None:
        return None
    if not is_valid_text(value, longest):
        expected = f"expected 1 to {longest} letters, none of control"
        raise BadRequest(f"{expected}, got {value!r:.100}", key)
    return value


@define
class EpisodeCounts:
    """What was done since the start of the process."""

    started: int = 0
    ended: int = 0
    steps: int = 0


def without_metadata(action: Any) -> Any:
    """Return *action* without the metadata that OpenEnv's actions have, which nobody reads."""
    if isinstance(action, dict) and isinstance(action.get("metadata"), dict):
        return {key: value for key, value in action.items() if key != "metadata"}
    return action


@define
class SessionRunner:
    """
    Resets and steps.

    Attributes:
        log: The process's writer; without one, episodes live in memory only.
        catalogue: What can be played.
        counts: What was done so far.
    """

    log: EventLog | None
    catalogue: TaskCatalogue
    counts: EpisodeCounts = field(factory=EpisodeCounts)
    _log_ids: OrderedDict[str, str] = field(factory=OrderedDict)

    def reset(self, session: Session, start: ResetRequest) -> bytes:
        """
        Begin an episode in *session* and return its first envelope.

        Raises:
            UnknownName: There is no such task.
            LogBusy: The log refused; the session keeps the episode it had.
        """
        scenario = self.catalogue.find(start.task)
        seed = scenario.seed if start.seed is None else start.seed
        name = start.episode_id or f"{scenario.name.replace('/', '-')}-{seed}"
        id = make_log_id(name, exact=start.episode_id is not None)
        while True:
            try:
                episode = Episode.start(
                    scenario, log=self.log, agent=start.agent, seed=seed, id=id, run=start.run
                )
                break
            except EpisodeExists:
                id = make_log_id(name, exact=False)
        return self.put_episode(session, episode, name, scenario.name)

    def put_episode(self, session: Session, episode: Episode, name: str, task: str) -> bytes:
        """Make *episode*, which its player calls *name*, that of *session*; return its envelope."""
        stream = episode.events
        steps = sum(isinstance(event, StepRewarded) for event in stream)
        last = next((e for e in reversed(stream) if isinstance(e, StepRewarded)), None)
        session.episode, session.episode_id, session.task = episode, name, task
        session.steps, session.total_reward = steps, last.total if last else 0.0
        self.counts.started += 1
        self._log_ids[name] = episode.id
        self._log_ids.move_to_end(name)
        if len(self._log_ids) > _MOST_NAMES:
            self._log_ids.popitem(last=False)
        return self.current_envelope(session)

    def current_envelope(self, session: Session) -> bytes:
        """
        Return the envelope of where *session* stands, without a reward.

        Raises:
            NoEpisode: It has none.
        """
        content, _ = encode_envelope(
            _require_episode(session), session.task, total=session.total_reward
        )
        return content

    def step(self, session: Session, action: Any) -> bytes:
        """
        Take *action* in *session* and return the envelope of what it led to.

        Raises:
            NoEpisode: No episode has begun.
            EpisodeOver: It has ended.
            InvalidAction: It is no action at all.
            StaleWriter, LogBusy: The log refused.
        """
        episode = _require_episode(session)
        if episode.end is not None:
            raise EpisodeOver(
                f"episode: expected nothing after the end ({episode.end.how}: "
                f"{episode.end.reason}), got a step; reset first"
            )
        result = episode.step(without_metadata(action))
        session.steps += 1
        session.total_reward = result.events[-1].total  # type: ignore[attr-defined]  # StepRewarded
        self.counts.steps += 1
        content, given = encode_envelope(
            episode,
            session.task,
            observation=result.observation,
            reward=result.reward,
            total=session.total_reward,
            parts=result.breakdown,
            error=result.error,
        )
        if given is not None:
            self.counts.ended += 1
        if given is not None and self.log is not None:
            save_grade(self.log, episode.id, given)
        return content

    def state(self, session: Session | None) -> State:
        """Return how *session* stands; that of one before its first reset if None."""
        if session is None or session.episode is None:
            return State()
        episode = session.episode
        return State(
            episode_id=session.episode_id,
            step_count=session.steps,
            task_id=session.task,
            family=episode.family.name,
            seed=episode.events.started.seed,
            total_reward=session.total_reward,
            done=episode.over,
            end_reason=episode.end.reason if episode.end is not None else None,
        )

    def find_log_id(self, name: str) -> str:
        """Return the id in the log of the newest episode called *name* here, else *name*."""
        return self._log_ids.get(name, name)


def _require_episode(session: Session) -> Episode:
    if session.episode is None:
        raise NoEpisode("episode: expected one that has begun, got none; reset first")
    return session.episode


def make_log_id(name: str, *, exact: bool) -> str:
    """Return *name* as an id of the log, with something random behind it unless *exact* and fit."""
    if exact and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) and name != "last":
        return name
    base = re.sub(r"[^A-Za-z0-9._-]", "-", name)[:48].lstrip("._-") or "episode"
    return f"{base}.{token_hex(4)}"
