import re
from collections import Counter
from itertools import zip_longest

import pytest
from attrs import frozen

from refold.engine import ActionRefused, ActionTaken, Episode, EpisodeInfo
from refold.engine.definition import header_of
from refold.graders import grade, save_grade, saved_grades
from refold.graders.text import grade_text
from refold.replays import verify
from refold.replays.golden import find_goldens, golden_text, read_golden
from refold.scenarios import load, scenario_names
from refold.scenarios.workflow.refusals import Refusal

GOLDENS = {path.name.removesuffix(".jsonl"): path for path in find_goldens()}
REFUSALS = {
    "workflow-tight-refused-actions": {str(refusal) for refusal in Refusal},
    "inbox-medium-refused-actions": {"unknown_email", "already_handled"},
}
EACH = pytest.mark.parametrize("name", GOLDENS)
AROUND = 60


@frozen
class Recorded:
    """The scenario that a stream carries, to be started once more."""

    seed: int
    body: bytes


def scenario_of(stream):
    """Return the scenario of *stream*: the one that ships under its name, else its own."""
    body = bytes(stream.started.scenario)
    name = header_of(body).name
    return load(name) if name in scenario_names() else Recorded(stream.started.seed, body)


def decided_again(stream):
    """Return the stream that the rules now make of the seed and actions of *stream*."""
    episode = Episode.start(scenario_of(stream), seed=stream.started.seed)
    for event in stream:
        if isinstance(event, ActionTaken):
            episode.step(event.action)
    return episode.events


def differences(golden, now):
    """Return each line that differs, as its number and what stands on both sides, in words."""
    pairs = zip_longest(golden.splitlines(), now.splitlines(), fillvalue="(no line)")
    return [
        f"line {number}: the golden has {excerpts[0]}, the rules now make {excerpts[1]}"
        for number, (was, is_now) in enumerate(pairs, 1)
        if was != is_now
        for excerpts in [around_the_difference(was, is_now)]
    ]


def around_the_difference(*lines):
    """Return of each of two lines the part where they part."""
    apart = next((at for at, pair in enumerate(zip(*lines, strict=False)) if len({*pair}) > 1), 0)
    start = max(0, apart - AROUND)
    return [line[start : apart + AROUND] for line in lines]


@EACH
def test_decided_again(name):
    """The rules make each golden again from its scenario, seed and actions, line by line."""
    golden = GOLDENS[name].read_text(encoding="utf-8")
    stream = read_golden(GOLDENS[name])
    assert golden_text(stream) == golden
    assert differences(golden, golden_text(decided_again(stream))) == []
    assert verify(stream) is None


def test_a_difference_is_readable():
    """A golden that no longer holds says at which line, and what stands on both sides there."""
    golden = GOLDENS["workflow-easy-greedy"].read_text(encoding="utf-8")
    now = golden.replace('"reward":0.13,', '"reward":0.14,', 1).removesuffix("\n")
    (found,) = differences(golden, now)
    assert re.fullmatch(
        r'line \d+: the golden has .*"reward":0\.13,.*, the rules now make .*"reward":0\.14,.*',
        found,
    )
    assert len(found) < 400
    missing = now.rpartition("\n")[0]
    assert differences(now, missing)[0].endswith("the rules now make (no line)")


@pytest.mark.parametrize("scenario", scenario_names())
def test_every_scenario_has_a_golden(scenario):
    """A scenario ships with at least one recorded playthrough, in its own world."""
    of = [stream for stream in map(read_golden, GOLDENS.values()) if stream[1:]]
    seeds = [s.started.seed for s in of if header_of(bytes(s.started.scenario)).name == scenario]
    assert load(scenario).seed in seeds, f"record one for {scenario} into replays/golden"


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_is_in_a_golden(name):
    """The goldens with refused actions hold each error class of their family."""
    found = Counter(
        event.error for event in read_golden(GOLDENS[name]) if isinstance(event, ActionRefused)
    )
    assert set(found) == REFUSALS[name]


@EACH
def test_grade(name, snapshot):
    """The grade of each golden is what was reviewed: score, parts, evidence, counts, digests."""
    assert grade_text(grade(read_golden(GOLDENS[name]))) == snapshot


@EACH
def test_grade_from_a_log(name, log):
    """Stored and read back, an episode gets byte for byte the grade it got before."""
    stream = read_golden(GOLDENS[name])
    live = grade(stream)
    header = header_of(bytes(stream.started.scenario))
    log.begin(EpisodeInfo(name, header.name, stream.started.seed), stream.payloads, end=True)
    again = grade(log.events(name))
    assert again.to_json() == live.to_json()
    save_grade(log, name, again)
    assert log.grades(name) == [live.to_json()]
    assert saved_grades(log, name) == [live]


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("workflow-easy-greedy", 0.9),
        ("workflow-medium-greedy", 0.6325),
        ("workflow-hard-greedy", 0.0176),
        ("workflow-expert-greedy", 0.8003),
        ("workflow-hard-worked-example", 0.7929),
        ("workflow-medium-noop", 0.01),
        ("inbox-easy-baseline", 0.875),
        ("inbox-medium-baseline", 0.7129),
        ("inbox-hard-baseline", 0.824),
    ],
)
def test_published_scores(name, score):
    """The goldens of reference policies score what was published for them."""
    assert grade(read_golden(GOLDENS[name])).score == score
