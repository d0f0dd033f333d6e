"""Which episodes of others are continued: none by an agent that only they named, unless told so."""

from collections.abc import Sequence

from attrs import evolve

from refold.agents.origins import find_origin, strip_origin
from refold.agents.rollout import is_costly, known_agents
from refold.commands.shared.formatting import pluralise
from refold.commands.shared.output import print_to_stderr
from refold.engine import EpisodeInfo, RefoldError

_WAYS = {"network": "over the network", "import": "with an import"}


def choose_trusted(infos: Sequence[EpisodeInfo], *, trust: bool) -> list[EpisodeInfo]:
    """
    Return those of *infos* that may be continued, and say on stderr how many are left out.

    Args:
        infos: Episodes that have not ended.
        trust: Take them all, each under the agent that its sender named.

    Raises:
        RefoldError: None is left.
    """
    if trust:
        return [evolve(info, agent=strip_origin(info.agent)) for info in infos]
    own = [info for info in infos if find_origin(info.agent) is None]
    others = [info for info in infos if find_origin(info.agent) is not None]
    if others:
        problem = _describe(others)
        if not own:
            raise RefoldError(problem)
        print_to_stderr(f"left out: {problem}")
    return _leave_out_unplayable(own)


def _leave_out_unplayable(infos: list[EpisodeInfo]) -> list[EpisodeInfo]:
    """Leave out the episodes of clients and people, unless there are no others."""
    # Anybody may begin an episode under a run's name; that must not keep the run from going on.
    played_here = known_agents()
    found = [info for info in infos if info.agent in played_here or is_costly(info.agent)]
    if not found or len(found) == len(infos):
        return infos
    print_to_stderr(
        f"left out: {pluralise(len(infos) - len(found), 'episode')} of agents that play elsewhere"
    )
    return found


def _describe(infos: Sequence[EpisodeInfo]) -> str:
    first = infos[0]
    way = _WAYS[find_origin(first.agent) or "network"]
    return (
        f"{pluralise(len(infos), 'episode')} as {first.id}: expected an agent that was named here, "
        f"got {strip_origin(first.agent)!r}, which came {way}; `--trust` plays it"
    )
