"""
Refuse environment variables that the HTTP client would stumble over, by their names.

The libraries that send requests read these themselves, and their errors name neither the
variable nor a remedy.
"""

import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from refold.engine import RefoldError

_PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
_SCHEMES = ("http", "https", "socks5", "socks5h")
_SENT_AS_HEADERS = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS")


def check_environment(settings: Mapping[str, str]) -> None:
    """
    Check the variables in *settings* that the HTTP client will read.

    Raises:
        RefoldError: One of them cannot be used; the text names it.
    """
    for name in _PROXIES:
        for spelling in (name, name.lower()):
            if settings.get(spelling):
                _check_proxy(spelling, settings[spelling])
    for name in _SENT_AS_HEADERS:
        if not settings.get(name, "").isascii():
            raise _unusable(name, "ASCII letters, as in any header of HTTP", "others")
    if settings.get("SSL_CERT_FILE"):
        _check_certificates("SSL_CERT_FILE", settings["SSL_CERT_FILE"])
    folder = settings.get("SSL_CERT_DIR")
    if folder and not Path(folder).is_dir():
        raise _unusable("SSL_CERT_DIR", "a folder of certificates", f"no folder at {folder!r}")


def _check_proxy(name: str, address: str) -> None:
    try:
        # Without a scheme, a proxy speaks HTTP.
        scheme = urlsplit(address if "://" in address else f"http://{address}").scheme
    except ValueError:
        scheme = ""
    # The address itself may carry a password, so it is not quoted.
    if scheme not in _SCHEMES:
        known = ", ".join(f"{each}://" for each in _SCHEMES)
        raise _unusable(name, f"a proxy's address that begins with {known}", "another")
    if scheme.startswith("socks") and find_spec("socksio") is None:
        raise RefoldError(
            f"{name}: expected the package socksio, which a SOCKS proxy needs, got none; "
            "pip install socksio, or unset the variable"
        )


def _check_certificates(name: str, path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise _unusable(name, "a file of certificates in PEM", f"none in {path!r}") from None
    except OSError as error:
        reason = f"{error.strerror} at {path!r}"
        raise _unusable(name, "a file of certificates", reason) from None


def _unusable(name: str, expected: str, got: str) -> RefoldError:
    return RefoldError(f"{name}: expected {expected}, got {got}; change or unset the variable")
