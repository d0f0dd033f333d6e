"""
Who may come in: exposure, Host, Origin and token, decided from a request's head alone.

A page of another site must not be able to use the server through somebody's browser: neither
with the page's own origin (cross-site requests and WebSockets) nor with a name that was made to
point here (DNS rebinding).
"""

import hmac
from collections.abc import Mapping, MutableMapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from refold.server.settings import ServerSettings

Scope = MutableMapping[str, Any]

LOGIN_COOKIE = "refold_login"
VIEWER_PATH = "/viewer/"
"""Where the page's own files are."""
PAGE_PATHS = ("/", "/web", "/web/")
"""Where the page is; the last one redirects, because the page loads its files relative to it."""
OPEN_PATHS = ("/health", "/login", *PAGE_PATHS)
"""What can be asked without a token, beside the page's own files."""

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@frozen
class Denial:
    """Why a request is turned away: HTTP status, and words."""

    status: int
    reason: str


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers of a request, names in lower case; of several of a name the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def read_cookie(headers: Mapping[str, str], name: str) -> str | None:
    """Return the cookie *name*, if there is one."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found else None


def client_address(scope: Scope) -> str:
    """Return the address of the client, for limits and logs."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def is_loopback(host: str) -> bool:
    """Return whether *host*, an address or a name, means this machine and nothing else."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def login_cookie_value(token: str) -> str:
    """Return what the login cookie holds for those who know *token*: not the token itself."""
    return hmac.new(token.encode(), b"refold login", sha256).hexdigest()


def check_access(scope: Scope, settings: ServerSettings) -> Denial | None:
    """Return why the request *scope* is turned away, None if it may come in."""
    headers = read_headers(scope)
    local = _came_by_loopback(scope)
    if not local and not settings.token and not settings.public:
        return Denial(403, "this server answers other machines only with a token, or if public")
    host = _host_name(headers.get("host", ""))
    if not _is_known_host(host, settings, local=local):
        return Denial(403, "host: expected a name of this server, got another")
    if not _is_allowed_origin(scope, headers, settings):
        return Denial(403, "origin: expected a page of this server, got another site's")
    if (
        settings.token
        and not is_open_path(scope["path"])
        and not _has_token(headers, settings.token)
    ):
        return Denial(401, "token: expected `Authorization: Bearer TOKEN`, or a login")
    return None


def is_open_path(path: str) -> bool:
    """Return whether *path* can be asked without a token."""
    return path in OPEN_PATHS or path.startswith(VIEWER_PATH)


def tokens_match(given: str, token: str) -> bool:
    """Return whether *given* is *token*, in a time that does not tell how much of it fits."""
    return hmac.compare_digest(given.encode(), token.encode())


def _came_by_loopback(scope: Scope) -> bool:
    server = scope.get("server")
    return server is None or server[1] is None or is_loopback(str(server[0]))


def _is_known_host(host: str, settings: ServerSettings, *, local: bool) -> bool:
    if host in _LOOPBACK_NAMES or host in settings.hosts or host == settings.host:
        return True
    return not local and not settings.hosts


def _is_allowed_origin(scope: Scope, headers: Mapping[str, str], settings: ServerSettings) -> bool:
    origin = headers.get("origin")
    if origin is None:
        followed_a_link = (
            scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )
        site = headers.get("sec-fetch-site", "none")
        return site in ("none", "same-origin") or followed_a_link
    if origin in settings.origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _has_token(headers: Mapping[str, str], token: str) -> bool:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and tokens_match(given.strip(), token):
        return True
    cookie = read_cookie(headers, LOGIN_COOKIE)
    return cookie is not None and tokens_match(cookie, login_cookie_value(token))


def _host_name(host: str) -> str:
    """Return the name in a Host header, without the port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
