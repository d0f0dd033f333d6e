"""
The random generator of an environment: its state, to begin again what began without a seed.

Found are generators of NumPy that are called ``np_random``, as Gymnasium has them. Others, such as
the ones of the whole process, are not known to be the environment's.
"""

from typing import Any

from refold.engine.errors import RefoldError
from refold.environments.python_values import from_json_value

_LOST = "lost"


def generator_state(generator: Any) -> Any:
    """Return the state of *generator*, for ``restore``; why there is none, if it has none."""
    bits = getattr(generator, "bit_generator", None)
    if bits is None:
        return lost("it began without a seed, and has no generator called np_random")
    return bits.state


def lost(reason: str) -> dict[str, str]:
    """Return what stands in place of a state that is not known, for *reason*."""
    return {_LOST: reason}


def restore(target: Any, state: Any) -> None:
    """
    Set the generator of the environment *target* to *state*, JSON data.

    Raises:
        RefoldError: The state is not known, or *target* has no such generator.
    """
    if isinstance(state, dict) and _LOST in state:
        raise RefoldError(f"generator: expected its state in the record, got none: {state[_LOST]}")
    bits = getattr(getattr(target, "np_random", None), "bit_generator", None)
    if bits is None:
        raise RefoldError("generator: expected one called np_random to set, got none")
    try:
        bits.state = from_json_value(state)
    except (LookupError, TypeError, ValueError) as error:
        raise RefoldError(f"generator: expected a state of {bits!r:.60}, got {error}") from None
