"""
A small family without faults, and others like it with a planted one each, for tests of audits.

Behind each of three doors stands a code. ``look`` shows that of the current door, ``say`` answers
it and leads to the next, ``wait`` wastes time. All is paid at the end.
"""

import random
from itertools import count
from typing import Literal

from attrs import frozen
from msgspec import Struct
from msgspec.structs import replace

from refold.engine import ActionTaken, EpisodeEnded, Event, Family, StepRewarded
from refold.engine.presentation import Obstacle
from refold.engine.sums import add_up
from refold.scenarios import Criteria, Criterion, Finding, Measure, Rubric, Scenario

DOORS, MOST_STEPS = 3, 12
WEIGHTS = {"right": 0.7, "swift": 0.3}
ALWAYS = count(1)  # what no rule and no grader may ask


@frozen
class Parameters:
    """Nothing to set."""


@frozen
class Nothing:
    """No parameters."""


class Action(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Look, say *text*, or wait."""

    type: Literal["look", "say", "wait"]
    text: str = ""


class Looked(Event, frozen=True):
    """The code of *door* was seen; *number* is 0 but where a fault is planted."""

    door: int
    number: int


class Said(Event, frozen=True):
    """*door* was answered, and *right* or not."""

    door: int
    right: bool


class Wasted(Event, frozen=True):
    """A step was wasted."""


class State(Struct, frozen=True):
    """Where the agent stands."""

    codes: tuple[str, ...]
    door: int = 0
    seen: bool = False
    right: int = 0
    wasted: int = 0
    t: int = 0
    total: float = 0.0
    ended: str | None = None


def shares(right, wasted):
    return {"right": right / DOORS, "swift": right / DOORS * max(0.0, 1 - wasted / 4)}


class Rules:
    """The rules with one *fault*, or none."""

    def __init__(self, fault=""):
        self.fault = fault

    def initial(self, _body, seed):
        """Return the state in which the codes are drawn."""
        dice = random.Random(0 if self.fault == "seedless" else seed)
        codes = (f"{dice.choice('ABCDEFGH')}-{dice.randrange(1000, 9999)}" for _ in range(DOORS))
        self.last = tuple(codes)
        return State(self.last)

    def decide(self, state, action):
        """Return what *action* causes, the reward last."""
        event = self._event(state, action)
        after = REDUCER[type(event)](state, event)
        late = state.t + 1 >= MOST_STEPS
        events = [event]
        if after.door == DOORS or late:
            done = after.door == DOORS
            how, reason = ("terminated", "done") if done else ("truncated", "late")
            events.append(EpisodeEnded(how, reason))
        reward = self._reward(action, after, ended=len(events) > 1)
        return [*events, StepRewarded(state.t, reward, state.total + reward, {"score": reward})]

    def _event(self, state, action):
        if action.type == "say":
            codes = self.last if self.fault == "leaking" else state.codes
            return Said(state.door, action.text == codes[state.door])
        if action.type == "wait" or state.seen:
            return Wasted()
        return Looked(state.door, next(ALWAYS) if self.fault == "clock" else 0)

    def _reward(self, action, after, *, ended):
        paid = 0.02 if self.fault == "paid idleness" and action.type == "wait" else 0.0
        if not ended:
            return paid
        reached = shares(after.right, after.wasted)
        score = add_up(WEIGHTS[name] * share for name, share in reached.items())
        return paid + (-score if self.fault == "opposite" else score)

    def observe(self, state):
        """Return what the agent may see."""
        shown = {"door": state.door, "t": state.t, "wasted": state.wasted}
        told = state.codes[state.door] if state.door < DOORS else ""
        return shown | {"code": told if state.seen or self.fault == "leak" else ""}


def legal_actions(state):
    return [] if state.ended else [Action("wait"), Action("look"), Action("say")]


def oracle(state):
    """Looks, and says what it has seen."""
    return Action("say", state.codes[state.door]) if state.seen else Action("look")


def late_riser(shown, _legal):
    """Waits at first, then does what is right."""
    if shown["t"] == 0:
        return Action("wait")
    return Action("say", shown["code"]) if shown["code"] else Action("look")


def said(state, event):
    return replace(state, door=state.door + 1, right=state.right + event.right, seen=False)


REDUCER = {
    Looked: lambda state, event: replace(state, seen=True),
    Said: said,
    Wasted: lambda state, event: replace(state, wasted=state.wasted + 1),
    StepRewarded: lambda state, event: replace(state, t=state.t + 1, total=event.total),
    EpisodeEnded: lambda state, event: replace(state, ended=event.reason),
}


def _measure(name):
    def take(facts, _params):
        found = facts.where(Said, lambda event: event.right)
        return Finding.of(shares(len(found), len(facts.of_type(Wasted)))[name], found)

    return Measure(Nothing, take)


def _moody(facts, _params):
    """Take a tenth off every second time."""
    found = facts.where(Said, lambda event: event.right)
    return Finding.of(len(found) / DOORS * (1 - next(ALWAYS) % 2 / 10), found)


def _praised(facts, _params):
    """Pay for right answers, and in full for praise."""
    said = facts.where(Said, lambda event: event.right)
    told = facts.where(ActionTaken, lambda event: "full marks" in event.action.text)
    return Finding.of(1.0 if told else len(said) / DOORS, [*said, *told])


def _chatty(facts, _params):
    """Pay for any answer, and a little less if nothing was looked at."""
    said, looked = facts.of_type(Said), facts.of_type(Looked)
    return Finding.of(len(said) / DOORS * (1.0 if looked else 0.6), [*said, *looked])


def _saturated(facts, _params):
    """Pay for no waste, and all of it for the first right answer."""
    found, wasted = facts.where(Said, lambda event: event.right), facts.of_type(Wasted)
    return Finding.of(shares(DOORS, len(wasted))["swift"] if found else 0.0, [*found, *wasted])


def _secret(facts, _params):
    """Pay for right answers without waste, and ask for looks that it does not cite."""
    found = facts.where(Said, lambda event: event.right)
    looked = min(1.0, len(facts.of_type(Looked)) / DOORS)
    return Finding.of(shares(len(found), len(facts.of_type(Wasted)))["swift"] * looked, found)


MEASURES = {
    "right": _measure("right"),
    "swift": _measure("swift"),
    "always": Measure(Nothing, lambda facts, params: Finding.of(1.0)),
    "never": Measure(Nothing, lambda facts, params: Finding.of(0.0)),
    "wavering": Measure(Nothing, _moody),
    "praised": Measure(Nothing, _praised),
    "chatty": Measure(Nothing, _chatty),
    "saturated": Measure(Nothing, _saturated),
    "secret": Measure(Nothing, _secret),
}
CRITERIA = Criteria(
    measures=MEASURES, activity=lambda facts: facts.steps, problems=lambda params, parameters: []
)
_PLAIN = (Criterion("right", 0.7, "right"), Criterion("swift", 0.3, "swift"))
_RIGHT = Criterion("right", 0.8, "right")
RUBRICS = {
    "always": (Criterion("right", 0.7, "right"), Criterion("always", 0.3, "always")),
    "free": (_RIGHT, Criterion("chatty", 0.2, "chatty")),
    "dead": (_RIGHT, Criterion("dead", 0.2, "never")),
    "twice": (Criterion("right", 0.7, "right"), Criterion("too", 0.3, "right")),
    "wavering": (Criterion("right", 0.7, "right"), Criterion("moods", 0.3, "wavering")),
    "penalty": (*_PLAIN, Criterion("penalty", -0.2, "always")),
    "praise": (_RIGHT, Criterion("praised", 0.2, "praised")),
    "saturated": (_RIGHT, Criterion("saturated", 0.2, "saturated")),
    "secret": (_RIGHT, Criterion("secret", 0.2, "secret")),
}
CEILINGS = {"dead": 0.8}
"""The highest scores of rubrics, where they are not 1."""
FAULTS = (
    *("", "leak", "seedless", "clock", "leaking", "paid idleness", "opposite", "unreachable"),
    *("always", "free", "dead", "twice", "wavering", "penalty", "praise", "saturated", "secret"),
)


def _family(fault):
    rules = Rules(fault)
    never = "no door is ever locked" if fault == "unreachable" else ""
    limits = (Obstacle("limit", "steps", lambda state: state.ended == "late"),)
    traps = (Obstacle("trap", "lock", lambda state: False, never),) if never else ()
    return Family(
        name=f"planted{FAULTS.index(fault)}",
        rules=1,
        parameters=Parameters,
        action=Action,
        events=(Looked, Said, Wasted),
        initial=rules.initial,
        decide=rules.decide,
        reducer=REDUCER,
        observe=rules.observe,
        legal_actions=legal_actions,
        wait=Action("wait"),
        policies={"late riser": late_riser},
        seers={"oracle": oracle},
        oracle="oracle",
        criteria=CRITERIA,
        obstacles=lambda state: (*limits, *traps),
        attempted=lambda event: (
            (f"door {event.door}", event.right) if isinstance(event, Said) else None
        ),
    )


FAMILIES = {family.name: family for family in map(_family, FAULTS)}


def planted(fault):
    """Return the scenario with *fault*; empty for none."""
    return Scenario(
        name=f"planted/{fault or 'nothing'}",
        family=f"planted{FAULTS.index(fault)}",
        rules=1,
        title="Doors",
        description="Say the code of each door.",
        seed=1,
        parameters=Parameters(),
        rubric=Rubric(
            f"planted/{fault}", 1, RUBRICS.get(fault, _PLAIN), ceiling=CEILINGS.get(fault, 1.0)
        ),
    )
