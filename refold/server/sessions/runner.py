"""
Playing episodes in sessions: reset, step, state.

Everything here runs on the event loop's thread, where the log's one writer lives, and never
waits. An envelope is returned only after its step is in the log, so a client never learns of a
step that a crash could lose.
"""

import re
from pathlib import Path
from secrets import token_hex
from typing import Any

from attrs import define, field

from refold.engine import Episode, EpisodeOver, EventLog, StepRewarded
from refold.engine.errors import EpisodeExists
from refold.graders import save_grade
from refold.server.sessions.errors import LogFull, NoEpisode
from refold.server.sessions.messages import State, encode_envelope
from refold.server.sessions.reset_arguments import ResetRequest
from refold.server.sessions.store import Session
from refold.server.sessions.tasks import TaskCatalogue


@define
class EpisodeCounts:
    """Episodes and steps since the start of the process."""

    started: int = 0
    ended: int = 0
    steps: int = 0


@define
class SessionRunner:
    """
    Plays episodes in sessions and records them.

    Attributes:
        log: The process's writer; None to keep episodes in memory only.
        catalogue: The tasks that can be played.
        counts: Episodes and steps so far.
        log_limit: Size of the log in MB from which on no new episode begins; None for no limit.
    """

    log: EventLog | None
    catalogue: TaskCatalogue
    counts: EpisodeCounts = field(factory=EpisodeCounts)
    log_limit: float | None = field(default=None, kw_only=True)

    def check_room(self) -> None:
        """
        Check that the log may grow by another episode.

        Raises:
            LogFull: It has reached its limit.
        """
        if self.log is None or self.log_limit is None:
            return
        files = (Path(self.log.path), Path(f"{self.log.path}-wal"))
        size = sum(file.stat().st_size for file in files if file.exists()) / 2**20
        if size >= self.log_limit:
            raise LogFull(
                f"log: expected less than its limit of {self.log_limit:g} MB, got {size:.1f} MB; "
                "no new episode can begin here"
            )

    def reset(self, session: Session, start: ResetRequest) -> bytes:
        """
        Start an episode in *session* and return its first envelope.

        Raises:
            UnknownName: There is no such task.
            LogFull: The log has reached its limit.
            LogBusy: The log refused; the session keeps the episode it had.
        """
        self.check_room()
        scenario = self.catalogue.find(start.task)
        seed = scenario.seed if start.seed is None else start.seed
        name = start.episode_id or f"{scenario.name.replace('/', '-')}-{seed}"
        id = make_log_id(name, exact=start.episode_id is not None)
        # Clients reuse episode ids in every rollout, while ids in the log are unique: a name that
        # is taken gets a random suffix, and the client continues under the name that it chose.
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
        """
        Let *session* play *episode* from now on, and return the envelope of where it stands.

        Args:
            session: Whatever it played before stays in the log as it is.
            episode: A new episode, or a fork that has steps already.
            name: The client's name for it.
            task: Name of its scenario.
        """
        stream = episode.events
        rewards = [event for event in stream if isinstance(event, StepRewarded)]
        session.episode, session.episode_id, session.task = episode, name, task
        session.steps = len(rewards)
        session.total_reward = rewards[-1].total if rewards else 0.0
        self.counts.started += 1
        session.name_episode(name, episode.id)
        return self.current_envelope(session)

    def current_envelope(self, session: Session) -> bytes:
        """
        Return the envelope of where *session* stands, with a reward of 0.

        Raises:
            NoEpisode: No episode has begun.
        """
        episode = _require_episode(session)
        content, _ = encode_envelope(episode, session.task, total=session.total_reward)
        return content

    def step(self, session: Session, action: Any) -> bytes:
        """
        Take *action* in *session*, and return the envelope of the result.

        Raises:
            NoEpisode: No episode has begun.
            EpisodeOver: The episode has ended.
            InvalidAction: *action* is no action of the family.
            StaleWriter, LogBusy: The log refused; the step was not taken.
        """
        episode = _require_episode(session)
        if episode.end is not None:
            raise EpisodeOver(
                f"episode: expected nothing after the end ({episode.end.how}: "
                f"{episode.end.reason}), got a step; reset first"
            )
        result = episode.step(without_metadata(action))
        session.steps += 1
        # Read from the event, not added up: a sum of floats of our own could differ in a digit.
        session.total_reward = result.events[-1].total  # type: ignore[attr-defined]  # StepRewarded
        self.counts.steps += 1
        content, final_grade = encode_envelope(
            episode,
            session.task,
            observation=result.observation,
            reward=result.reward,
            total=session.total_reward,
            parts=result.breakdown,
            error=result.error,
        )
        if final_grade is not None:
            self.counts.ended += 1
        if final_grade is not None and self.log is not None:
            save_grade(self.log, episode.id, final_grade)
        return content

    def state(self, session: Session | None) -> State:
        """Return the state of *session*; that of a session before its first reset if None."""
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


def without_metadata(action: Any) -> Any:
    """Return *action* without the ``metadata`` of OpenEnv's actions, which no rules read."""
    # Only a dict is dropped: a metadata of another type is a mistake that the rules refuse.
    if isinstance(action, dict) and isinstance(action.get("metadata"), dict):
        return {key: value for key, value in action.items() if key != "metadata"}
    return action


def make_log_id(name: str, *, exact: bool) -> str:
    """Return *name* itself if *exact* and fit for an id of the log, else with a random suffix."""
    # 'last' means the newest episode wherever an id is expected, so no episode may be called so.
    if exact and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) and name != "last":
        return name
    base = re.sub(r"[^A-Za-z0-9._-]", "-", name)[:48].lstrip("._-") or "episode"
    return f"{base}.{token_hex(4)}"


def _require_episode(session: Session) -> Episode:
    if session.episode is None:
        raise NoEpisode("episode: expected one that has begun, got none; reset first")
    return session.episode
