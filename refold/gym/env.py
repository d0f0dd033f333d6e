"""
An episode as a Gymnasium environment, without a server.

Observations are arrays with a mask of the choices that the rules would take now; rewards are raw.
What a language model would read is in ``info``, and in ``render``.
"""

from collections.abc import Callable, Mapping
from operator import index
from typing import Any

import gymnasium
import msgspec
import numpy as np
from gymnasium import spaces

from refold.agents.prompting import prompt_of
from refold.engine import Episode, EventLog, InvalidAction
from refold.graders import grade, save_grade
from refold.gym.arrays import Arrays, arrays_of, space_of
from refold.gym.general import general_numbers
from refold.scenarios import load

_FREE_TEXTS = ("content", "amount")


class RefoldEnv(gymnasium.Env[Arrays, np.int64]):
    """
    Plays one scenario.

    A reset without a seed plays the scenario's own seed first, then seeds drawn by its own
    random generator; with a seed, it plays that one.

    Args:
        scenario: Name of a scenario, or path of its file.
        log: File to record every episode in; none if None. Environments may share one, also
            those of several processes.
        agent: Who plays, a name for the log.
        run: Name of the run that the episodes belong to, unless ``reset`` is given another.
        render_mode: ``ansi`` for ``render`` to return the observation as text.

    Attributes:
        choices: What each number of the action space means: from a state to an action.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012 - as Gymnasium declares it

    def __init__(
        self,
        scenario: str,
        *,
        log: str | None = None,
        agent: str = "gymnasium",
        run: str = "",
        render_mode: str | None = None,
    ) -> None:
        self.render_mode = render_mode
        self._scenario = load(scenario)
        self._agent = agent
        self._run = run
        self._log = EventLog(log) if log is not None else None
        self._seeded = False
        self._closed = False
        beginning = Episode.start(self._scenario)
        self._family = beginning.family
        self._numbers = self._family.numbers or general_numbers(self._family)
        self.choices = self._numbers.choices(beginning.state)
        self._shapes = self._numbers.shapes(beginning.state)
        self._episode: Episode | None = None
        self.action_space = spaces.Discrete(len(self.choices))
        self.observation_space = spaces.Dict(
            {
                **{name: space_of(shape) for name, shape in self._shapes.items()},
                "action_mask": spaces.MultiBinary(len(self.choices)),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Arrays, dict[str, Any]]:
        """Begin an episode; *options* may hold the ``episode_id`` and ``run`` for the log."""
        if self._closed:
            raise gymnasium.error.ClosedEnvironmentError("expected no reset after close")
        super().reset(seed=seed)
        world = self._scenario.seed
        if seed is not None:
            world = seed
        elif self._seeded:
            world = int(self.np_random.integers(2**31))
        self._seeded = True
        given = options or {}
        self._episode = Episode.start(
            self._scenario,
            log=self._log,
            agent=self._agent,
            seed=world,
            id=given.get("episode_id"),
            run=given.get("run", self._run),
        )
        return self._observation(), self._info({}, None)

    def step(self, action: np.int64) -> tuple[Arrays, float, bool, bool, dict[str, Any]]:
        """
        Make the choice *action*; one that is not possible now is a refused step.

        Raises:
            InvalidAction: *action* is not one of the action space's numbers; nothing happened.
            EpisodeOver: The episode has ended.
        """
        episode = self._playing()
        result = episode.step(self._choice(action)(episode.state))
        info = self._info(result.breakdown, result.error)
        return self._observation(), result.reward, result.terminated, result.truncated, info

    def action_masks(self) -> Any:
        """
        Return which numbers of the action space the rules would take now, as booleans.

        By this method ``MaskablePPO`` of sb3-contrib finds out. None is possible after the end.
        """
        return self._mask().astype(np.bool_)

    def render(self) -> str | None:
        """Return the observation as a language model reads it, in the mode ``ansi``."""
        if self.render_mode != "ansi":
            return None
        return prompt_of(self._family).render(self._playing().observation)

    def close(self) -> None:
        """Close the log; an environment that has one cannot be reset after that."""
        if self._log is not None:
            self._log.close()
            self._closed = True

    @property
    def episode(self) -> Episode:
        """The episode that is being played."""
        return self._playing()

    def _playing(self) -> Episode:
        if self._episode is None:
            raise gymnasium.error.ResetNeeded("expected reset before anything else")
        return self._episode

    def _choice(self, action: Any) -> Callable[[Any], Any]:
        last = len(self.choices) - 1
        try:
            number = index(action)
        except TypeError:
            raise InvalidAction(f"expected a whole number, 0 to {last}, got {action!r}") from None
        if not 0 <= number <= last:
            raise InvalidAction(f"expected a choice from 0 to {last}, got {number}")
        return self.choices[number]

    def _observation(self) -> Arrays:
        values = self._numbers.values(self._playing().state)
        return {**arrays_of(self._shapes, values), "action_mask": self._mask()}

    def _mask(self) -> Any:
        episode = self._playing()
        legal = {_bare(action) for action in episode.legal_actions}
        possible = [_bare(choice(episode.state)) in legal for choice in self.choices]
        return np.array(possible, np.int8)

    def _info(self, parts: Mapping[str, float], error: str | None) -> dict[str, Any]:
        episode = self._playing()
        info = {
            "observation": msgspec.to_builtins(episode.observation),
            "reward_parts": dict(parts),
            "error": error,
        }
        if episode.end is not None:
            given = grade(episode.events)
            info |= {"score": given.score, "end_reason": episode.end.reason}
            if self._log is not None:
                save_grade(self._log, episode.id, given)
        return info


def _bare(action: Any) -> Any:
    """Return *action* without the free texts that legal actions leave open."""
    texts = [name for name in _FREE_TEXTS if getattr(action, name, None)]
    return msgspec.structs.replace(action, **dict.fromkeys(texts, "")) if texts else action
