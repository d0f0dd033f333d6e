"""
An HTTP client that reads no more of a body than a chat completion can need.

A few kilobytes of gzip can hold gigabytes: the limit counts what comes out of it, while it comes.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a response's body, decompressed."""

_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")


class BodyTooLarge(Exception):
    """A response's body is larger than ``LARGEST_BODY``."""


def bounded_http_client() -> "DefaultAsyncHttpxClient":
    """
    Return an HTTP client for the API's client library, which raises ``BodyTooLarge``.

    It follows the environment's proxies and certificates, like the library's own.
    """
    from openai import DefaultAsyncHttpxClient  # noqa: PLC0415 - heavy, only where a model is asked

    class BoundedClient(DefaultAsyncHttpxClient):
        async def send(self, request: Any, *, stream: bool = False, **more: Any) -> Any:  # noqa: ARG002 - read here, and at once
            response = await super().send(request, stream=True, **more)
            body = bytearray()
            try:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise BodyTooLarge(f"it sent more than {LARGEST_BODY >> 20} MB")
            finally:
                await response.aclose()
            headers = response.headers.multi_items()
            return type(response)(
                response.status_code,
                headers=[each for each in headers if each[0].lower() not in _OF_THE_WIRE],
                content=bytes(body),
                request=request,
            )

    return BoundedClient()
