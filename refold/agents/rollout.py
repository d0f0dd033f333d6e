"""From an agent's name to a played episode."""

from collections.abc import Callable
from functools import partial

from refold.agents.policies import Policy, greedy, noop, uniform
from refold.agents.scripts import read_script, script
from refold.engine import Episode, Family, RefoldError, StepResult, Stream, fold
from refold.engine.episode import LARGEST_SEED
from refold.engine.errors import UnknownName
from refold.engine.folding import step_ranges
from refold.scenarios.inbox.policies import baseline

AGENTS = {
    "noop": "does nothing, where that is possible",
    "random": "any legal action, by dice of seed and epoch",
    "greedy": "workflow: first useful action, no foresight",
    "baseline": "inbox: routes by category, replies with one keyword",
    "script:FILE": "the actions of a JSON Lines or TOML file",
    "openai:MODEL": "a model behind an OpenAI-compatible API",
}
"""What ``--agent`` takes, with a few words on each."""

_OF_FAMILY: dict[str, tuple[str, Policy]] = {
    "greedy": ("workflow", greedy),
    "baseline": ("inbox", baseline),
}


def make_policy(agent: str, family: Family, *, seed: int, epoch: int = 0) -> Policy:
    """
    Return a fresh policy for one episode.

    Args:
        agent: A key of ``AGENTS``, with a file in place of FILE.
        family: What it is to play.
        seed: The episode's seed.
        epoch: Number of the episode within its run.

    Raises:
        UnknownName: There is no such agent.
        RefoldError: The agent does not play this family, or its file is no script for it.
    """
    if agent.startswith("script:"):
        return script(read_script(agent.removeprefix("script:"), family))
    if agent == "noop":
        return noop(family)
    if agent == "random":
        return uniform(seed, epoch)
    if agent not in _OF_FAMILY:
        raise UnknownName("agent", agent, AGENTS)
    plays, policy = _OF_FAMILY[agent]
    if plays != family.name:
        raise RefoldError(
            f"agent {agent!r}: expected a scenario of family {plays!r}, got {family.name!r}; "
            "use another agent, or 'random', which plays all"
        )
    return policy


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
        action = policy(episode.observation, lambda: episode.legal_actions)
        if action is None:
            return
        result = episode.step(action)
        if watch:
            watch(result)
