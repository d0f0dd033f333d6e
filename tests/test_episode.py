import re

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import SMALLEST_AND_LARGEST

from refold.agents import make_policy
from refold.engine import (
    ActionRefused,
    ActionTaken,
    Episode,
    EpisodeEnded,
    EpisodeOver,
    Event,
    EventLog,
    InvalidAction,
    RefoldError,
    Reseeded,
    StaleWriter,
    StepRewarded,
)
from refold.engine.codec import Codec, encode
from refold.engine.errors import UnstorableEvent
from refold.engine.folding import fold_to, step_ranges
from refold.engine.phrases import say_shared
from refold.engine.registry import find_family
from refold.replays import verify
from refold.scenarios import load, scenario_names

SCENARIOS = st.sampled_from(scenario_names())
FREE = {"inbox@2": ("lookup", "reply", "refund")}
"""Kinds of action of which there are more than any list can hold."""
SEEDS = st.integers(0, 2**63 - 1)
EASY = load("workflow/easy")
MAIL = load("inbox/easy")
WAIT = {"action_type": "wait"}


def crowded():
    """Return a workflow of slow workers with room for two at once."""
    hard = load("workflow/hard")
    workers = tuple(evolve(each, speed=each.speed + 2) for each in hard.parameters.workers)
    parameters = evolve(hard.parameters, capacity_limit=2, workers=workers)
    return evolve(hard, name="crowded", parameters=parameters)


def is_refused(episode, state, action):
    """Return whether the rules refuse *action* in *state*."""
    events = episode.family.decide(state, action)
    return any(isinstance(event, ActionRefused) for event in events)


@settings(max_examples=settings.default.max_examples // 12)
@pytest.mark.parametrize("name", [*SMALLEST_AND_LARGEST, "crowded"])
@given(seed=SEEDS)
def test_legal_actions_are_what_the_rules_accept(random_episode, every_action, name, seed):
    """
    At every moment, of all the actions there are, the listed ones are not refused, no other.

    In an inbox of the rules version 2, look-ups, contents and amounts are free: of these, what is
    listed is what is seen to make sense.
    """
    episode = random_episode(crowded() if name == "crowded" else name, seed)
    free = FREE.get(episode.family.title, ())
    actions = [
        action
        for kind, each in every_action(episode).items()
        if kind not in free
        for action in each
    ]
    stream = episode.events
    for position in range(len(step_ranges(stream)) - 1):
        state = fold_to(stream, position)
        legal = episode.family.legal_actions(state)
        accepted = [each for each in actions if not is_refused(episode, state, each)]
        if not free:
            assert sorted(map(encode, legal)) == sorted(map(encode, accepted))
            continue
        assert set(accepted) <= set(legal)
        assert not any(is_refused(episode, state, each) for each in legal)
    assert list(episode.legal_actions) == []


@given(SCENARIOS, SEEDS, st.integers(0, 30))
def test_rewards_sum_to_the_total(random_episode, scenario, seed, steps):
    """The total of each step is that of the one before plus its reward, to the last bit."""
    total = 0.0
    for event in random_episode(scenario, seed, steps=steps).events:
        if isinstance(event, StepRewarded):
            total += event.reward
            assert event.total == total


@pytest.mark.slow
@given(SCENARIOS, SEEDS)
def test_a_step_tells_what_it_recorded(random_episode, scenario, seed):
    """Reward, parts, error and end in a result are those of the events; the last one ends it."""
    actions = [
        e.action for e in random_episode(scenario, seed).events if isinstance(e, ActionTaken)
    ]
    episode = Episode.start(load(scenario), seed=seed)
    for number, action in enumerate(actions, 1):
        assert not episode.over
        result = episode.step(action)
        *events, rewarded = result.events
        assert events[0] == ActionTaken(action)
        assert (result.reward, result.breakdown) == (rewarded.reward, rewarded.parts)
        refused = [event.error for event in events if isinstance(event, ActionRefused)]
        assert [result.error] == (refused or [None])
        assert result.observation == episode.observation
        assert tuple(result.events) == tuple(episode.events[-len(result.events) :])
        assert (result.terminated or result.truncated) is episode.over is (number == len(actions))
    assert result.terminated is not result.truncated
    ends = [event for event in result.events if isinstance(event, EpisodeEnded)]
    assert [result.terminated] == [end.how == "terminated" for end in ends]


@pytest.mark.parametrize("action", [WAIT, {"action_type": "nap"}], ids=["action", "none"])
def test_nothing_follows_the_end(log, random_episode, action):
    """After the end an action of any kind is an error that says how it ended."""
    episode = random_episode("workflow/easy", 1, log)
    stored = log.find(episode.id)
    how = rf"episode {episode.id}: .* after the end \({stored.ended}: {stored.reason}\)"
    with pytest.raises(EpisodeOver, match=how):
        episode.step(action)
    assert log.find(episode.id) == stored
    assert episode.events.digest == stored.digest


def test_what_is_no_action_is_no_step(log):
    """An invalid action appends nothing, and the next valid one goes on as if it never came."""
    episode = Episode.start(EASY, log=log)
    before = (episode.state, episode.events.digest, log.find(episode.id))
    with pytest.raises(InvalidAction, match="Invalid enum value 'nap'"):
        episode.step({"action_type": "nap"})
    assert (episode.state, episode.events.digest, log.find(episode.id)) == before
    assert episode.step(WAIT).events[-1].step == 0


def test_a_refused_append_leaves_the_episode_as_it_was(log):
    """Where the log refuses a step, the episode in memory is where it was before it."""
    episode = Episode.start(EASY, log=log)
    episode.step(WAIT)
    with EventLog(log.path) as other:
        events = episode.family.decide(episode.state, episode.family.wait)
        other.append(other.tail(episode.id), [encode(event) for event in events])
        stored = other.find(episode.id)
    before = (episode.state, episode.observation, episode.events.digest, episode.over)
    for _ in range(2):
        with pytest.raises(StaleWriter, match="read the episode again"):
            episode.step(WAIT)
    assert (episode.state, episode.observation, episode.events.digest, episode.over) == before
    assert log.find(episode.id) == stored


def test_without_a_log_an_episode_lives_in_memory(random_episode, tmp_path):
    """An episode needs no file; its events are those that a log would hold."""
    with EventLog(tmp_path / "log.db") as log:
        kept = random_episode("workflow/expert", 2, log).events
    assert random_episode("workflow/expert", 2).events.digest == kept.digest


def test_an_episode_begins_with_its_scenario_and_seed():
    """The first event holds the whole scenario; the seed is the one asked for, or its own."""
    for seed, expected in ((None, EASY.seed), (0, 0), (2**63 - 1, 2**63 - 1)):
        started = Episode.start(EASY, seed=seed).events.started
        assert bytes(started.scenario) == EASY.body
        assert started.seed == expected


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, float("nan"), True, "7"])
def test_a_seed_is_a_whole_number_within_bounds(log, seed):
    """Anything else is one clear error, and nothing is recorded."""
    with pytest.raises(RefoldError, match=rf"seed: expected .*, got {re.escape(repr(seed))}"):
        Episode.start(EASY, log=log, seed=seed)
    assert log.count() == 0


@pytest.mark.parametrize("id", ["a", "7", "A-b_c.d", "lasting", "x" * 64])
def test_an_id_may_be_chosen(log, id):
    """Letters, digits, dot, dash and underscore, 64 at most, are found again in the log."""
    assert Episode.start(MAIL, log=log, id=id).id == log.find(id).id == id


@pytest.mark.parametrize("id", ["", "last", "x" * 65, "a b", "a\n", "-a", ".a", "é", "a/b", "a%"])
def test_an_id_that_would_confuse_is_refused(log, id):
    """What could be taken for an option, a path or ``last`` is no id; nothing is recorded."""
    with pytest.raises(RefoldError, match=f"episode id: expected .* got {re.escape(repr(id))}"):
        Episode.start(MAIL, log=log, id=id)
    assert log.count() == 0


def test_ids_are_drawn_afresh():
    """Without a name each episode gets another one, 16 hex digits."""
    ids = {Episode.start(MAIL).id for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", id) for id in ids)


def test_inputs_given_with_an_action_change_the_state_before_the_rules_decide():
    """A seed given with each action holds for that very step, as `verify` re-runs it."""
    hard = load("workflow/hard")
    workers = tuple(evolve(each, reliability=0.5) for each in hard.parameters.workers)
    scenario = evolve(hard, parameters=evolve(hard.parameters, workers=workers))
    episode = Episode.start(scenario)
    play = make_policy("greedy", episode.family, seed=0)
    for seed in range(100):
        if not episode.over:
            action = play(episode.observation, lambda: episode.legal_actions)
            episode.step(action, Reseeded(seed))
    assert verify(episode.events) is None


class Weighed(Event, frozen=True):
    """An event of a family that forgot to turn a count into a float."""

    grams: float
    bins: dict[str, float]


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (
            Weighed(-1, {}),
            r"event weighed: expected -1\.0, got -1 - at `\$\.grams`; fix the family",
        ),
        (Weighed(0.5, {"left": 0.5, "x": 2}), r"expected 2\.0, got 2 - at `\$\.bins\.x`"),
        (Weighed(float("nan"), {}), r"Expected `float`, got `null` - at `\$\.grams`"),
    ],
    ids=["integer", "nested", "nan"],
)
def test_an_event_that_would_read_back_as_another_is_refused(tmp_path, event, problem):
    """Nothing is appended that would not read back to the byte; the field is named."""
    inbox = find_family("inbox", 1)
    family = evolve(
        inbox,
        name="scales",
        events=(*inbox.events, Weighed),
        reducer={**inbox.reducer, Weighed: lambda state, event: state},
        decide=lambda state, action: [event, *inbox.decide(state, action)],
        say=say_shared,
    )
    with EventLog(tmp_path / "log.db") as log:
        started = Episode.start(MAIL, log=log)
        episode = Episode(
            started.id,
            started.events,
            started.events.payloads,
            codec=Codec(family),
            log=log,
            tail=log.tail(started.id),
        )
        with pytest.raises(UnstorableEvent, match=problem) as error:
            episode.step({"type": "archive"})
        assert error.value.event == "weighed"
        assert log.events(started.id).digest == started.events.digest


def steps_of(path, id):
    """Return how many whole steps of an episode are stored, as another reader sees them."""
    with EventLog(path, readonly=True) as log:
        return log.find(id).steps


@pytest.mark.parametrize("scenario", ["workflow/hard", "inbox/easy", "workflow/easy@2"])
def test_steps_in_one_transaction_are_stored_as_those_one_by_one(tmp_path, scenario):
    """The same bytes and digest, but seen by others only at the end."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        singly, together = (Episode.start(load(scenario), log=log) for _ in range(2))
        policy = make_policy("random", singly.family, seed=5)
        actions = []
        while not singly.over:
            actions.append(policy(singly.observation, lambda: singly.legal_actions))
            singly.step(actions[-1])
        with together.in_one_transaction():
            for number, action in enumerate(actions, 1):
                together.step(action)
                assert steps_of(path, together.id) == 0
                assert together.events.digest == singly.events.prefix(len(together.events)).digest
                assert len(step_ranges(together.events)) == number + 1
        assert log.events(together.id).payloads == singly.events.payloads
        assert log.find(together.id).digest == log.find(singly.id).digest
        assert log.find(together.id).ended_at is not None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_interrupts_a_transaction_loses_no_step(tmp_path, error):
    """Whole steps taken before an error are stored, and the episode goes on from there."""
    path = tmp_path / "log.db"
    with EventLog(path) as log:
        episode = Episode.start(EASY, log=log)

        def interrupted():
            with episode.in_one_transaction():
                episode.step(WAIT)
                episode.step(WAIT)
                raise error

        with pytest.raises(error):
            interrupted()
        assert steps_of(path, episode.id) == 2
        episode.step(WAIT)
        assert steps_of(path, episode.id) == 3
        assert log.events(episode.id).digest == episode.events.digest


def test_a_transaction_of_nothing_writes_nothing(tmp_path):
    """An episode that has ended can be looked at in one, and remarks are still taken."""
    with EventLog(tmp_path / "log.db") as log:
        episode = Episode.start(EASY, log=log)
        episode.truncate("enough")
        digest = log.find(episode.id).digest
        with episode.in_one_transaction():
            assert episode.over
        assert log.find(episode.id).digest == digest


def test_a_stale_transaction_stores_nothing(tmp_path):
    """Another writer's steps in between are kept, and the whole of the transaction refused."""
    with EventLog(tmp_path / "log.db") as log:
        episode = Episode.start(EASY, log=log)
        other = Episode.resume(log, episode.id)

        def overtaken():
            with episode.in_one_transaction():
                episode.step(WAIT)
                other.step(WAIT)
                episode.step(WAIT)

        with pytest.raises(StaleWriter, match="read the episode again"):
            overtaken()
        assert log.events(episode.id).digest == other.events.digest


def test_rules_may_return_events_alone(tmp_path):
    """Without the state after them, the events are folded."""
    inbox = find_family("inbox", 1)
    plain = evolve(inbox, decide=lambda state, action: list(inbox.decide(state, action)))
    started = Episode.start(MAIL)
    given = (started.id, started.events, started.events.payloads)
    episode = Episode(*given, codec=Codec(plain), log=None, tail=None)
    while not started.over:
        started.step({"type": "archive"})
        episode.step({"type": "archive"})
        assert episode.state == started.state
