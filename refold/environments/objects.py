"""Any object with ``reset`` and ``step`` as a world."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from refold.engine.errors import RefoldError
from refold.engine.world import Answers
from refold.environments.answers import answered, began, failed
from refold.environments.results import read_reset, read_step
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan, Offer


class ObjectWorld:
    """
    The world of an object with ``reset`` and ``step``.

    Args:
        make: Makes the object; called at the beginning.
        by: Version of what answers, by name.
        volatile: As ``World`` has it.
    """

    waits = False
    repeated = 0

    def __init__(
        self, make: Callable[[], Any], *, by: Mapping[str, str], volatile: Sequence[str] = ()
    ) -> None:
        self.volatile: Sequence[str] = volatile
        self._make = make
        self._by = by
        self._object: Any = None

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """Make the object and reset it, with *seed* if it takes one."""
        try:
            self._object = self._make()
            given = call_reset(self._object, seed)
            observation, info = read_reset(given)
            return (began(observation, info=info, offer=offer_of(self._object), by=self._by),)
        except Exception as error:  # the object is the user's: anything may happen
            return (EnvironmentBegan(fault=failed(error)),)

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """Call the object's ``step`` with *action*."""
        try:
            return (answered(**read_step(self._object.step(action))),)
        except Exception as error:  # as above
            return (EnvironmentAnswered(fault=failed(error)),)

    def close(self) -> None:
        """Call the object's ``close``, if it has one."""
        close = getattr(self._object, "close", None)
        if callable(close):
            close()
        self._object = None


def call_reset(target: Any, seed: int) -> Any:
    """Return what the ``reset`` of *target* returns, given *seed* if it has such a parameter."""
    parameters = inspect.signature(target.reset).parameters
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return target.reset(seed=seed) if takes_any or "seed" in parameters else target.reset()


def offer_of(target: Any) -> Offer | None:
    """
    Return the actions that *target* says it takes, None if it says nothing.

    It may have ``tools`` or ``action_schema``, as ``Offer`` has them, and ``instructions``.

    Raises:
        RefoldError: They are not as expected.
    """
    tools, schema = getattr(target, "tools", ()), getattr(target, "action_schema", None)
    instructions = getattr(target, "instructions", "")
    if not tools and schema is None and not instructions:
        return None
    if not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in tools):
        raise RefoldError("tools: expected objects with a name, description and parameters")
    return Offer(
        tools=tuple(tools),
        schema=schema,
        text=bool(getattr(target, "text", False)),
        instructions=str(instructions),
    )
