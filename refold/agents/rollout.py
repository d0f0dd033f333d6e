"""From an agent's name to a played episode."""

from collections.abc import Callable, Sequence
from functools import partial
from inspect import getdoc
from typing import Any

from attrs import frozen

from refold.agents.policies import noop, uniform
from refold.agents.scripts import read_script, script_policy
from refold.engine import Episode, Family, RefoldError, StepResult, Stream, fold
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import UnknownName
from refold.engine.folding import step_ranges
from refold.engine.presentation import LegalActions, Policy, Seer
from refold.engine.registry import ENVIRONMENTS, all_families, plugin, plugins
from refold.scenarios.answered.parameters import AnsweredParameters, problems
from refold.scenarios.spec import read_parameters

_AGENTS = "refold.agents"
_GENERAL = {
    "random": "any legal action, by dice of seed and epoch",
    "noop": "does nothing, where that is possible",
}
_PREFIXED = {
    "FILE.py:FUNCTION": "a function of a Python file",
    "script:FILE": "the actions of a JSON Lines or TOML file",
    "openai:MODEL": "a model behind an OpenAI-compatible API",
    "any-llm:PROVIDER:MODEL": "a model of any other provider, with the extra models",
}

MakeAgent = Callable[[Family, int], Policy]
"""What an entry point of the group ``refold.agents`` names: from a family and the episode's seed
to a fresh policy for one episode."""


@frozen
class SeerPolicy:
    """
    The policy of an agent that is shown the state, with all that is hidden from others.

    ``next_action`` shows it the state. Called as others are, it can say nothing.
    """

    see: Seer

    def __call__(self, _observation: Any, _legal: LegalActions) -> Any:
        """Raise ``RefoldError``: an observation does not say enough."""
        raise RefoldError(
            f"agent {self.see.__name__!r}: expected to be shown the state, got an observation; "
            "ask next_action for its action"
        )


def next_action(policy: Policy, episode: Episode) -> Any:
    """Return what *policy* does next in *episode*; None if it stops playing."""
    if isinstance(policy, SeerPolicy):
        return policy.see(episode.state)
    return policy(episode.observation, lambda: episode.legal_actions)


def builtin_agents() -> dict[str, dict[str | None, str]]:
    """Return the built-in agents by name: a few words on each by the families that it plays.

    The family None stands for all.
    """
    own: dict[str, dict[str | None, str]] = {}
    for family in all_families():
        for name, about in _own_agents(family).items():
            own.setdefault(name, {})[family.title] = about
    return {**own, **{name: {None: about} for name, about in _GENERAL.items()}}


def _own_agents(family: Family) -> dict[str, str]:
    """Return the agents that *family* brings, with a few words on each."""
    agents = {**family.policies, **family.players, **family.seers}
    return {name: _first_line(agent) for name, agent in agents.items()}


def known_agents() -> dict[str, str]:
    """Return all that ``--agent`` takes, with a few words on each."""
    builtin = {
        name: "; ".join(f"{family}: {about}" if family else about for family, about in each.items())
        for name, each in builtin_agents().items()
    }
    installed = {
        name: f"of {point.value.partition(':')[0]}" for name, point in plugins(_AGENTS).items()
    }
    return {**builtin, **installed, **_PREFIXED}


def _first_line(agent: Any) -> str:
    line = (getdoc(agent) or "").partition("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


def plays(agent: str, family: Family) -> bool:
    """Return whether the built-in *agent* plays *family*."""
    return (
        agent == "random"
        or (agent == "noop" and family.wait is not None)
        or (agent in _own_agents(family))
    )


def make_policy(
    agent: str,
    family: Family,
    *,
    seed: int,
    epoch: int = 0,
    scenario: bytes = b"",
    taken: Sequence[Any] = (),
) -> Policy:
    """
    Return a fresh policy for one episode.

    Args:
        agent: A name of ``known_agents`` other than a model's, with a file in place of FILE.
        family: What it is to play.
        seed: The episode's seed.
        epoch: Number of the episode within its run.
        scenario: The scenario's canonical JSON, for agents that play one kind of environment.
        taken: The actions that others took before it, for the same agents.

    Raises:
        UnknownName: There is no such agent.
        RefoldError: The agent does not play this family, or its file is no script for it.
    """
    if agent.startswith("script:"):
        return script_policy(read_script(agent.removeprefix("script:"), family))
    own = _world_policy(agent, scenario, seed, taken) if family.answered and scenario else None
    if own is not None:
        return own
    if agent == "noop":
        return noop(family)
    if agent == "random":
        return uniform(seed, epoch)
    if agent in family.policies:
        return family.policies[agent]
    if agent in family.players:
        return family.players[agent](seed)
    if agent in family.seers:
        return SeerPolicy(family.seers[agent])
    return _installed(agent, family, seed)


def _world_policy(agent: str, scenario: bytes, seed: int, taken: Sequence[Any]) -> Policy | None:
    """Return the policy that the kind of world of *scenario* brings, None if it has no *agent*."""
    _, parameters = read_parameters(scenario, AnsweredParameters, problems)
    environment = plugin(ENVIRONMENTS, parameters.environment, "environment")
    if agent not in environment.agents:
        return None
    policy: Policy = environment.policy(agent, parameters, seed, taken)
    return policy


def is_costly(agent: str) -> bool:
    """Return whether *agent* names a model, a file or another package's agent, not a built-in."""
    return ":" in agent or agent in plugins(_AGENTS)


def _installed(agent: str, family: Family, seed: int) -> Policy:
    """Return the policy of another package; tell whose policy *agent* is if it is another's."""
    if agent in plugins(_AGENTS):
        make: MakeAgent = plugin(_AGENTS, agent, "agent")
        return make(family, seed)
    played = builtin_agents().get(agent, {None: ""})
    if None in played:
        raise UnknownName("agent", agent, known_agents())
    plays = " or ".join(repr(each) for each in played)
    raise RefoldError(
        f"agent {agent!r}: expected a scenario of family {plays}, got {family.title!r}; "
        "use another agent, or 'random', which plays all"
    )


def epoch_seed(seed: int, epoch: int) -> int:
    """
    Return the seed of *epoch* in a run whose first epoch has *seed*: the same for every agent.

    Raises:
        RefoldError: It would be above 2**63 - 1.
    """
    if seed + epoch > LARGEST_SEED:
        raise RefoldError(f"seed {seed}: expected room for epoch {epoch} below 2**63, got none")
    return seed + epoch


def replay_policy(policy: Policy, stream: Stream, *, since: int = 0) -> None:
    """
    Ask *policy* for every action that *stream* holds from position *since* on.

    What a policy keeps of its own (dice, the rest of a script) then stands where the stream
    ends. Before *since*, where a fork began, another one chose.
    """
    if isinstance(policy, SeerPolicy):  # keeps nothing
        return
    family = stream.family
    ranges = step_ranges(stream)
    state = fold(stream[: ranges[since].stop], family=family)
    for seqs in ranges[since + 1 :]:
        policy(family.observe(state), partial(family.legal_actions, state))
        state = fold(stream[seqs.start : seqs.stop], family=family, start=state)


def play(
    episode: Episode, policy: Policy, *, watch: Callable[[StepResult], None] | None = None
) -> None:
    """
    Play *episode* with *policy* until it ends, or until the policy has no further action.

    Args:
        episode: Where to play.
        policy: Who chooses.
        watch: Called after each step.
    """
    while not episode.over:
        action = next_action(policy, episode)
        if action is None:
            return
        result = episode.step(action)
        if watch:
            watch(result)
