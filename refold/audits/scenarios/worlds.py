"""Checks of worlds: whether they can be played again, whether seeds matter, what they give away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from msgspec import to_builtins
from msgspec.structs import fields, replace

from refold.agents.rollout import epoch_seed
from refold.audits.again import otherwise_decided
from refold.audits.findings import Check, Measurement
from refold.audits.played import Played, actions_of
from refold.audits.scenarios.case import ScenarioCase
from refold.audits.scenarios.moves import text_fields
from refold.engine import ActionTaken, Episode, fold
from refold.engine.codec import encode
from refold.engine.folding import step_ranges
from refold.engine.presentation import LegalActions, Policy

MOST_KEPT = 0.5
"""Share of the best that the best actions of one world may earn in another."""
MOST_FIXED = 0.5
"""Share of the fields of an observation that may be the same in every step of every world."""
_OTHERS = 5  # worlds
_LETTERS = 4  # of an answer that is looked for
_FIGURE = re.compile(r"[\w.-]*\d[\w.-]*\w")


def determinism(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs go otherwise when their actions are taken again."""
    runs = case.samples
    differing = [run for run in runs if _again(case, run) != run.stream.digest]
    about = f"the actions of {len(runs)} runs were repeated, {len(differing)} went differently"
    episode = differing[0].shown if differing else None
    yield Measurement("", float(len(differing)), 0.0, about, episode)


def replayability(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs the rules do not decide again as they were recorded."""
    return otherwise_decided(case.samples)


def isolation(case: ScenarioCase) -> Iterator[Measurement]:
    """Measure how many runs go otherwise when they take turns with another."""
    runs, best = case.samples, case.best.runs[0]
    differing = [run for run in runs if not _keeps_apart(case, run, best)]
    about = (
        f"{len(runs)} runs were interleaved with the best one, {len(differing)} went differently"
    )
    episode = differing[0].shown if differing else None
    yield Measurement("", float(len(differing)), 0.0, about, episode)


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
    first = case.at_once[0]
    seen = encode(case.family.observe(fold(first.stream, family=case.family))).decode()
    told = [text for text in texts if text in seen]
    about = f"{len(told)} of the {len(texts)} texts of the best run appear in its first observation"
    yield Measurement("", float(len(told)), 0.0, about, first.shown)


def _again(case: ScenarioCase, run: Played) -> str:
    shown = run.shown
    again = case.follow(shown.agent, actions_of(shown.stream), shown.seed)
    return again.stream.digest


def _keeps_apart(case: ScenarioCase, run: Played, other: Played) -> bool:
    """Return whether *run* goes as it went while another episode is played, step by step."""
    one, beside = (Episode.start(case.scenario, seed=each.shown.seed) for each in (run, other))
    others = iter(actions_of(other.stream))
    for action in actions_of(run.stream):
        one.step(action)
        if (turn := next(others, None)) is not None:
            beside.step(turn)
    return one.events.digest == run.stream.digest


def _same_choices(case: ScenarioCase, run: Played, seed: int) -> Played:
    """Return the better of two ways to do in the world of *seed* what was done in *run*."""
    actions = actions_of(run.stream)
    literal = case.follow("same actions", actions, seed)
    by_place = case.play("same choices", _by_place(case, run, actions), seed)
    return max(by_place, literal, key=lambda each: each.score)


def _by_place(case: ScenarioCase, run: Played, actions: Sequence[Any]) -> Policy:
    """Return what chooses the legal actions at the places of those of *run*, with their texts."""
    rest = iter(zip(_places(case, run), actions, strict=True))

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
