"""
The best episode of a scenario, with a proof, or the best found with a bound.

Sweeps of growing width go through the rules' own states. The last one keeps every state that is
not dominated and whose bound exceeds the best episode found; if it comes to its end, that episode
is the optimum. Where a family knows a plan that reaches the bound of the start, its oracle, nothing
is left to search. What is found is played by the rules and graded before it is reported.
"""

from typing import Any

from attrs import evolve, frozen

from refold.agents import make_policy, play
from refold.engine import ActionTaken, Episode, RefoldError, StepRewarded
from refold.engine.folding import fold
from refold.engine.log.protocol import Log
from refold.engine.registry import find_family
from refold.graders import grade
from refold.scenarios import Scenario
from refold.scenarios.search import Objective
from refold.solving.frontier import make_trail
from refold.solving.general import GeneralSearch
from refold.solving.limits import Limits
from refold.solving.sweep import Allowed, Found, Sweep, Task, Watch

WIDTHS = (32, 1024, None)
_NOISE = 1e-9


@frozen
class Solution:
    """
    The best episode that was found.

    Attributes:
        scenario: The scenario.
        seed: Its random seed.
        objective: What was maximised.
        actions: The episode's actions.
        score: Its score, 4 decimal places.
        total: Sum of its rewards.
        bound: What no episode's score, or total, can exceed; infinite where nothing is known.
        proved: Whether that is what this episode reaches.
        general: Whether the family has no search of its own for this.
        states: How many states were looked into.
        stopped: The limit that ended the search, or None.
    """

    scenario: Scenario
    seed: int
    objective: Objective
    actions: tuple[Any, ...]
    score: float
    total: float
    bound: float
    proved: bool
    general: bool
    states: int
    stopped: str | None

    @property
    def value(self) -> float:
        """What was maximised: the score or the total."""
        return self.score if self.objective == "score" else self.total

    @property
    def agent(self) -> str:
        """The agent that the episode is recorded as."""
        name = "optimal" if self.proved else "best-found"
        return name if self.objective == "score" else f"{name}-return"

    @property
    def gap(self) -> float:
        """How much better another episode might be, at least 0; 0 if proved."""
        return 0.0 if self.proved else self.bound - self.value


def solve(
    scenario: Scenario,
    *,
    objective: Objective = "score",
    seed: int | None = None,
    limits: Limits,
    watch: Watch = lambda step, width, best, bound: None,
    allowed: Allowed | None = None,
) -> Solution:
    """
    Return the best episode of *scenario* for *objective* that is found within *limits*.

    Equal calls return equal solutions, unless a limit stops them.

    Args:
        scenario: A scenario that rules of refold decide.
        objective: What to maximise.
        seed: The random seed; the scenario's own if None.
        limits: When to stop.
        watch: Called for each step of each sweep.
        allowed: Which moves an episode may make, all if None; the bound holds for such episodes.

    Raises:
        RefoldError: An external environment decides it, or no episode ended within the limits.
    """
    seed = scenario.seed if seed is None else seed
    task = _task(scenario, seed, objective, allowed)
    # An oracle takes the moves that it takes, allowed or not.
    found = _played_by_oracle(task, scenario, seed, objective) if allowed is None else Found()
    for width in WIDTHS:
        if found.proved or found.stopped:
            break
        found = Sweep(task, width, limits, watch).run(found)
    if found.trail is None:
        raise RefoldError(
            f"{scenario.name}: expected an episode that ends within the "
            f"{found.stopped or 'moves that are allowed'}, found none; allow more"
        )
    general = isinstance(task.search, GeneralSearch)
    return _checked(scenario, seed, objective, found, general=general)


def _task(scenario: Scenario, seed: int, objective: Objective, allowed: Allowed | None) -> Task:
    family = find_family(scenario.family, scenario.rules)
    if family.answered:
        raise RefoldError(
            f"{scenario.name}: expected a scenario of refold's own families, got an external "
            "environment, whose states cannot be searched"
        )
    stream = Episode.start(scenario, seed=seed).events
    start = fold(stream, family=family)
    search = family.search and family.search(start, scenario.rubric, objective)
    return Task(family, search or GeneralSearch(scenario, family, seed, objective), start, allowed)


def _played_by_oracle(task: Task, scenario: Scenario, seed: int, objective: Objective) -> Found:
    """Return what the family's oracle finds, if it has one: often all that a proof takes."""
    oracle = task.family.oracle
    if oracle is None:
        return Found()
    episode = Episode.start(scenario, seed=seed)
    play(episode, make_policy(oracle, task.family, seed=seed))
    value = grade(episode.events).score if objective == "score" else _total(episode)
    bound = task.search.bound(task.start, task.search.begin(task.start))
    if abs(bound - value) < _NOISE:
        value = bound  # rewards that add up to 1 may miss it by their last bits
    taken = (event.action for event in episode.events if type(event) is ActionTaken)
    return Found(value=value, trail=make_trail(taken), bound=bound)


def _checked(
    scenario: Scenario, seed: int, objective: Objective, found: Found, *, general: bool
) -> Solution:
    """Return the solution that was *found*, as the rules play it and the grader grades it."""
    assert found.trail is not None
    actions = tuple(found.trail.actions())
    episode = play_actions(scenario, seed, actions)
    solution = Solution(
        scenario=scenario,
        seed=seed,
        objective=objective,
        actions=actions,
        score=grade(episode.events).score,
        total=_total(episode),
        bound=found.bound,
        proved=found.proved,
        general=general,
        states=found.states,
        stopped=found.stopped,
    )
    if abs(solution.value - found.value) > _NOISE:
        raise RefoldError(
            f"{scenario.name}: expected the search and the grader to agree, got {found.value} and "
            f"{solution.value}; this is a mistake in the family's search"
        )
    return evolve(solution, bound=max(solution.bound, solution.value))


def _total(episode: Episode) -> float:
    rewarded = episode.events[-1]
    assert isinstance(rewarded, StepRewarded), "a rewarded step ends an episode"
    return rewarded.total


def play_actions(
    scenario: Scenario,
    seed: int,
    actions: tuple[Any, ...],
    *,
    log: Log | None = None,
    agent: str = "",
    run: str = "",
) -> Episode:
    """Return the episode of *scenario* in which *actions* are taken, recorded in *log* if given."""
    episode = Episode.start(scenario, seed=seed, log=log, agent=agent, run=run)
    for action in actions:
        episode.step(action)
    return episode
