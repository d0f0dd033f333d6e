"""
``openenv:http://HOST:PORT``: any OpenEnv server, played over its WebSocket ``/ws``.

Over plain HTTP, servers of OpenEnv make a new environment for each request, so a server without
``/ws`` cannot be played, and says so. What follows ``?`` in an address is what a reset asks for,
such as ``?task=workflow/hard``.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from refold.engine.errors import NoWorld
from refold.engine.world import Answers, World
from refold.environments.kind import Environment, no_world
from refold.environments.openenv.http import NoAnswer
from refold.environments.openenv.protocol import Reply, answer, begun, to_steps
from refold.environments.openenv.servers import (
    TASK_NAMES,
    Server,
    ask_offer,
    describe_server,
    read_address,
    reset_arguments,
    split_arguments,
)
from refold.environments.openenv.sockets import Lost, Session
from refold.scenarios import Scenario
from refold.scenarios.answered.events import EnvironmentBegan, Offer
from refold.scenarios.answered.parameters import AnsweredParameters


class OpenEnvEnvironment(Environment):
    """Environments of OpenEnv servers."""

    def names(self, address: str) -> Sequence[str]:
        """Return *address*, or one for each task of the server if it names none of them."""
        base, arguments = read_address(address)
        if any(name in arguments for name in TASK_NAMES):
            return [address]
        tasks = describe_server(base).tasks
        first = "&" if "?" in address else "?"
        return [f"{address}{first}{urlencode({'task': task})}" for task in tasks] or [address]

    def describe(self, address: str) -> Scenario:
        """Return the scenario of the server at *address*, which is asked for its metadata."""
        base, arguments = read_address(address)
        task, options, seed = split_arguments(arguments)
        server = describe_server(base)
        scenario = server.scenario(task, options, seed)
        ask_offer(
            base, server, scenario.parameters
        )  # so that a task that it does not know is told at once
        return scenario

    def open(self, parameters: AnsweredParameters, addresses: Sequence[str]) -> World:
        """Return one of the first of *addresses* whose server is the one of *parameters*."""
        if not addresses:
            raise no_world("openenv", "http://HOST:PORT")
        silent: NoAnswer | None = None
        others: list[str] = []
        for base in dict.fromkeys(read_address(address)[0] for address in addresses):
            try:
                server = describe_server(base, tasks=False)
                if server.name == parameters.name:
                    offer = ask_offer(base, server, parameters)
                    return SocketWorld(base, parameters, server, offer)
                others.append(f"{server.name!r} at {base}")
            except NoAnswer as error:
                silent = error
        if silent is None:
            raise NoWorld(
                f"openenv: expected a server of {parameters.name!r}, got {', '.join(others)}; "
                "name the address of another"
            )
        # Not an error of the user's: servers die, and the other episodes of a run continue.
        return SilentWorld(silent.reason)


class SilentWorld:
    """The environment of a server that does not answer, for *reason*."""

    waits = False
    repeated = 0

    def __init__(self, reason: str) -> None:
        self.volatile: Sequence[str] = ()
        self._fault = f"expected an OpenEnv server, got {reason}"

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """Return the failure."""
        return (EnvironmentBegan(fault=self._fault),)

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """Return the failure."""
        return (answer([Reply("failure", self._fault)]),)

    def close(self) -> None:
        """Do nothing."""


class SocketWorld:
    """
    A session of an OpenEnv server.

    Args:
        base: URL of the server.
        parameters: The scenario's.
        server: What it says of itself.
        offer: The actions that it takes.
    """

    waits = True
    repeated = 0

    def __init__(
        self, base: str, parameters: AnsweredParameters, server: Server, offer: Offer
    ) -> None:
        self.volatile: Sequence[str] = parameters.volatile
        self._base = base
        self._parameters = parameters
        self._server = server
        self._offer = offer
        self._session: Session | None = None

    def begin(self, seed: int, recorded: Answers = ()) -> Answers:
        """Connect, and reset with *seed* and what the scenario asks for."""
        try:
            self._session = Session(self._base)
        except Lost as error:
            return (EnvironmentBegan(fault=str(error)),)
        reply = self._session.ask("reset", reset_arguments(self._parameters, seed))
        return (begun(reply, self._server, self._offer),)

    def act(self, action: Any, recorded: Answers = ()) -> Answers:
        """Take a step, or one for each call of a tool until the environment is over."""
        assert self._session is not None
        replies: list[Reply] = []
        for step in to_steps(action, self._offer):
            replies.append(self._session.ask("step", step))
            if replies[-1].ends:
                break
        return (answer(replies),)

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
        self._session = None


OPENENV = OpenEnvEnvironment()
