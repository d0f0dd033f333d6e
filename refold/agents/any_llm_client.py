"""
Send requests to providers that speak no OpenAI dialect, through the library any-llm.

Its own exceptions carry status and code, so causes are named as for any other API. The key is that
of ``--api-key``, or what the library itself finds for the provider, such as ANTHROPIC_API_KEY.
"""

from typing import TYPE_CHECKING, Any

from refold.agents.causes import Refusal
from refold.agents.client import Client, Unavailable
from refold.agents.endpoint import NO_KEY, Endpoint
from refold.engine import RefoldError
from refold.engine.exchanges import Reply

if TYPE_CHECKING:
    from any_llm import AnyLLM

_WITH_RETRIES = ("anthropic", "openai")  # whose clients would retry by themselves, unrecorded


class AnyLLMClient(Client):
    """
    Asks providers through any-llm, with the retries and records of ``Client``.

    Args:
        endpoint: Address and key, where they were given; else the library finds them.

    Raises:
        RefoldError: The extra ``models`` is not installed.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        try:
            import any_llm  # noqa: F401, PLC0415 - an extra
        except ImportError:
            raise RefoldError(
                "model: expected the extra 'models' for any-llm agents, got none; "
                "`pip install 'refold[models]'` brings it"
            ) from None
        super().__init__(endpoint)
        self._providers: dict[str, AnyLLM] = {}

    async def ask(self, body: dict[str, Any]) -> Reply:
        """Return the reply to *body*, whose model is ``PROVIDER:MODEL``."""
        from any_llm.exceptions import (  # noqa: PLC0415 - an extra
            AnyLLMError,
            MissingApiKeyError,
            UnsupportedProviderError,
        )

        provider, _, model = body["model"].partition(":")
        try:
            completion = await self._provider(provider).acompletion(**{**body, "model": model})
        except (MissingApiKeyError, UnsupportedProviderError, ImportError) as error:
            raise Unavailable(f"model: {' '.join(str(error).split())}", "auth") from None
        except AnyLLMError as error:
            raise self.failure_of(error, body) from None
        return self.read_reply(completion.model_dump_json(exclude_none=True).encode())

    def failure_of(self, error: Any, body: dict[str, Any]) -> Exception:
        """Return the failure that the library's *error* means."""
        if error.status_code is None:
            return self.connection_failure(error.original_exception or error)
        refusal = Refusal(
            status=error.status_code,
            words=" ".join(str(error.message).split()),
            code=error.code or error.error_type or "",
            parameter=error.param or "",
        )
        return self.refusal_failure(refusal, body, getattr(error, "retry_after", None))

    def _provider(self, name: str) -> "AnyLLM":
        from any_llm import AnyLLM  # noqa: PLC0415 - an extra

        if name not in self._providers:
            key = self.endpoint.api_key
            more = {"max_retries": 0} if name in _WITH_RETRIES else {}
            self._providers[name] = AnyLLM.create(
                name,
                api_key=None if key == NO_KEY else key,
                api_base=self.endpoint.base_url,
                unified_exceptions=True,
                **more,
            )
        return self._providers[name]
