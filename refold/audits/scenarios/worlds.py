"""Checks of worlds: whether they can be played again, whether seeds matter, what they give away."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from statistics import fmean
from typing import Any

from msgspec import to_builtins
from msgspec.structs import fields, replace

from refold.agents.prompting import format_parameters, system_message
from refold.agents.rollout import epoch_seed
from refold.audits.again import differing, first_difference, otherwise_decided
from refold.audits.findings import Check, Measurement
from refold.audits.played import Played, actions_of
from refold.audits.scenarios.case import ScenarioCase
from refold.audits.scenarios.moves import text_fields
from refold.engine import ActionTaken, Episode, Stream, fold
from refold.engine.codec import encode
from refold.engine.folding import step_ranges
from refold.engine.presentation import LegalActions, Policy
from refold.replays.verification import Divergence, verify

MOST_KEPT = 0.5
"""Share of the best that the best actions of one world may earn in another."""
MOST_FIXED = 0.5
"""Share of the fields of an observation that may be the same in every step of every world."""
_OTHERS = 5  # worlds
_LETTERS = 4  # of an answer that is looked for
_Differing = Sequence[tuple[Played, Divergence]]
_FIGURE = re.compile(r"[\w.-]*\d[\w.-]*\w")


def determinism(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs go differently when their actions are taken again."""
    runs = case.samples
    if any(verify(run.stream) is not None for run in runs):
        yield Measurement("", None, 0.0, "the rules decide differently even in the same state")
        return
    found = _gone_otherwise(case)
    about = f"the actions of {len(runs)} runs were repeated, {len(found)} went differently"
    yield differing(about, found)


def replayability(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs the rules do not decide again as they were recorded."""
    return otherwise_decided(case.samples)


def isolation(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs go differently when they take turns with another, of another seed."""
    if _gone_otherwise(case):
        yield Measurement("", None, 0.0, "runs go differently even if nothing else is played")
        return
    runs, beside = case.samples, case.panel["random"][-1]
    found = _differing(runs, lambda run: _taking_turns(case, run, beside))
    about = (
        f"{len(runs)} runs were interleaved with one of seed {beside.shown.seed}, {len(found)} "
        "went differently"
    )
    yield differing(about, found)


def sensitivity(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure what the best actions of the first world earn in others."""
    first = case.best.runs[0]
    seeds = [epoch_seed(case.seeds[0], epoch) for epoch in range(1, _OTHERS + 1)]
    played = [_same_choices(case, first, seed) for seed in seeds]
    kept = fmean(run.score for run in played)
    about = (
        f"the choices that score {first.score:.4f} with seed {case.seeds[0]} score {kept:.4f} on "
        f"average with the seeds {seeds[0]} to {seeds[-1]}"
    )
    share = kept / first.score if first.score else None
    yield Measurement("", share, MOST_KEPT, about, played[0].shown)


def fixed_fields(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure what share of the fields of observations never changes."""
    values: dict[str, set[bytes]] = {}
    for run in (*case.samples, *case.at_once):
        for shown in _observations(case, run):
            for name, value in shown.items():
                values.setdefault(name, set()).add(encode(value))
    fixed = [name for name, found in values.items() if len(found) == 1]
    about = f"{len(fixed)} of {len(values)} fields are the same in each step of each run"
    if fixed:
        about += f": {', '.join(fixed)}"
    share = len(fixed) / len(values) if values else None
    yield Measurement("", share, MOST_FIXED, about, case.at_once[0].shown)


def leakage(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many of the texts that the best run writes can be read before it acts."""
    texts = list(dict.fromkeys(_texts(case)))
    if not texts:
        yield Measurement("", None, None, "the best run writes no text that could be given away")
        return
    shown = "\n".join(encode(each).decode() for each in _shown_at_once(case))
    told = [text for text in texts if text in shown]
    about = f"{len(told)} of the {len(texts)} texts of the best run can be read before it acts"
    if told:
        about += f", such as {told[0]!r:.100}"
    yield Measurement("", float(len(told)), 0.0, about, case.at_once[0].shown)


def _shown_at_once(case: ScenarioCase) -> Iterator[Any]:
    """Yield what an agent sees and is told before it acts, and what it sees of a refusal."""
    scenario, family = case.scenario, case.family
    yield from (scenario.title, scenario.description)
    yield from (system_message(family, "tools"), format_parameters(family, "tools"))
    yield from islice(_observations(case, case.panel["only what is refused"][0]), 2)


def _gone_otherwise(case: ScenarioCase) -> _Differing:
    """Return the runs that go differently when their actions are taken again."""
    return case.remember("again", lambda: _differing(case.samples, lambda run: _again(case, run)))


def _differing(runs: Sequence[Played], play: Callable[[Played], Stream]) -> _Differing:
    """Return those of *runs* that *play* plays differently, and where they differ first."""
    parted = ((run, first_difference(run.stream, play(run))) for run in runs)
    return [(run, first) for run, first in parted if first is not None]


def _again(case: ScenarioCase, run: Played) -> Stream:
    shown = run.shown
    return case.follow(shown.agent, actions_of(shown.stream), shown.seed).stream


def _taking_turns(case: ScenarioCase, run: Played, other: Played) -> Stream:
    """Return *run* as it goes while *other* is played beside it, step by step."""
    one, beside = (Episode.start(case.scenario, seed=each.shown.seed) for each in (run, other))
    others = iter(actions_of(other.stream))
    for action in actions_of(run.stream):
        one.step(action)
        if (turn := next(others, None)) is not None:
            beside.step(turn)
    return one.events


def _same_choices(case: ScenarioCase, run: Played, seed: int) -> Played:
    """Return the better of two ways to do in the world of *seed* what was done in *run*."""
    actions = actions_of(run.stream)
    literal = case.follow("same actions", actions, seed)
    by_place = case.play("same choices", _by_place(case, run, actions), seed)
    return max(by_place, literal, key=lambda each: each.score)


def _by_place(case: ScenarioCase, run: Played, actions: Sequence[Any]) -> Policy:
    """Return what chooses the legal actions at the places of those of *run*, with their texts."""
    # Found before anything is played: looking at one episode must not go on during another.
    rest = iter(list(zip(_places(case, run), actions, strict=True)))

    def choose(_shown: Any, legal: LegalActions) -> Any:
        place, action = next(rest, (None, None))
        found = legal()
        if place is None or place >= len(found):
            return action
        return replace(found[place], **_written(case, action))

    return choose


def _places(case: ScenarioCase, run: Played) -> Iterator[int | None]:
    """Yield the place of each action of *run* among the legal ones, None if it is not there."""
    family, stream, state = case.family, run.stream, None
    for seqs in step_ranges(stream):
        events = stream[seqs.start : seqs.stop]
        taken = next((each.action for each in events if isinstance(each, ActionTaken)), None)
        if taken is not None:
            legal = list(family.legal_actions(state))
            bare = replace(taken, **dict.fromkeys(_written(case, taken), ""))
            yield legal.index(bare) if bare in legal else None
        state = fold(events, family=family, start=state)


def _written(case: ScenarioCase, action: Any) -> dict[str, str]:
    """Return the texts of *action*, by field."""
    kind = getattr(action, fields(case.family.action)[0].name)
    return {name: getattr(action, name) for name in text_fields(case.family, kind)}


def _texts(case: ScenarioCase) -> Iterator[str]:
    """Yield the texts that the best run writes, and what of them has a figure in it."""
    for action in actions_of(case.best.runs[0].stream):
        for text in _written(case, action).values():
            yield from (each for each in (text, *_FIGURE.findall(text)) if len(each) >= _LETTERS)


def _observations(case: ScenarioCase, run: Played) -> Iterator[Mapping[str, Any]]:
    """Yield what the agent of *run* sees, by field."""
    state = None
    for seqs in step_ranges(run.stream):
        state = fold(run.stream[seqs.start : seqs.stop], family=case.family, start=state)
        shown = to_builtins(case.family.observe(state))
        yield shown if isinstance(shown, dict) else {"observation": shown}


CHECKS = (
    Check("runtime.episode_determinism", "equal actions, equal episodes", "at most", determinism),
    Check("runtime.episode_isolation", "episodes do not affect each other", "at most", isolation),
    Check(
        "semantic.replayability", "the rules reproduce what was recorded", "at most", replayability
    ),
    Check("seeds.sensitivity", "another seed asks for other choices", "at most", sensitivity),
    Check("observations.fixed", "what is seen changes", "at most", fixed_fields),
    Check("semantic.no_solution_leakage", "no answer is given away", "at most", leakage),
)
"""The checks of worlds."""
