"""A world outside for tests: a file with an environment that anyone could have written."""

from pathlib import Path

ENV = '''
"""Walk to the goal; the floor slips."""

import random


class Walk:
    action_schema = {"type": "integer", "minimum": 0, "maximum": 2}
    instructions = "Walk to the goal."

    def __init__(self, goal=5):
        self.goal = goal

    def reset(self, seed=None):
        self.dice, self.at = random.Random(seed), 0
        return {"at": 0}, {"goal": self.goal}

    def step(self, action):
        self.at += action + self.dice.randint(0, 1)
        return {"at": self.at}, float(action), self.at >= self.goal, False, {}
'''
NAME = "python:walk.py:Walk"
"""How its scenario is named in the folder that it lies in."""


def write_env(folder: Path, *, name: str = "walk.py", more: str = "") -> Path:
    """Write the environment into *folder*, with the code *more* run when it is imported."""
    path = folder / name
    path.write_text(ENV + more)
    return path
