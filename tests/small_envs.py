"""
Gymnasium environments for tests, registered when this module is imported.

Some are made wrong on purpose: what they answer is not made of seed and actions alone.
"""

# ruff: noqa: D102 - methods are those of gymnasium.Env

import random
import time
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Small(gymnasium.Env):
    """Ends after five steps; its reward is the number of the step."""

    observation_space = spaces.Box(0, 255, (2,), np.float64)
    action_space = spaces.Discrete(3, start=-1)
    steps = 0

    def look(self) -> Any:
        return self.np_random.random(2)

    def pay(self) -> Any:
        return self.steps

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        self.steps = 0
        return self.look(), {"options": options}

    def step(self, action):
        self.steps += 1
        return self.look(), self.pay(), self.steps == 5, False, {"action": action}


class Picture(Small):
    """Shows pictures, which are drawn by its dice."""

    observation_space = spaces.Box(0, 255, (96, 96, 3), np.uint8)
    action_space = spaces.MultiDiscrete([2, 3])

    def look(self):
        return self.np_random.integers(0, 256, (96, 96, 3), np.uint8)


class Machine(Small):
    """Has spaces in spaces."""

    observation_space = spaces.Dict(
        {"levers": spaces.Box(-np.inf, np.inf, (3,), np.float32), "gear": spaces.Discrete(5)}
    )
    action_space = spaces.Dict(
        {
            "force": spaces.Box(-1, 1, (2,), np.float32),
            "parts": spaces.Tuple([spaces.MultiBinary(2), spaces.Box(0, 9, (), np.int16)]),
        }
    )
    force = 0.0

    def look(self):
        levers = self.np_random.standard_normal(3, np.float32) + np.float32(self.force)
        return {"levers": levers, "gear": self.np_random.integers(5)}

    def reset(self, *, seed=None, options=None):
        self.force = 0.0
        return super().reset(seed=seed, options=options)

    def step(self, action):
        self.force = action["force"].sum()
        return super().step(action)


class Clock(Small):
    """Shows the time."""

    def look(self):
        return {"dice": self.np_random.random(2), "clock": {"now": time.monotonic_ns()}}


class Leaking(Small):
    """Shows how many episodes its process has seen."""

    begun = 0

    def look(self):
        return {"dice": self.np_random.random(2), "begun": Leaking.begun}

    def reset(self, *, seed=None, options=None):
        Leaking.begun += 1
        return super().reset(seed=seed, options=options)


class Lucky(Small):
    """Pays by dice that no seed reaches, but not before step 3."""

    def pay(self):
        return random.SystemRandom().random() if self.steps >= 3 else 0.0


class NoNumber(Small):
    """Pays what is no number in step 2."""

    def pay(self):
        return float("nan") if self.steps == 2 else 1.0


class Failing(Small):
    """Fails in step 3."""

    def pay(self):
        if self.steps == 3:
            raise ZeroDivisionError("out of order")
        return 1.0


for _kind in (Small, Picture, Machine, Clock, Leaking, Lucky, NoNumber, Failing):
    gymnasium.register(
        f"{_kind.__name__}-v0",
        entry_point=_kind,
        max_episode_steps=100,
        disable_env_checker=True,  # it warns of what those that are made wrong show
    )
