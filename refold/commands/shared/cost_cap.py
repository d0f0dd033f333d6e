"""
A cap on what a run costs: once that is spent, no request is begun any more.

Requests that are under way end and are recorded, so a run may cost more by as many requests as it
makes at once. Counted are the agents' own requests, by the tokens that the API reports.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from refold.agents.client import ModelBackend, ModelResponse
from refold.commands.shared.agent_names import is_model
from refold.commands.shared.configured import Configured
from refold.commands.shared.formatting import format_dollars
from refold.commands.shared.input_types import Number
from refold.commands.shared.model_options import ModelChoices
from refold.commands.shared.output import print_to_stderr
from refold.engine import RefoldError
from refold.environments.python.programs import is_program
from refold.reports import Prices
from refold.reports.usage import Usage

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


class CapReached(RefoldError):
    """Another request would be made, but what may be spent is spent."""


def max_cost_option(command: CommandT) -> CommandT:
    """Add ``--max-cost``, what a run may cost; taken as *max_cost*, None for no cap."""
    return click.option(
        "--max-cost",
        type=Number(0, min_open=True),
        default=Configured(lambda settings: settings.max_cost),
        metavar="USD",
        help="Stop before the next request once the run has cost this many US dollars.",
    )(command)


class CostCap:
    """
    Holds requests back once *limit* US dollars are spent.

    Args:
        limit: What may be spent.
        prices: What tokens cost.
        paid: What was spent before; counted on in place.
        agents: Those that will play.

    Raises:
        RefoldError: The price of one of their models, or of what was paid before, is not known.
    """

    def __init__(self, limit: float, prices: Prices, paid: Usage, agents: Iterable[str]) -> None:
        self._limit = limit
        self._prices = prices
        self._paid = paid
        asked = [(agent.partition(":")[2],) for agent in agents if is_model(agent)]
        for names in (*asked, *paid.uncharged):
            if prices.of(*names) is None:
                raise _no_price(limit, names[0])

    @property
    def is_reached(self) -> bool:
        """Whether no more requests are to be made."""
        return self._is_blind or self._spent >= self._limit

    @property
    def advice(self) -> str:
        """The options of the command that continues."""
        return "" if self._is_blind else f" --max-cost {2 * self._limit:g}"

    @property
    def _spent(self) -> float:
        return self._paid.cost(self._prices) or 0.0

    @property
    def _is_blind(self) -> bool:
        # A single reply may lack its counts, such as one of which an API tells in an error.
        return self._paid.unmetered == self._paid.tokens.replies > 0

    def error(self) -> CapReached:
        """Return the error of a request that is held back."""
        if self._is_blind:
            return CapReached("--max-cost cannot hold, since the API does not count its tokens")
        return CapReached(f"{format_dollars(self._spent)} of --max-cost {self._limit:g} spent")

    def check(self, agent: str) -> None:
        """Raise ``CapReached`` if *agent* would make a request that is held back."""
        if self.is_reached and is_model(agent):
            raise self.error()

    def guard(self, backend: ModelBackend) -> ModelBackend:
        """Return *backend*, asked only while this is not reached."""
        return _Guarded(self, backend)

    def count(self, response: ModelResponse, model: str) -> None:
        """Count what the *response* of *model* cost."""
        if response.reply is not None:
            self._paid.add_reply(response.reply, model)


def make_cap(
    limit: float | None,
    prices: Prices,
    agents: Iterable[str],
    choices: ModelChoices,
    paid: Usage | None = None,
) -> CostCap | None:
    """
    Return the cap of a command on its *agents*; None if *limit* is, or if none asks an API.

    Raises:
        RefoldError: As for ``CostCap``.
    """
    agents = list(dict.fromkeys(agents))
    if limit is None or choices.offline:
        return None
    for agent in filter(is_program, agents):
        print_to_stderr(f"--max-cost: does not count {agent}, which makes its own requests")
    if not any(map(is_model, agents)):
        return None
    return CostCap(limit, prices, Usage() if paid is None else paid, agents)


class _Guarded:
    """A ``ModelBackend`` that counts what it costs, and stops."""

    def __init__(self, cap: CostCap, backend: ModelBackend) -> None:
        self._cap = cap
        self._backend = backend

    async def complete(self, body: dict[str, Any], *, rollout: str = "") -> ModelResponse:
        """Return the response to *body*; raise ``CapReached`` in place of asking."""
        if self._cap.is_reached:
            raise self._cap.error()
        response = await self._backend.complete(body, rollout=rollout)
        self._cap.count(response, str(body["model"]))
        return response


def _no_price(limit: float, model: str) -> RefoldError:
    return RefoldError(
        f"--max-cost {limit:g}: expected a price for {model!r}, got none; give --price IN,OUT, or "
        f"input and output in a table [prices.{model!r}] of refold.toml"
    )
