"""Built-in policies that play any family; what each does is fixed: scores are references."""

import random
from typing import Any

from refold.agents.schema_values import fill
from refold.engine import Family, RefoldError
from refold.engine.presentation import LegalActions, Policy
from refold.scenarios.answered.events import Offer
from refold.scenarios.answered.offer import OfferedActions, tool_action


def noop(family: Family) -> Policy:
    """
    Return the policy that always does nothing.

    Raises:
        RefoldError: The family has no action that does nothing.
    """
    if family.wait is None:
        raise RefoldError(
            f"agent 'noop': expected a family with an action that does nothing, got "
            f"{family.title!r}; use another agent"
        )
    return lambda observation, legal: family.wait


def uniform(seed: int, epoch: int) -> Policy:
    """Return the policy that picks one of the legal actions, by dice of *seed* and *epoch*."""
    dice = random.Random(f"{seed}/{epoch}")

    def choose(_observation: Any, legal: LegalActions) -> Any:
        actions = legal()
        if isinstance(actions, OfferedActions):
            return _any_action(actions.offer, dice)
        return dice.choice(actions) if actions else None

    return choose


def _any_action(offer: Offer, dice: random.Random) -> Any:
    """Return any action on *offer*, None if there is none."""
    if offer.tools:
        tool = dice.choice(offer.tools)
        schema = tool.get("parameters") or {"type": "object"}
        return tool_action(tool["name"], fill(schema, dice, real=True))
    return None if offer.schema is None else fill(offer.schema, dice, real=True)
