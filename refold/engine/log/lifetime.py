"""Letting go of a log together with the object that it was opened for."""

import os
from collections.abc import Callable
from threading import get_ident
from weakref import finalize


def close_with(owner: object, close: Callable[[], None]) -> None:
    """
    Call *close* when *owner* is gone, at the end of the process at the latest.

    Not in another thread or process than this one: there the log is left as after a crash, whole.
    *close* must not refer to *owner*.
    """
    place = os.getpid(), get_ident()

    def close_here() -> None:
        # Garbage is collected in any thread; SQLite takes only the one that opened the log.
        if (os.getpid(), get_ident()) == place:
            close()

    finalize(owner, close_here)
