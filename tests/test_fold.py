from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refold.engine import (
    ActionTaken,
    Episode,
    EpisodeStarted,
    Input,
    StepRewarded,
    Stream,
    fold,
    fold_to,
)
from refold.engine.errors import ImpossibleEvent, UnknownStep
from refold.engine.folding import initial_state, step_ranges
from refold.scenarios import load, scenario_names
from refold.scenarios.inbox.events import Arrival, InboxFilled
from refold.scenarios.workflow.events import SubtaskCompleted

SCENARIOS = st.sampled_from(scenario_names())
SEEDS = st.integers(0, 2**63 - 1)


@pytest.mark.slow
@given(SCENARIOS, SEEDS, st.data())
def test_a_fold_can_be_cut_anywhere(random_episode, scenario, seed, data):
    """fold(a + b) == fold(b, start=fold(a)), wherever the stream is cut, inside steps as well."""
    episode = random_episode(scenario, seed)
    events, family = episode.events, episode.family
    cut = data.draw(st.integers(1, len(events)))
    half = fold(events[:cut], family=family)
    assert fold(events[cut:], family=family, start=half) == fold(events, family=family)
    assert fold(events[:cut], family=family) == half


@given(SCENARIOS, SEEDS)
def test_every_prefix_folds_to_the_state_that_was_live(random_episode, scenario, seed):
    """The state after N actions is the one that the live episode had after them, for every N."""
    played = random_episode(scenario, seed)
    episode = Episode.start(load(scenario), seed=seed)
    states = [episode.state]
    for event in played.events:
        if isinstance(event, ActionTaken):
            episode.step(event.action)
            states.append(episode.state)
    stream = Stream.read(played.events.payloads, episode="x")
    assert [fold_to(stream, position) for position in range(len(states))] == states
    assert states[-1] == played.state


@pytest.mark.slow
@given(SCENARIOS, SEEDS)
def test_folding_leaves_what_it_folds_alone(random_episode, scenario, seed):
    """States are values: what is folded on from one does not change it."""
    episode = random_episode(scenario, seed)
    family, events = episode.family, episode.events
    state = initial_state(family, events.started)
    seen = []
    for event in events[1:]:
        seen.append((state, repr(state)))
        state = fold([event], family=family, start=state)
    assert all(repr(old) == text for old, text in seen)


def test_a_fold_without_events_is_its_start():
    """Nothing happened: the start itself comes back."""
    episode = Episode.start(load("workflow/easy"))
    assert fold([], family=episode.family, start=episode.state) is episode.state


@pytest.mark.parametrize("first", [[], [StepRewarded(0, 0.0, 0.0, {})]], ids=["none", "other"])
def test_a_fold_without_a_start_begins_with_the_start(first):
    """Events from the middle of a stream need the state before them."""
    family = Episode.start(load("workflow/easy")).family
    with pytest.raises(ValueError, match="expected episode_started first or a start, got"):
        fold(first, family=family)


@given(SCENARIOS, SEEDS, st.data())
def test_events_that_cannot_have_happened_are_an_error(random_episode, scenario, seed, data):
    """Events in another order, or of another world, fold or are impossible: no other error."""
    first, *rest = random_episode(scenario, seed, steps=6).events
    rest += random_episode(scenario, seed ^ 1, steps=6).events[1:]
    with suppress(ImpossibleEvent):
        fold(
            [first, *data.draw(st.permutations(rest))], family=Episode.start(load(scenario)).family
        )


@pytest.mark.parametrize(
    ("scenario", "event"),
    [
        ("workflow/easy", SubtaskCompleted("nobody", "nobody", 0)),
        ("inbox/easy", InboxFilled((Arrival("x_1000", "x", ()),))),
    ],
)
def test_an_impossible_event_is_named(scenario, event):
    """The error shows the event that does not fit."""
    episode = Episode.start(load(scenario))
    with pytest.raises(
        ImpossibleEvent, match=f"event {type(event).__name__}.*cannot have happened"
    ):
        fold([event], family=episode.family, start=episode.state)


@given(SCENARIOS, SEEDS)
def test_steps_are_the_ranges_between_the_rewards(random_episode, scenario, seed):
    """The ranges cover the stream without gaps; each step begins with an input, ends in reward."""
    events = random_episode(scenario, seed).events
    start, *steps = step_ranges(events)
    assert [seq for each in (start, *steps) for seq in each] == list(range(len(events)))
    assert isinstance(events[0], EpisodeStarted)
    assert not any(isinstance(events[seq], Input | StepRewarded) for seq in start)
    for number, step in enumerate(steps):
        assert isinstance(events[step[0]], Input)
        kinds = [isinstance(events[seq], StepRewarded) for seq in step]
        assert kinds == [False] * (len(step) - 1) + [True]
        assert events[step[-1]].step == number


def stream(scenario, *actions, cut=0):
    """Return the stream of *actions*, without its last *cut* events."""
    episode = Episode.start(load(scenario))
    for action in actions:
        episode.step(action)
    payloads = episode.events.payloads
    return Stream.read(payloads[: len(payloads) - cut], episode="x")


WAIT = {"action_type": "wait"}


@pytest.mark.parametrize("position", [-1, 3, 1_000])
def test_a_position_that_is_not_there_is_an_error(position):
    """Positions run from 0, before any action, to the number of steps."""
    with pytest.raises(UnknownStep, match=rf"step: expected 0 to 2 \(.*\), got {position}"):
        fold_to(stream("workflow/easy", WAIT, WAIT), position)


@pytest.mark.parametrize("scenario", ["workflow/easy", "inbox/easy"])
def test_before_any_action_there_is_position_0(scenario):
    """A stream that has only begun has one position, with all that the start brought."""
    begun = stream(scenario)
    assert step_ranges(begun) == [range(len(begun))]
    assert fold_to(begun, 0) == Episode.start(load(scenario)).state
    with pytest.raises(UnknownStep, match="expected 0 to 0"):
        fold_to(begun, 1)


def test_half_a_step_is_no_position():
    """Events after the last reward belong to no step: a position is after a whole one."""
    half = stream("workflow/easy", WAIT, WAIT, cut=1)
    assert len(step_ranges(half)) == 2
    assert fold_to(half, 1) == fold_to(stream("workflow/easy", WAIT), 1)
    with pytest.raises(UnknownStep, match="expected 0 to 1"):
        fold_to(half, 2)
    assert step_ranges(stream("workflow/easy", WAIT, cut=1)) == [range(1)]
