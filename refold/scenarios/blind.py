"""Agents that choose without reading, for any family: whatever they score comes for free."""

import random
from collections.abc import Mapping
from typing import Any

from refold.engine.presentation import LegalActions, MakePolicy, Policy


def _first_legal(_seed: int) -> Policy:
    return lambda shown, legal: legal()[0]


def _last_legal(_seed: int) -> Policy:
    return lambda shown, legal: legal()[-1]


def _random_legal(seed: int) -> Policy:
    dice = random.Random(seed)
    return lambda shown, legal: dice.choice(legal())


def _repeat_last(seed: int) -> Policy:
    dice = random.Random(seed)
    last: Any = None

    def choose(_shown: Any, legal: LegalActions) -> Any:
        nonlocal last
        actions = legal()
        if last not in actions:
            last = dice.choice(actions)
        return last

    return choose


BLIND: Mapping[str, MakePolicy] = {
    "first legal": _first_legal,
    "last legal": _last_legal,
    "random legal": _random_legal,
    "repeat last": _repeat_last,
}
"""What makes them, by name, from a seed for those that roll dice."""
