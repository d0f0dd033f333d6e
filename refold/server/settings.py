"""How a server is set up: by the command line, or by the environment where there is none."""

import os
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from refold.engine import RefoldError

PUBLIC_RATE = 1000.0
_TRUE = ("1", "true", "yes")


def _check_token(_owner: Any, _attribute: Any, value: str | None) -> None:
    if value is not None and not (len(value) >= 16 and value.isascii() and value.isprintable()):
        raise RefoldError("token: expected 16 or more printable ASCII letters, got something else")


@frozen
class ServerSettings:
    """
    Everything that can be chosen.

    Attributes:
        log: The log's file; made if missing.
        host: Address to listen on.
        port: Port to listen on.
        token: What a client has to know; None to let everybody in who can reach the server.
        public: Answer without a token even where others than this machine can connect.
        hosts: Host names that requests may be for, beside those of this machine; any, if there
            are none and others than this machine can connect.
        origins: Origins of other sites whose pages may use the server.
        max_sessions: Sessions at once.
        client_sessions: Sessions at once for one client address; None for all of them.
        client_rate: Requests and frames per second for one client address, 0 for no limit;
            None for no limit unless the server is public.
        idle_timeout: Seconds until an idle session is dropped.
        largest_body: Bytes that a request may have, and letters that a frame may have.
        durable: Wait for the disk at each step.
        scenarios: What is served: scenarios, families, files; all that ship if empty.
        default: The task of a reset that names none, maybe by a short name; if None,
            workflow/easy, or the first that is served.
        access_log: Write a line for each request to stderr.
    """

    log: str = "refold.db"
    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False, validator=_check_token)
    public: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_sessions: int = 256
    client_sessions: int | None = None
    client_rate: float | None = None
    idle_timeout: float = 1800.0
    largest_body: int = 2**20
    durable: bool = False
    scenarios: tuple[str, ...] = ()
    default_task: str | None = None
    access_log: bool = True

    @property
    def rate_limit(self) -> float:
        """The limit that holds: requests and frames per second for one client; 0 for none."""
        if self.client_rate is not None:
            return self.client_rate
        return PUBLIC_RATE if self.public and not self.token else 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServerSettings":
        """
        Return what the environment says; see the table in docs/serving.md.

        Raises:
            RefoldError: A value cannot be used.
        """
        found: dict[str, Any] = {}
        for name, (key, read) in VARIABLES.items():
            text = environment.get(name)
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
    "REFOLD_DURABLE": ("durable", _parse_flag),
    "REFOLD_SCENARIOS": ("scenarios", _parse_list),
    "REFOLD_DEFAULT_TASK": ("default", str),
}
"""Environment variables: which setting each is, and how it is read."""
