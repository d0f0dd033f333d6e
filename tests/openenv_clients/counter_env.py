"""Two small environments on the server of openenv-core: ``uvicorn counter_env:counter``."""

from fastmcp import FastMCP
from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.mcp_environment import MCPEnvironment
from openenv.core.env_server.mcp_types import CallToolAction, CallToolObservation
from openenv.core.env_server.types import Action, Observation, State
from pydantic import Field


class Add(Action):
    """Adds to the count."""

    amount: int = Field(ge=0, le=9)


class Count(Observation):
    """The count, and how it came about."""

    count: int
    history: list[int]


class CounterEnvironment(Environment):
    """Counts up to 30 from a start that the seed gives; 13 breaks it."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        super().__init__()
        self.count, self.limit, self.history = 0, 30, []

    def reset(self, seed=None, limit=30, **_):
        """Begin at the last digit of *seed*."""
        self.count, self.limit, self.history = (seed or 0) % 10, limit, []
        return self._seen(None)

    def step(self, action, **_):
        """Add."""
        self.count += action.amount
        self.history.append(action.amount)
        if self.count == 13:
            raise RuntimeError("thirteen")
        return self._seen(self.count / 7)

    def _seen(self, reward):
        done = self.count >= self.limit
        return Count(count=self.count, history=list(self.history), reward=reward, done=done)

    @property
    def state(self):
        """How many steps there were."""
        return State(step_count=len(self.history))


class ToolEnvironment(MCPEnvironment):
    """The same by a tool."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        tools = FastMCP("tools")
        self.count = 0

        @tools.tool
        def add(amount: int) -> int:
            """Add to the count, and return it."""
            self.count += amount
            return self.count

        super().__init__(tools)

    def reset(self, seed=None, **_):
        """Begin at the last digit of *seed*."""
        self.count = (seed or 0) % 10
        return Observation(done=False, reward=None)

    async def step_async(self, action, **more):
        """Use the tool; the reward is the count."""
        seen = await super().step_async(action, **more)
        seen.reward, seen.done = float(self.count), self.count >= 30
        return seen

    def _step_impl(self, *_, **__):
        return Observation(done=False, reward=None)

    @property
    def state(self):
        """Nothing of note."""
        return State()


counter = create_app(CounterEnvironment, Add, Count, env_name="counter", max_concurrent_envs=64)
tools = create_app(
    ToolEnvironment, CallToolAction, CallToolObservation, env_name="tools", max_concurrent_envs=64
)
