"""The server's settings, from command-line options or from environment variables."""

import os
from collections.abc import Mapping
from typing import Any

from attrs import Factory, field, frozen

from refold.engine import RefoldError
from refold.project import PASS_AT
from refold.reports.usage import NO_PRICES, Prices

PUBLIC_RATE = 1000.0
"""Requests and frames per second for one client, if anyone may connect and no rate is set."""
CLIENT_SPARE_CONNECTIONS = 64
"""Connections of one client beside those of its sessions: pages, health checks, API calls."""
_TRUE = ("1", "true", "yes")


def _check_token(_owner: Any, _attribute: Any, value: str | None) -> None:
    # Long enough not to be guessed at the rate that a server allows; a header holds only ASCII.
    if value is not None and not (len(value) >= 16 and value.isascii() and value.isprintable()):
        raise RefoldError("token: expected 16 or more printable ASCII letters, got something else")


@frozen
class ServerSettings:
    """
    The settings of a server.

    Attributes:
        log: Path of the log; created if missing.
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
        token: Secret that clients must send; None if they need none.
        public: Whether to answer other machines without a token.
        hosts: Host names that requests may be addressed to, in addition to those of this machine;
            if empty, requests from other machines may use any.
        origins: Origins of other sites whose pages may use the server.
        max_sessions: Sessions allowed at once.
        client_sessions: Sessions allowed at once for one client address; None for half of
            *max_sessions* if the server is public without a token, else no such limit.
        client_rate: Requests and frames per second for one client address, 0 for no limit; None
            for ``PUBLIC_RATE`` if the server is public without a token, else no limit.
        idle_timeout: Seconds until an idle session is dropped.
        log_limit: Size of the log in MB from which on no new episode begins; None for no limit.
        largest_body: Most bytes of a request body, and most characters of a WebSocket frame.
        durable: Whether each step waits for the disk, so that a power cut loses none.
        scenarios: Scenarios, families or files to serve; all that ship if empty.
        default_task: Task of a reset that names none, by full or short name; None for
            workflow/easy, or the first scenario if that is not served.
        label_as: Who labels on its page; None for nobody.
        pass_at: The score from which on pages call an episode passed.
        prices: What tokens of models cost, for the pages of runs.
        label_values: The values that labels may have, by the label's name; others have those of
            their first use.
        access_log: Whether to write a line for each request to stderr.
    """

    log: str = "refold.db"
    host: str = "127.0.0.1"
    port: int = 8000
    # Kept out of repr, so that no traceback or debug log shows it.
    token: str | None = field(default=None, repr=False, validator=_check_token)
    public: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_sessions: int = 256
    client_sessions: int | None = None
    client_rate: float | None = None
    idle_timeout: float = 1800.0
    log_limit: float | None = None
    largest_body: int = 2**20
    durable: bool = False
    scenarios: tuple[str, ...] = ()
    default_task: str | None = None
    label_as: str | None = None
    pass_at: float = PASS_AT
    prices: Prices = NO_PRICES
    label_values: Mapping[str, tuple[str, ...]] = Factory(dict)
    access_log: bool = True

    @property
    def rate_limit(self) -> float:
        """Requests and frames per second for one client address; 0 for no limit."""
        if self.client_rate is not None:
            return self.client_rate
        return PUBLIC_RATE if self.is_open else 0.0

    @property
    def is_open(self) -> bool:
        """Whether anyone may connect, so that one client must not keep out the others."""
        return self.public and not self.token

    @property
    def session_limit(self) -> int:
        """Sessions allowed at once for one client address."""
        if self.client_sessions is not None:
            return self.client_sessions
        return max(1, self.max_sessions // 2) if self.is_open else self.max_sessions

    @property
    def connection_limit(self) -> int:
        """Connections allowed at once for one client address; 0 for no limit."""
        # Beside each session a page or a poll of its state.
        return self.session_limit + CLIENT_SPARE_CONNECTIONS if self.is_open else 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServerSettings":
        """
        Return the settings that *environment* makes; docs/serving.md lists the variables.

        Raises:
            RefoldError: A value cannot be read, or the token is too short.
        """
        found: dict[str, Any] = {}
        for name, (key, read) in VARIABLES.items():
            text = environment.get(name)
            # An empty variable counts as unset: compose files pass every variable they name.
            if text:
                try:
                    found[key] = read(text)
                except ValueError:
                    raise RefoldError(f"{name}: expected another value, got {text!r}") from None
        return cls(**found)


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _parse_flag(text: str) -> bool:
    return text.lower() in _TRUE


VARIABLES: Mapping[str, tuple[str, Any]] = {
    "REFOLD_LOG": ("log", str),
    "HOST": ("host", str),
    "PORT": ("port", int),
    "REFOLD_TOKEN": ("token", str),
    "REFOLD_PUBLIC": ("public", _parse_flag),
    "REFOLD_HOSTS": ("hosts", _parse_list),
    "REFOLD_ORIGINS": ("origins", _parse_list),
    "REFOLD_MAX_SESSIONS": ("max_sessions", int),
    "REFOLD_CLIENT_SESSIONS": ("client_sessions", int),
    "REFOLD_CLIENT_RATE": ("client_rate", float),
    "REFOLD_IDLE_TIMEOUT": ("idle_timeout", float),
    "REFOLD_LOG_LIMIT": ("log_limit", float),
    "REFOLD_DURABLE": ("durable", _parse_flag),
    "REFOLD_SCENARIOS": ("scenarios", _parse_list),
    "REFOLD_DEFAULT_TASK": ("default_task", str),
    "REFOLD_LABEL_AS": ("label_as", str),
}
"""Environment variables, each with its setting and the function that reads it."""
