"""
Access control: exposure, Host, Origin and token, decided from a request's headers alone.

A page of another site must not be able to use the server through a visitor's browser: neither
from its own origin (cross-site requests and WebSockets) nor under a host name that was made to
point here (DNS rebinding).
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import frozen
from starlette.types import Scope

from refold.server.settings import ServerSettings

LOGIN_COOKIE = "refold_login"
VIEWER_PATH = "/viewer/"
"""Where the page's modules and styles are."""
PAGE_PATHS = ("/", "/web", "/web/")
"""Paths of the page; the last one redirects, since the page loads its files by relative paths."""
OPEN_PATHS = ("/health", "/login", *PAGE_PATHS)
"""Paths that need no token: a health check has none, and a browser logs in on the page."""

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@frozen
class Denial:
    """Why a request is turned away: an HTTP status, and a reason for people."""

    status: int
    reason: str


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers of a request by lower-case name; if one is repeated, the last counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def read_cookie(headers: Mapping[str, str], name: str) -> str | None:
    """Return the value of the cookie *name*; None if there is none, or the header is malformed."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found else None


def client_address(scope: Scope) -> str:
    """Return the client's IP address, for limits and logs; ``unknown`` on a Unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def is_loopback(host: str) -> bool:
    """Return whether *host*, an address or a name, can be reached from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def login_cookie_value(token: str) -> str:
    """Return the login cookie's value for *token*: derived from it, but not giving it away."""
    return hmac.new(token.encode(), b"refold login", sha256).hexdigest()


def check_access(scope: Scope, settings: ServerSettings) -> Denial | None:
    """Return why the request *scope* is turned away; None if it is let in."""
    headers = read_headers(scope)
    # By the address that the request reached, not the one in the settings: another ASGI server
    # may run this application and listen elsewhere.
    local = _came_by_loopback(scope)
    if not local and not settings.token and not settings.public:
        return Denial(403, "this server answers other machines only with a token, or if public")
    if not _is_known_host(_host_name(headers.get("host", "")), settings, local=local):
        return Denial(403, "host: expected a name of this server, got another; see --allow-host")
    # The page's own code may be loaded from anywhere: behind a proxy that is not set up yet, the
    # page can then tell what is wrong.
    is_code = scope["path"].startswith(VIEWER_PATH)
    if not is_code and not _is_allowed_origin(scope, headers, settings, local=local):
        return Denial(
            403, "origin: expected a page of this server, got another site's; see --allow-origin"
        )
    if (
        settings.token
        and not is_open_path(scope["path"])
        and not _has_token(headers, settings.token)
    ):
        return Denial(401, "token: expected `Authorization: Bearer TOKEN`, or a login")
    return None


def is_open_path(path: str) -> bool:
    """Return whether *path* needs no token."""
    return path in OPEN_PATHS or path.startswith(VIEWER_PATH)


def tokens_match(given: str, token: str) -> bool:
    """Return whether *given* equals *token*, in constant time, so that timing reveals nothing."""
    return hmac.compare_digest(given.encode(), token.encode())


def _came_by_loopback(scope: Scope) -> bool:
    server = scope.get("server")
    # No address, or no port: a Unix socket, which other machines cannot reach.
    return server is None or server[1] is None or is_loopback(str(server[0]))


def _is_known_host(host: str, settings: ServerSettings, *, local: bool) -> bool:
    if host in _LOOPBACK_NAMES or host in settings.hosts or host == settings.host:
        return True
    # Through loopback, an unknown name is what DNS rebinding looks like. Elsewhere the server
    # cannot know all of its names, so without a list any will do.
    return not local and not settings.hosts


def _is_allowed_origin(
    scope: Scope, headers: Mapping[str, str], settings: ServerSettings, *, local: bool
) -> bool:
    origin = headers.get("origin")
    if origin is None:
        # Browsers leave Origin out of plain GETs. Following a link is harmless, as the other site
        # cannot read the answer; what it loads by script or as an image is not let in.
        followed_a_link = (
            scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )
        site = headers.get("sec-fetch-site", "none")
        return site in ("none", "same-origin") or followed_a_link
    if origin in settings.origins:
        return True
    # Compared with Host, which is known to be ours by now: a page may sit behind any name of it.
    try:
        place = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    if place == headers.get("host", "").lower() != "":
        return True
    # A proxy may have put its own name into Host. Then the proxy says which name the page was
    # asked for by, or the browser that the page is of the same origin; both only count for a name
    # that is ours, or a name made to point to the proxy would do.
    attested = headers.get("sec-fetch-site") == "same-origin"
    named = place == headers.get("x-forwarded-host", "").lower() != ""
    return (attested or named) and _is_known_host(_host_name(place), settings, local=local)


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
