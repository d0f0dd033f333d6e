"""A recorder around any object with ``reset`` and ``step``, such as a client of a server."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from refold.engine.values import to_json_value
from refold.environments.answers import answered, began, failed
from refold.environments.generators import generator_state
from refold.environments.objects import takes_seed
from refold.environments.offers import offer_of, space_of
from refold.environments.python_values import NONE
from refold.environments.recordings import Recording
from refold.environments.results import read_reset, read_step
from refold.scenarios.answered.events import EnvironmentAnswered, EnvironmentBegan

_OWN = ("_target", "_recording", "_track", "_by")


class RecordedObject:
    """
    An object whose episodes are recorded; all else that it has is its own.

    ``reset`` and ``step`` may be coroutines. Of several arguments of ``step``, the first is the
    action.
    """

    def __init__(self, target: Any, recording: Recording, by: Mapping[str, str]) -> None:
        self._target = target
        self._recording = recording
        self._track = recording.track()
        self._by = by

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in _OWN:  # not made yet, as in a copy
            raise AttributeError(name)
        return getattr(self._target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            super().__setattr__(name, value)
        else:
            setattr(self._target, name, value)

    def reset(self, *args: Any, **kwargs: Any) -> Any:
        """Reset the object, and record that an episode begins."""
        seed, more = _reset_arguments(self._target.reset, args, kwargs)
        generator = to_json_value(self._generator()) if seed is None else None
        arguments = to_json_value(more) if more else None

        def note(given: Any) -> None:
            observation, info = read_reset(given)
            answer = began(
                observation,
                offer=offer_of(self._target),
                info=info,
                by=self._by,
                generator=generator,
                arguments=arguments,
            )
            self._begin(answer, seed)

        def note_failure(error: Exception) -> None:
            self._begin(EnvironmentBegan(fault=failed(error)), seed)

        return _call(lambda: self._target.reset(*args, **kwargs), note, note_failure)

    def step(self, *args: Any, **kwargs: Any) -> Any:
        """Step the object, and record action and answer."""
        if not self._track.open:
            return self._target.step(*args, **kwargs)
        taken = self._taken(next(iter((*args, *kwargs.values())), None))

        def note(given: Any) -> None:
            self._step(taken, answered(**read_step(given)))

        def note_failure(error: Exception) -> None:
            self._step(taken, EnvironmentAnswered(fault=failed(error)))

        return _call(lambda: self._target.step(*args, **kwargs), note, note_failure)

    def close(self) -> Any:
        """Truncate the open episode, if there is one, and close the object, if it can be."""
        self._recording.close()
        close = getattr(self._target, "close", None)
        return close() if callable(close) else None

    def __enter__(self) -> Any:
        given = self._target.__enter__()
        return self if given is self._target else given

    def __exit__(self, *error: Any) -> Any:
        self._recording.close()
        return self._target.__exit__(*error)

    async def __aenter__(self) -> Any:
        given = await self._target.__aenter__()
        return self if given is self._target else given

    async def __aexit__(self, *error: Any) -> Any:
        self._recording.close()
        return await self._target.__aexit__(*error)

    def _begin(self, answer: EnvironmentBegan, seed: int | None) -> None:
        self._track.begin(answer, seed)
        self._recording.count(1)

    def _step(self, taken: Any, answer: EnvironmentAnswered) -> None:
        self._track.step(taken, answer)
        self._recording.count(1)

    def _taken(self, action: Any) -> Any:
        if action is None:
            return NONE
        space = space_of(self._target)
        if space is None:
            return to_json_value(action)
        from refold.environments.gymnasium_recorder import json_action  # noqa: PLC0415 - NumPy

        return json_action(space, action)

    def _generator(self) -> Any:
        """Return the state of the object's generator; None if nothing says that it has dice."""
        generator = getattr(self._target, "np_random", None)
        if generator is None and not takes_seed(self._target):
            return None
        return generator_state(generator)


def _call(
    work: Callable[[], Any], note: Callable[[Any], None], note_failure: Callable[[Exception], None]
) -> Any:
    """Return what *work* returns, noted; if that is to be awaited, noted when it was."""
    try:
        given = work()
    except Exception as error:
        note_failure(error)
        raise
    if inspect.isawaitable(given):
        return _noted(given, note, note_failure)
    note(given)
    return given


async def _noted(
    given: Awaitable[Any], note: Callable[[Any], None], note_failure: Callable[[Exception], None]
) -> Any:
    try:
        result = await given
    except Exception as error:
        note_failure(error)
        raise
    note(result)
    return result


def _reset_arguments(
    reset: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return the seed among the arguments of a ``reset``, and the others by name."""
    given = dict(kwargs)
    if args:
        try:
            bound = inspect.signature(reset).bind(*args, **kwargs)
        except (TypeError, ValueError):  # the call will say so itself
            return None, given
        given = dict(bound.arguments)
        given |= given.pop("kwargs", {})
    seed = given.pop("seed", None)
    return seed, {name: each for name, each in given.items() if each is not None}
