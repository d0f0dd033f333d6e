"""Any object with ``reset`` and ``step`` as an environment."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from refold.engine.errors import InvalidAction, RefoldError
from refold.engine.world import Answers
from refold.environments.answers import answered, began, failed
from refold.environments.gymnasium.generators import restore
from refold.environments.python.coroutines import Waiter
from refold.environments.python.offers import offer_of, space_of
from refold.environments.python.results import read_reset, read_step
from refold.environments.python.values import from_json_value
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan

INSTRUCTIONS = "$.offer.instructions"
"""Path of what an agent is told, which may be documentation: no part of an answer."""


class ObjectWorld:
    """
    The environment of an object with ``reset`` and ``step``, which may be coroutines.

    An action goes to ``step`` as JSON data; where the object has an ``action_space`` of
    Gymnasium's, as that space has it.

    Args:
        make: Makes the object; called at the beginning.
        by: Version of what answers, by name.
        volatile: As ``World`` has it.
    """

    repeated = 0

    def __init__(
        self, make: Callable[[], Any], *, by: Mapping[str, str], volatile: Sequence[str] = ()
    ) -> None:
        self.waits = False
        self.volatile: Sequence[str] = (*volatile, INSTRUCTIONS)
        self._make = make
        self._by = by
        self._object: Any = None
        self._space: Any = None
        self._waiter: Waiter | None = None

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """
        Make the object and reset it, with *seed* if it takes one, or as it was reset in *recorded*.

        That is with the state of its random generator in place of a seed, and with what else its
        ``reset`` was given.
        """
        was = next((each for each in recorded if isinstance(each, EnvironmentBegan)), None)
        generator, arguments = (was.generator, was.arguments) if was else (None, None)
        try:
            self._object = check_methods(self._make())
            self._space = space_of(self._object)
            given = from_json_value(arguments) or {}
            if generator is None:
                reset = call_reset(self._object, seed, given)
            else:
                restore(self._object, generator)
                reset = self._object.reset(**given)
            observation, info = read_reset(self._waited(reset))
            offer = offer_of(self._object, documented=True)
        except Exception as error:  # the object is the user's: anything may happen
            return (EnvironmentBegan(fault=failed(error)),)
        return (
            began(
                observation,
                offer=offer,
                info=info,
                by=self._by,
                generator=generator,
                arguments=arguments,
            ),
        )

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """
        Call the object's ``step`` with *action*.

        Raises:
            InvalidAction: It does not lie in the action space. What was recorded may lie outside:
                a program can step with anything.
        """
        try:
            taken = self._taken(action, checked=not recorded)
        except InvalidAction as error:
            if not recorded:
                raise
            return (EnvironmentAnswered(fault=failed(error)),)
        try:
            return (answered(**read_step(self._waited(self._object.step(taken)))),)
        except Exception as error:  # as above
            return (EnvironmentAnswered(fault=failed(error)),)

    def close(self) -> None:
        """Call the object's ``close``, if it has one; what that raises changes no episode."""
        close = getattr(self._object, "close", None)
        if callable(close):
            with suppress(Exception):
                self._waited(close())
        self._object = None
        if self._waiter is not None:
            self._waiter.close()
        self._waiter = None

    def _taken(self, action: Any, *, checked: bool) -> Any:
        if self._space is None:
            return from_json_value(action)
        from refold.environments.gymnasium.spaces import check_action, read_action  # noqa: PLC0415 - NumPy

        taken = read_action(self._space, action)
        if checked:
            check_action(self._space, taken)
        return taken

    def _waited(self, given: Any) -> Any:
        """Return what *given* is, or what it gives if it is to be awaited."""
        if not inspect.isawaitable(given):
            return given
        # Others continue meanwhile: whoever asks this environment does so in a thread from now on.
        self.waits = True
        self._waiter = self._waiter or Waiter()
        return self._waiter.wait(_awaited(given))


async def _awaited(given: Any) -> Any:
    return await given


def check_methods(target: Any) -> Any:
    """
    Return *target*.

    Raises:
        RefoldError: It has no ``reset`` or no ``step``.
    """
    missing = [name for name in ("reset", "step") if not callable(getattr(target, name, None))]
    if missing:
        raise RefoldError(
            "environment: expected an object with methods reset and step, got a "
            f"{type(target).__name__} without {' and '.join(missing)}"
        )
    return target


def call_reset(target: Any, seed: int, given: Mapping[str, Any]) -> Any:
    """Return what ``reset`` of *target* returns for *given*, with *seed* if it has that name."""
    return target.reset(seed=seed, **given) if takes_seed(target) else target.reset(**given)


def takes_seed(target: Any) -> bool:
    """Return whether ``reset`` of *target* has a parameter ``seed``, or takes any."""
    try:
        parameters = inspect.signature(target.reset).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return False
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return takes_any or "seed" in parameters
