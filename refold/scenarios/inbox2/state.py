"""The state of an inbox, rules version 2."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from refold.scenarios.drawn import Setup
from refold.scenarios.inbox2.actions import ActionKind
from refold.scenarios.inbox2.parameters import DRAWING
from refold.scenarios.inbox2.plan import Plan, compile_plan
from refold.scenarios.inbox2.score import Tally
from refold.scenarios.inbox2.world import Mail, Thread, World

_NOTHING = World(
    threads=(),
    customers=(),
    orders=(),
    returns=(),
    access=(),
    partners=(),
    max_steps=1,
    witness=(),
)

Asked = tuple[str, str]
"""Where something was looked up, and by which key."""


class Closed(Struct, frozen=True, gc=False):
    """How a thread was closed, at which 0-based step, and whether that was right."""

    action: ActionKind
    step: int
    right: bool


class State(Struct, frozen=True, gc=False):
    """
    An inbox at one moment.

    Attributes:
        setup: What the scenario says.
        plan: The world, compiled; empty before it is drawn.
        seed: What the world was drawn with.
        t: Index of the next step, which is the number of steps taken.
        asked: What was looked up, with the id found or None.
        closed: Threads that are closed, in order.
        refusal: Why the last action was refused, or None.
        tally: All that the score counts.
        total: Sum of the rewards.
        ended: Why the episode ended, or None.
    """

    setup: Setup
    plan: Plan
    seed: int
    t: int = 0
    asked: Mapping[Asked, str | None] = {}
    closed: Mapping[str, Closed] = {}
    refusal: str | None = None
    tally: Tally = Tally()
    total: float = 0.0
    ended: str | None = None

    def has_arrived(self, thread: Thread) -> bool:
        """Return whether anything of *thread* can be seen."""
        return thread.mails[0].at <= self.t

    def mails_of(self, thread: Thread) -> list[Mail]:
        """Return the mails of *thread* that can be seen."""
        return [mail for mail in thread.mails if mail.at <= self.t]

    @property
    def visible(self) -> list[Thread]:
        """Threads of which anything can be seen, closed ones too, in order."""
        return [thread for thread in self.plan.world.threads if self.has_arrived(thread)]

    @property
    def open(self) -> list[Thread]:
        """Threads that can be seen and closed, in order."""
        return [thread for thread in self.visible if thread.id not in self.closed]

    def is_informed(self, thread: Thread) -> bool:
        """Return whether the records that *thread* needs have been looked up."""
        found = {(record, id) for (record, _), id in self.asked.items()}
        return all((need.record, need.key) in found for need in thread.needs)


def initial(body: bytes, seed: int) -> State:
    """
    Return the state of the scenario *body* before its world is drawn.

    Raises:
        ScenarioError: *body* is no inbox scenario of the rules version 2, or an impossible one.
    """
    return State(_setup(body), compile_plan(_NOTHING), seed)


@lru_cache(maxsize=64)
def _setup(body: bytes) -> Setup:
    return DRAWING.read(body)
