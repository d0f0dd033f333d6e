"""
What the engine asks of a family of scenarios: a handful of pure functions, held in one value.

Families are found by entry points of the group ``refold.families``, named ``NAME.RULES`` (such
as ``workflow.1``), so that a new family, or new rules beside the old, need no change here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from attrs import frozen
from msgspec import Struct

from refold.engine.errors import RefoldError, UnknownName
from refold.engine.events import Event


class Header(Struct, frozen=True):
    """The part of a scenario's JSON that the engine reads; the rest is the family's."""

    name: str
    family: str
    rules: int


class Definition(Protocol):
    """A scenario as the engine sees it."""

    @property
    def seed(self) -> int:
        """Seed of the scenario's own world, used when none is asked for."""

    @property
    def body(self) -> bytes:
        """Canonical JSON of the whole scenario; begins every stream of it."""


@frozen
class Tool:
    """
    One kind of action, as models are offered it.

    Attributes:
        name: The kind, which is the value of the action type's first field.
        description: What it does, in a sentence.
        fields: The other fields that belong to it; *required* of them must be given.
    """

    name: str
    description: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@frozen
class Prompt:
    """
    What a model is told of a family.

    Attributes:
        version: Raised whenever a text changes; the log keeps it with every episode.
        system: Rules, actions and aim, before the form of the answer.
        render: An observation as text, purely.
        tools: The kinds of action.
    """

    version: int
    system: str
    render: Callable[[Any], str]
    tools: tuple[Tool, ...]


@frozen
class Family:
    """
    The rules of one domain. All functions are pure: equal arguments, equal results.

    Attributes:
        name: What a scenario file names as its ``family``.
        rules: Version of the rules; a stream is decided again by these rules only.
        parameters: attrs class of the scenario parameters, read from TOML and JSON.
        problems: Mistakes in parameters that types cannot show, as (path, text) pairs;
            called only with parameters of the right types.
        action: msgspec type of the actions. Anything that does not fit is no action.
        events: The family's own event classes.
        initial: State before anything has happened, from a scenario's JSON and a seed.
        start: What happens before the first action, often nothing.
        decide: All that an action causes, ``StepRewarded`` last. Refused actions are steps
            too: they begin with ``ActionRefused``. Never called after the end.
        evolve: The state after one more event, the shared ones included. Applies what the
            event says: no dice, no rules.
        observe: What the agent may see.
        legal_actions: Every action that the rules would accept now, in a fixed order; free
            text in them is left empty. Empty after the end.
        say: An action, an own event or a part of an observation in words, one line.
        view: What a watcher may see of a state: JSON data with fixed keys, ids as keys.
        scenarios: Names of the scenarios that ship with the family, easiest first.
        folder: Where they lie, as NAME.toml.
        wait: The action that does nothing, if there is one.
        forfeit: The action that stands in for an agent's that gave none, if there is one.
        prompt: What a model is told; None for a plain prompt made of the action type.
        mock: What the mock model does, from a message's text to an action, None if the text is
            not of this family's prompt; without it, the mock model picks any action.
    """

    name: str
    rules: int
    parameters: type[Any]
    problems: Callable[[Any], list[tuple[str, str]]]
    action: type[Any]
    events: tuple[type[Event], ...]
    initial: Callable[[bytes, int], Any]
    start: Callable[[Any], Sequence[Event]]
    decide: Callable[[Any, Any], Sequence[Event]]
    evolve: Callable[[Any, Event], Any]
    observe: Callable[[Any], Any]
    legal_actions: Callable[[Any], Sequence[Any]]
    say: Callable[[Any], str]
    view: Callable[[Any], Mapping[str, Any]]
    scenarios: tuple[str, ...]
    folder: Traversable
    wait: Any = None
    forfeit: Any = None
    prompt: Prompt | None = None
    mock: Callable[[str], Any] | None = None


def plugins(group: str) -> dict[str, EntryPoint]:
    """Return the installed entry points of *group* by name, sorted by name."""
    found = {point.name: point for point in entry_points(group=group)}
    return dict(sorted(found.items()))


def plugin(group: str, key: str, kind: str) -> Any:
    """
    Return what the entry point *key* of *group* names; *kind* is what errors call it.

    Raises:
        UnknownName: No installed package has such an entry point.
        RefoldError: The package that has it cannot be imported.
    """
    known = plugins(group)
    if key not in known:
        raise UnknownName(kind, key, known)
    try:
        return known[key].load()
    except (ImportError, AttributeError) as error:
        raise RefoldError(
            f"{kind} {key!r}: expected an installed package that can be imported, got {error}; "
            "repair or remove it"
        ) from error


@cache
def _family(key: str) -> Family:
    family: Family = plugin("refold.families", key, "family and rules version")
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
    return (_family(key) for key in plugins("refold.families"))
