"""
Finding families and other extensions: those that ship, and those of installed packages.

Packages bring them by entry points. The group ``refold.families`` holds families, named
``NAME.RULES`` (such as ``workflow.1``), so that a new family, or new rules beside the old, need
no change here. What ships is known without entry points, so that a clone works uninstalled.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from refold.engine.errors import RefoldError, UnknownName
from refold.engine.family import Family

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FAMILIES = "refold.families"
ENVIRONMENTS = "refold.environments"

_BUILT_IN: Mapping[str, Mapping[str, str]] = {
    ENVIRONMENTS: {
        "gymnasium": "refold.environments.gymnasium.worlds:GYMNASIUM",
        "openenv": "refold.environments.openenv.worlds:OPENENV",
        "python": "refold.environments.python.worlds:PYTHON",
        "tau2": "refold.environments.tau2:TAU2",
    },
    FAMILIES: {
        "answered.1": "refold.scenarios.answered.family:FAMILY",
        "inbox.1": "refold.scenarios.inbox.family:FAMILY",
        "inbox.2": "refold.scenarios.inbox2.family:FAMILY",
        "workflow.1": "refold.scenarios.workflow.family:FAMILY",
        "workflow.2": "refold.scenarios.workflow2.family:FAMILY",
    },
}


def entry_points(group: str) -> Iterable["EntryPoint"]:
    """Return the entry points of *group* of installed packages."""
    from importlib import metadata  # noqa: PLC0415 - slow, and not needed for what ships

    return metadata.entry_points(group=group)


@cache  # a look at all that is installed takes milliseconds
def plugins(group: str) -> Mapping[str, "EntryPoint"]:
    """Return the entry points of *group* by name, sorted by name: built-in and installed ones."""
    from importlib.metadata import EntryPoint  # noqa: PLC0415 - as above

    shipped = _BUILT_IN.get(group, {})
    found = {point.name: point for point in entry_points(group=group)}
    found |= {name: EntryPoint(name, value, group) for name, value in shipped.items()}
    return dict(sorted(found.items()))


def plugin(group: str, key: str, kind: str) -> Any:
    """
    Return what the entry point *key* of *group* names; *kind* is what errors call it.

    Raises:
        UnknownName: No installed package has such an entry point.
        RefoldError: The package that has it cannot be imported.
    """
    try:
        return _load(group, key, kind)
    except (ImportError, AttributeError) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        remedy = f"install {missing}" if missing else "repair or remove it"
        raise RefoldError(
            f"{kind} {key!r}: expected an installed package that can be imported, got {error}; "
            f"{remedy}"
        ) from error


def _load(group: str, key: str, kind: str) -> Any:
    shipped = _BUILT_IN.get(group, {}).get(key)
    if shipped is not None:  # it goes before installed ones, so none need be looked for
        module, _, name = shipped.partition(":")
        return getattr(import_module(module), name)
    known = plugins(group)
    if key not in known:
        raise UnknownName(kind, key, known)
    return known[key].load()


@cache
def _family(key: str) -> Family:
    family: Family = plugin(FAMILIES, key, "family and rules version")
    return family


def find_family(name: str, rules: int) -> Family:
    """
    Return the family *name* with the rules version *rules*.

    Raises:
        UnknownName: No installed package provides it.
    """
    return _family(f"{name}.{rules}")


def all_families() -> Iterator[Family]:
    """Yield every installed family, ordered by name and rules version."""
    return (_family(key) for key in plugins(FAMILIES))
