"""
Play episodes on many processes and machines that Ray runs; nothing between them is home-made.

The run's log stays plan and truth: it holds every episode from the start. Workers play in logs of
their own on their node's disk and send the stored bytes back in bundles; the driver, which is the
process of the command, computes each hash again and appends what follows what it has. So a worker,
a node or the driver may die at any time, and what is stored is what one process would have stored.

``dealing`` decides who plays what, purely; ``bundles`` is what travels; ``ledger`` is the driver's
side of the log; ``shards`` and ``player`` run on nodes. Only ``cluster``, ``engine`` and ``actors``
know Ray, which is imported when a fleet is asked for.
"""

from typing import TYPE_CHECKING

from refold.lazy import hand_on

__all__ = ["Fleet", "connected", "play_all", "playing_on"]

if TYPE_CHECKING:
    from refold.commands.shared.fleet_options import Fleet
    from refold.fleet.choosing import playing_on
    from refold.fleet.cluster import connected
    from refold.fleet.run import play_all
else:
    __getattr__, __dir__ = hand_on(
        __name__, __all__, "refold.commands.shared.fleet_options", ".cluster", ".choosing", ".run"
    )
