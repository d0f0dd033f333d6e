"""
Agents that are functions in files: run only where the user names the file.

A log names such an agent by the file's name alone, and logs come from strangers; so no log leads
to a file, and who continues with an episode names the file again.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from refold.engine import RefoldError

if TYPE_CHECKING:
    from refold.agents.functions import Program


def is_program(agent: str) -> bool:
    """Return whether *agent* names a function in a file, as ``FILE.py:FUNCTION``."""
    file, _, function = agent.rpartition(":")
    return file.endswith(".py") and function.isidentifier() and ":" not in Path(file).name


def program_name(agent: str) -> str:
    """Return *agent*, ``FILE.py:FUNCTION``, as logs name it: without the file's folder."""
    file, _, function = agent.rpartition(":")
    return f"{Path(file).name}:{function}"


def load_programs(agents: Sequence[str]) -> Mapping[str, "Program"]:
    """
    Return the functions that the user has named among *agents*, by their names in logs.

    Raises:
        RefoldError: A file cannot be read or run, or has no such function.
    """
    return {program_name(agent): _load(agent) for agent in agents if is_program(agent)}


def _load(agent: str) -> "Program":
    # Slow to import, for those who only ask what an agent is.
    from refold.agents.functions import Program  # noqa: PLC0415
    from refold.environments.python.files import load_function  # noqa: PLC0415

    file, _, function = agent.rpartition(":")
    try:
        digest = sha256(Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise RefoldError(f"agent {agent}: expected a Python file, got {error.strerror}") from None
    return Program(program_name(agent), load_function(file, function), digest)


def not_named(agent: str) -> RefoldError:
    """Return the error of an *agent* whose file the user has not named."""
    file = agent.rpartition(":")[0]
    return RefoldError(
        f"agent {agent!r}: expected its file to be named here, since a log runs none by itself, "
        f"got none; add --agent with the path of {file}"
    )
