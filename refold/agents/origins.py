"""
Agents as others name them: an agent's name that came over the network or with an import.

Such a name is only a claim, and resuming the episode would act on it: ask the model, and let its
owner pay, or read the script. So the log keeps it behind a mark, as ``network:openai:MODEL``,
which no agent answers to. Other names stay as they are, since playing on costs nothing.
"""

from typing import Literal

from refold.agents.rollout import is_costly

NETWORK: Literal["network"] = "network"
IMPORT: Literal["import"] = "import"
_ORIGINS = (NETWORK, IMPORT)

Origin = Literal["network", "import"]


def mark_origin(agent: str, origin: Origin) -> str:
    """Return *agent*, marked as named by *origin* if it could cost something or read a file."""
    if find_origin(agent) is not None or not is_costly(agent):
        return agent
    return f"{origin}:{agent}"


def find_origin(agent: str) -> Origin | None:
    """Return where the name *agent* came from; None if it is no claim of others."""
    head, colon, _ = agent.partition(":")
    return next((each for each in _ORIGINS if colon and head == each), None)


def strip_origin(agent: str, *origins: Origin) -> str:
    """Return *agent* without its marks, of *origins* only if given: what a trusted one plays by."""
    while find_origin(agent) in (origins or _ORIGINS):
        agent = agent.partition(":")[2]
    return agent
