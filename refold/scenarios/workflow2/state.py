"""The state of a workflow, rules version 2."""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from refold.scenarios.drawn import Setup
from refold.scenarios.workflow2.parameters import DRAWING
from refold.scenarios.workflow2.plan import Plan, compile_plan
from refold.scenarios.workflow2.score import Tally
from refold.scenarios.workflow2.world import World

_NOTHING = World(
    tasks=(),
    workers=(),
    capacity=1,
    horizon=1,
    budget=1.0,
    per_tick=1,
    lead=0,
    odd=0.0,
    outages=(),
    departures=(),
    slowdowns=(),
    witness=(),
)


class Job(Struct, frozen=True, gc=False):
    """Work of *worker* since the tick *start*, done after *ticks* if all goes well."""

    worker: str
    start: int
    ticks: int
    sound: bool


class Known(Struct, frozen=True, gc=False):
    """
    What errors have told in public.

    Attributes:
        barred: Workers and systems that refused them.
        back: When systems that were down are up again.
        missing: By task, one that has to be done before.
    """

    barred: frozenset[tuple[str, str]] = frozenset()
    back: Mapping[str, int] = {}
    missing: Mapping[str, str] = {}


class State(Struct, frozen=True, gc=False):
    """
    A workflow at one moment.

    Attributes:
        setup: What the scenario says.
        plan: The world, compiled; empty before it is drawn.
        seed: Seed of the words of errors.
        tick: What time it is.
        steps: Steps taken.
        actions: Steps since the last tick.
        met: Tasks of which all that they visibly need is done.
        jobs: Work in progress, by task.
        done: When tasks were finished, by task.
        errors: The last error's text, by task.
        known: What errors have told.
        paces: Paces of workers that have slowed down.
        gone: Workers that have left.
        notices: What was announced, in order.
        refusal: Why the last action was refused, or None.
        tally: All that the score counts.
        total: Sum of the rewards.
        ended: Why the episode ended, or None.
    """

    setup: Setup
    plan: Plan
    seed: int
    tick: int = 0
    steps: int = 0
    actions: int = 0
    met: frozenset[str] = frozenset()
    jobs: Mapping[str, Job] = {}
    done: Mapping[str, int] = {}
    errors: Mapping[str, str] = {}
    known: Known = Known()
    paces: Mapping[str, int] = {}
    gone: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()
    refusal: str | None = None
    tally: Tally = Tally()
    total: float = 0.0
    ended: str | None = None

    def pace(self, worker: str) -> int:
        """Return the pace of what *worker* begins now."""
        return self.paces.get(worker, self.plan.workers[worker].pace)

    def is_ready(self, task: str) -> bool:
        """Return whether all that *task* visibly needs is done, and it neither runs nor is done."""
        return task in self.met and task not in self.done and task not in self.jobs

    @property
    def tasks_by_worker(self) -> dict[str, str]:
        """What each working worker works on."""
        return {job.worker: task for task, job in self.jobs.items()}

    @property
    def idle(self) -> list[str]:
        """Workers that are here and do nothing, in order."""
        working = self.tasks_by_worker
        return [name for name in self.plan.workers if name not in working and name not in self.gone]


def initial(body: bytes, seed: int) -> State:
    """
    Return the state of the scenario *body* before its world is drawn.

    Raises:
        ScenarioError: *body* is no workflow scenario of the rules version 2, or an impossible one.
    """
    return replace(_beginning(body), seed=seed)


@lru_cache(maxsize=64)
def _beginning(body: bytes) -> State:
    return State(DRAWING.read(body), compile_plan(_NOTHING), seed=0)
