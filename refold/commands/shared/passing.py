"""The score from which on an episode has passed, as the project says."""

from refold.commands.shared.configured import Configured
from refold.project import PASS_AT

PASS_MARK = Configured(lambda settings: settings.pass_at, PASS_AT)
"""The default of ``--pass-at``."""


def pass_mark() -> float:
    """
    Return ``pass_at`` of the project's ``refold.toml``, for commands without ``--pass-at``.

    Raises:
        RefoldError: The file cannot be used.
    """
    return float(PASS_MARK())
