"""What plays the episodes of a command: a fleet, if its options say so."""

from collections.abc import Sequence
from functools import partial

from refold.commands.shared.fleet_options import Fleet
from refold.commands.shared.model_options import ModelChoices
from refold.commands.shared.playing import PlayAll
from refold.environments.python.programs import is_program


def playing_on(
    fleet: Fleet | None,
    choices: ModelChoices,
    *,
    programs: Sequence[str],
) -> PlayAll | None:
    """
    Return what plays on *fleet* in place of this process; None if there is none.

    Args:
        fleet: The cluster.
        choices: The model options, which are checked.
        programs: What was named as agents: files that they run are named by their paths.

    Raises:
        RefoldError: The options cannot be handed to others.
    """
    if fleet is None:
        return None
    # With all that a fleet needs, and few commands play on one.
    from refold.fleet.player import without_secrets  # noqa: PLC0415
    from refold.fleet.run import play_all  # noqa: PLC0415

    without_secrets(choices)
    named = [each for each in programs if is_program(each)]
    return partial(play_all, fleet=fleet, programs=named)
