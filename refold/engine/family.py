"""
What the engine asks of a family of scenarios: a handful of pure functions, held in one value.

A family that leaves something out gets a general one in its place, so that commands, viewer,
models and Gymnasium work with every family. Mistakes are found when the family is built.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from attrs import Factory, field, frozen
from msgspec import to_builtins

from refold.engine.errors import RefoldError
from refold.engine.events import SHARED_EVENTS, ActionTaken, Event
from refold.engine.exchanges import EXCHANGE_EVENTS
from refold.engine.phrases import say_shared
from refold.engine.presentation import (
    PLAIN,
    Attempt,
    MakePolicy,
    Numbers,
    Obstacle,
    Policy,
    Prompt,
    Published,
    Seer,
    Timeline,
)

if TYPE_CHECKING:  # slow to import
    from importlib.resources.abc import Traversable

S = TypeVar("S")
Reducer = Mapping[type[Event], Callable[[S, Any], S]]
"""For each type of event, the function from a state and such an event to the next state."""


@frozen
class Drafts(Generic[S]):
    """
    How a reducer is given states that it may change, so that events in a row make one new state.

    Attributes:
        begin: A draft: a copy of a state that the reducer changes and returns.
        end: The state that a draft has come to.
    """

    begin: Callable[[S], S]
    end: Callable[[S], S]


_NO_DRAFTS: Drafts[Any] = Drafts(begin=lambda state: state, end=lambda state: state)


class Decided(tuple[Event, ...]):
    """
    The events that rules decided on, with the state that they came to: it need not be folded again.

    Attributes:
        after: The state after the action and these events, equal to what folding them gives.
    """

    after: Any

    def __new__(cls, events: Iterable[Event], after: Any) -> Self:
        """Return *events* with the state *after* them."""
        made = tuple.__new__(cls, events)  # half the time that super() takes
        made.after = after
        return made


_EVERY_FAMILY = (*SHARED_EVENTS, *EXCHANGE_EVENTS, ActionTaken)


def unchanged(state: S, _event: Event) -> S:
    """Return *state*: the entry of a reducer for events that change nothing."""
    return state


@frozen(eq=False)  # equal and hashed as what it is: one value, made once
class Family:
    """
    The rules of one domain. All functions are pure: equal arguments, equal results.

    Attributes:
        name: What a scenario file names as its ``family``.
        rules: Version of the rules; a stream is verified by these rules only.
        parameters: attrs class of the scenario parameters, read from TOML and JSON.
        action: msgspec type of the actions. Anything that does not fit is no action.
        events: The family's own event classes.
        initial: State before anything has happened, from a scenario's JSON and a seed.
        decide: All that an action causes, ``StepRewarded`` last. Refused actions are steps
            too: they begin with ``ActionRefused``. Never called after the end. Rules that know the
            state after it return it with the events, as ``Decided``.
        reducer: The state after one more event, by the event's type: all of *events*, and those
            of the shared ones that change it. Applies what the event says: no dice, no rules.
        drafts: Makes what the reducer may change in place; by default it is given states.
        observe: What the agent may see.
        legal_actions: Every action that the rules would accept now, in a fixed order; free
            text in them is left empty. Empty after the end.
        start: What happens before the first action, by default nothing.
        problems: Mistakes in parameters that types cannot show, as (path, text) pairs;
            called only with parameters of the right types.
        say: An action, an own event or a part of an observation in words, one line: a
            ``functools.singledispatch`` function that knows all of *events*.
        view: What a watcher may see of a state: JSON data with fixed keys, ids as keys. By
            default what the agent sees.
        scenarios: Names of the scenarios that ship with the family, easiest first.
        folder: Where they lie, as NAME.toml.
        aliases: Further names by which a server knows the family.
        wait: The action that does nothing, if there is one.
        forfeit: The action that stands in for an agent's that gave none, if there is one.
        prompt: What a model is told; None for a plain prompt made of the action type.
        policies: Built-in agents that play this family, by name. The first line of a policy's
            docstring describes it in lists.
        players: Further built-in agents, which remember: by name, what makes a fresh one. The
            first line of the made one's docstring describes it.
        seers: Built-in agents that see all that is hidden, by name.
        oracle: Which of *seers* reaches the best score that there is, if one is known to.
        highest_return: What the rewards of an ended episode never add up to more than, if known.
        canaries: What makes agents that choose without reading, by name: what they score comes
            for free. Beside *noop* and *random*.
        criteria: A ``scenarios.Criteria``, what its rubrics can measure; None for general ones.
        timeline: What pictures of an episode show beside words and views.
        numbers: Actions and observations as numbers; None for general ones.
        drawing: A JavaScript module that draws the state in the viewer; None for tables.
        published: Reference scores of the scenarios that ship.
        endings: Reasons of an end in words, as a sentence about an episode begins; a reason that
            is missing is told by itself.
        search: A ``scenarios.search.MakeSearch``, how the best episode is looked for; None for a
            general search.
        obstacles: What the scenario puts in the way, from an episode's first state, for audits.
        attempted: What an event says of something to be done, None for other events, for audits;
            None where nothing can fail.
        mock: What the mock model does, from a message's text to an action, None if the text is
            not of this family's prompt; without it, the mock model picks any action.
        answered: Whether an external environment answers each action. An action is then any JSON
            but null, and *decide*, called with the state after the answer, says what follows from
            it.

    Raises:
        RefoldError: The reducer or ``say`` does not know one of *events*, or the reducer knows
            an event that no stream of this family can hold.
    """

    name: str
    rules: int
    parameters: type[Any]
    action: type[Any]
    events: tuple[type[Event], ...]
    initial: Callable[[bytes, int], Any]
    decide: Callable[[Any, Any], Sequence[Event]]
    reducer: Reducer[Any]
    observe: Callable[[Any], Any]
    legal_actions: Callable[[Any], Sequence[Any]]
    drafts: Drafts[Any] = _NO_DRAFTS
    start: Callable[[Any], Sequence[Event]] = lambda state: ()
    problems: Callable[[Any], list[tuple[str, str]]] = lambda parameters: []
    say: Callable[[Any], str] = say_shared
    view: Callable[[Any], Mapping[str, Any]] = Factory(
        lambda self: lambda state: to_builtins(self.observe(state)), takes_self=True
    )
    scenarios: tuple[str, ...] = ()
    folder: "Traversable | None" = None
    aliases: tuple[str, ...] = ()
    wait: Any = None
    forfeit: Any = None
    prompt: Prompt | None = None
    policies: Mapping[str, Policy] = field(factory=dict)
    players: Mapping[str, MakePolicy] = field(factory=dict)
    seers: Mapping[str, Seer] = field(factory=dict)
    oracle: str | None = None
    highest_return: float | None = None
    canaries: Mapping[str, MakePolicy] = field(factory=dict)
    criteria: Any = None
    timeline: Timeline = PLAIN
    numbers: Numbers | None = None
    drawing: "Traversable | None" = None
    published: tuple[Published, ...] = ()
    endings: Mapping[str, str] = field(factory=dict)
    obstacles: Callable[[Any], Sequence[Obstacle]] = lambda state: ()
    attempted: Callable[[Event], Attempt | None] | None = None
    mock: Callable[[str], Any] | None = None
    answered: bool = False
    search: Any = None

    def __attrs_post_init__(self) -> None:
        self._check_reducer()
        self._check_say()

    @property
    def title(self) -> str:
        """What people call it: its name, with the version of its rules where that is above 1."""
        return self.name if self.rules == 1 else f"{self.name}@{self.rules}"

    @property
    def scenario_names(self) -> tuple[str, ...]:
        """Full names of the scenarios that ship: ``workflow/easy``, ``workflow/easy@2``."""
        version = self.title.removeprefix(self.name)
        return tuple(f"{self.name}/{each}{version}" for each in self.scenarios)

    @cached_property
    def transitions(self) -> Reducer[Any]:
        """The reducer with an entry for every type of event that a stream can hold."""
        return {**dict.fromkeys(_EVERY_FAMILY, unchanged), **self.reducer}

    def _check_reducer(self) -> None:
        known = {*_EVERY_FAMILY, *self.events}
        missing = [each for each in self.events if each not in self.reducer]
        self._refuse("a reducer with an entry for", missing)
        foreign = [each for each in self.reducer if each not in known]
        self._refuse("a reducer of its own events only, without", foreign)

    def _check_say(self) -> None:
        if self.say is say_shared:
            return
        dispatch = getattr(self.say, "dispatch", None)
        if dispatch is None:
            raise RefoldError(
                f"family {self.name}.{self.rules}: expected say to be a functools.singledispatch "
                f"function, got {self.say!r}"
            )
        missing = [each for each in self.events if dispatch(each) is dispatch(object)]
        self._refuse("a say that is registered for", missing)

    def _refuse(self, expected: str, wrong: Sequence[type[Event]]) -> None:
        if wrong:
            names = ", ".join(each.__name__ for each in wrong)
            raise RefoldError(f"family {self.name}.{self.rules}: expected {expected} {names}")
