"""Headers on their way through: all but those of the connection itself."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

Headers = list[tuple[bytes, bytes]]

_OF_THE_CONNECTION = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}


def request_headers(headers: Iterable[tuple[bytes, bytes]], base: str) -> Headers:
    """
    Return the *headers* of a client's request for the server at *base*.

    Its own name stands in for the proxy's, in ``Host`` and in the ``Origin`` of its own pages, so
    that a server that looks at them lets in what it would let in without a proxy.
    """
    given = list(headers)
    own = next((value for name, value in given if name == b"host"), b"")
    parts = urlsplit(base)
    sent: Headers = [(b"host", parts.netloc.encode())]
    for name, value in given:
        if name in _OF_THE_CONNECTION or name in (b"host", b"content-length"):
            continue
        if name == b"origin" and value == b"http://" + own:
            sent.append((name, f"{parts.scheme}://{parts.netloc}".encode()))
        else:
            sent.append((name, value))
    return sent


def response_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return the *headers* of the server's answer for the client."""
    encoded = ((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)
    return [(name, value) for name, value in encoded if name not in _OF_THE_CONNECTION]


def by_name(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return *headers* by lower-case name; of repeated ones, the last counts."""
    return {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in headers}
