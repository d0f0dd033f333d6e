"""
Open the client of the library ``openai`` for an endpoint.

By itself the library reads environment variables that decide where a request goes and what it
carries. Here their values are given, so that only those count that ``endpoint`` found. Proxies
(``HTTPS_PROXY``, ``NO_PROXY``, …) and certificates (``SSL_CERT_FILE``) are left to the environment,
as for any other program.
"""

import os
from typing import TYPE_CHECKING, Any

from refold.agents.endpoint import OPENAI_ADDRESS, Endpoint

if TYPE_CHECKING:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient


def open_client(endpoint: Endpoint, http_client: "DefaultAsyncHttpxClient") -> "AsyncOpenAI":
    """Return a client for *endpoint* that neither retries nor stops waiting by itself."""
    from openai import AsyncOpenAI  # noqa: PLC0415 - heavy, only where a model is asked

    client = AsyncOpenAI(
        base_url=endpoint.base_url or OPENAI_ADDRESS,
        api_key=endpoint.api_key,
        timeout=None,
        max_retries=0,
        http_client=http_client,
        default_headers=_own_headers(endpoint),
    )
    # Set afterwards: an argument of None means the environment's OPENAI_ORG_ID.
    client.organization = endpoint.organization
    client.project = endpoint.project
    return client


def _own_headers(endpoint: Endpoint) -> dict[str, Any]:
    """Return headers that override those of OPENAI_CUSTOM_HEADERS, which no argument turns off."""
    own: dict[str, Any] = {"Authorization": f"Bearer {endpoint.api_key}"}
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = [line.partition(":")[0].strip() for line in lines if ":" in line]
    if names:
        from openai import Omit  # noqa: PLC0415 - heavy, as above; new in the releases that do this

        own = {**{name: Omit() for name in names if name.lower() != "authorization"}, **own}
    return own
