"""
Whether a generated scenario is worth playing: its best is reached, and doing nothing earns nothing.

The two agents that show it play in memory.
"""

from attrs import frozen

from refold.agents import make_policy, play
from refold.engine import ActionTaken, Episode, Stream
from refold.engine.registry import find_family
from refold.generating.recipe import Recipe
from refold.graders import grade
from refold.scenarios import Scenario, load

LEAST_WITNESS = 0.9


@frozen
class Generated:
    """
    A generated scenario, and what was found when it was checked.

    Attributes:
        scenario: The scenario.
        source: Its file, TOML.
        witness: What the plan scores around which its world was drawn, 4 decimal places.
        idle: What doing nothing scores, likewise.
        steps: How many actions the plan takes.
        problems: What is wrong with it, in words; empty if it is clean.
    """

    scenario: Scenario
    source: str
    witness: float
    idle: float
    steps: int
    problems: tuple[str, ...]


def check(recipe: Recipe, seed: int) -> Generated:
    """
    Return the scenario of *recipe* with *seed*, played by its witness and by who does nothing.

    Raises:
        UnknownName, ScenarioError: As ``Recipe.scenario``.
    """
    scenario = recipe.scenario(seed)
    oracle = find_family(scenario.family, scenario.rules).oracle
    assert oracle is not None, "a family whose scenarios are drawn around a plan has an oracle"
    best = _play(scenario, oracle)
    witness, idle = grade(best).score, grade(_play(scenario, "noop")).score
    problems = []
    if witness < LEAST_WITNESS:
        problems.append(f"expected {LEAST_WITNESS} or more for the witness, got {witness:.4f}")
    if idle != 0:
        problems.append(f"expected 0 for doing nothing, got {idle:.4f}")
    if scenario.rubric != load(recipe.shipped).rubric:
        problems.append(f"expected the rubric of {recipe.shipped}, got another")
    return Generated(
        scenario=scenario,
        source=recipe.source(seed),
        witness=witness,
        idle=idle,
        steps=sum(isinstance(event, ActionTaken) for event in best),
        problems=tuple(problems),
    )


def _play(scenario: Scenario, agent: str) -> Stream:
    episode = Episode.start(scenario)
    play(episode, make_policy(agent, episode.family, seed=scenario.seed))
    return episode.events
